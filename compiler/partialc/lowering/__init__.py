"""Passes over the IR, each `Function -> Function`, each one file."""

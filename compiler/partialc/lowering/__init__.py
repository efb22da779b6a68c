"""Passes: each takes a function and gives one that computes the same, simpler."""

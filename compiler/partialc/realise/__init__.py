"""Chains of jvp and vjp as data, and what they compute as programs."""

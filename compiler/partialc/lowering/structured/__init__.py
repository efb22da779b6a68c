"""Structured tangents: a linear program as sums of terms, and these as arrays."""

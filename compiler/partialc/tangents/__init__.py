"""Structured tangents: linear values as sums of terms with static index maps."""

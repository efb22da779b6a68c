"""Printing an IR function as readable `jax.numpy` source."""

"""The ways in which one computes derivatives with JAX by hand, a file each."""

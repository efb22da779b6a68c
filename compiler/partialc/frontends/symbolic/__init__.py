"""SymPy expressions as JAX source text."""

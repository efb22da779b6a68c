"""A compiler for partial derivatives: name the ones you need, vendor the JAX code."""

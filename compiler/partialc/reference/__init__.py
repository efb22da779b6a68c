"""What a kernel must equal, as text: full derivatives by JAX, then indexed."""

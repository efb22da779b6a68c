"""A function's own source text, made self-contained, for the module to carry."""

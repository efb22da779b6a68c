"""The proof that stands beside every generated module: its test file."""

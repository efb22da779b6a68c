"""From what the user names (a callable, SymPy expressions) to a traced function."""

"""The thin intermediate representation: typed values, equations, functions."""

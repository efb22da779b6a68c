"""The request language as data; `str(request)` is its canonical text."""

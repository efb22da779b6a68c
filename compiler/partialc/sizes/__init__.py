"""One module for every n: built at some sizes, its texts unified."""

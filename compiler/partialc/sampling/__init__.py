"""Where a function is sampled: its domain, and points that are hard on numbers."""

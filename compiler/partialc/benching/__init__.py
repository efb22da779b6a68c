"""Times kernels against what a person would write by hand, and shows the ratios."""

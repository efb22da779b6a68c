"""How right the kernels of a formula are, beside what they replace."""

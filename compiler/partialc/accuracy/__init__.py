"""Whether written-out kernels are as right as what they replace."""

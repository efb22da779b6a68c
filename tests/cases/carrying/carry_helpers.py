"""Helpers of the corpus, imported in several ways."""

import numpy
from jax import numpy as np

# the gas constant, J/(mol K)
R = 8.314  # exact enough
WEIGHTS = numpy.array([1.0, 2.0, 3.0]) * R
_scale = 2 * np.pi


def weighted(x, n=3):
    """A weighted sum of sines."""
    total = 0.0
    for i in range(n):
        total = total + np.sin(x) * WEIGHTS[i]  # weighted
    return total / _scale

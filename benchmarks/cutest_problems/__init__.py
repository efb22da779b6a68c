"""CUTEst's unconstrained and bounded problems: found, built, judged, told."""

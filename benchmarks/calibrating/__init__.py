"""What plans cost, measured and fitted."""

"""Programs as scalar terms: one node per element that is needed, nothing twice."""

"""Taylor series through whole programs: many high-order partials in one pass."""

"""From a chosen plan to source text a person would be glad to review."""

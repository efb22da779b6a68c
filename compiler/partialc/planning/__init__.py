"""Which chain of derivatives to use: candidates, their cost, the choice."""

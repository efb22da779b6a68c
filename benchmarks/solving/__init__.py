"""Whole solves, each with derivatives from several sources."""

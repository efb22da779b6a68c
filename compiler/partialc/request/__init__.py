"""What is asked for: the request language, its canonical form, its validation."""

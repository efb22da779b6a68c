"""What is known of the elements of each value, and which of them are needed."""

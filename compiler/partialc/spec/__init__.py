"""What the user wrote: the spec file and its options, validated."""

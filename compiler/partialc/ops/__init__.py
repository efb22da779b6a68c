"""What partialc knows of each primitive: one row or one file each, all rules together."""

"""Files on disk: the lock, what differs from a build, and how a build is written."""

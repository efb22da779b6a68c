"""Why a source text is not carried."""

from __future__ import annotations


class RefusalError(Exception):
    """The source cannot be carried; the message says why, in one sentence."""

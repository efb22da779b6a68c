"""Near misses: what a person may have meant by a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A question that names up to three close matches; None when nothing is close."""
    candidates = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(name.lower(), candidates, n=3, cutoff=0.6)
    if not close:
        return None
    return f"did you mean {alternatives(candidates[match] for match in close)}?"


def alternatives(names: Iterable[str]) -> str:
    """`a`, `b` or `c`, each quoted."""
    quoted = [f"`{name}`" for name in names]
    return " or ".join(filter(None, [", ".join(quoted[:-1]), *quoted[-1:]]))

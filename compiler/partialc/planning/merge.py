"""Letting the parts of one kernel share paths, so that nothing is computed twice.

Three rewrites, each of which keeps what every read delivers:

1. the one-hot pushes of a path are ordered so that paths begin alike (their prefix is
   then written once);
2. paths that differ only in their outputs, or only in the leaves they pull, become one;
3. a path whose pushes are among those of another is dropped: `jax.jvp` returns primal
   and tangent, so the longer path delivers it on the way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from partialc.realise.chain import Element, Path, Pull, Push, Read

Move = Callable[[Element], Element]


def merge(reads: Sequence[Read], *, commute: bool) -> tuple[Read, ...]:
    """Rewrite the reads of a kernel so that they come from as few paths as possible.

    Args:
        reads: One per part, from paths of their own.
        commute: Whether mixed partials may be taken in any order.
    """
    merged = tuple(reads)
    if commute:
        merged = _apply(merged, _align(_paths(merged)))
    merged = _apply(merged, _unite(_paths(merged)))
    return _apply(merged, _absorb(_paths(merged), commute=commute))


def _paths(reads: Sequence[Read]) -> list[Path]:
    return list(dict.fromkeys(path for read in reads for path in read.paths))


def _apply(reads: Sequence[Read], moves: dict[Path, Move]) -> tuple[Read, ...]:
    return tuple(
        replace(
            read,
            pieces=tuple(
                (moves[element.path](element), views) for element, views in read.pieces
            ),
        )
        for read in reads
    )


def _align(paths: Sequence[Path]) -> dict[Path, Move]:
    """Rule 1: the one-hots that most paths have come first (innermost)."""
    frequency: Counter[Push] = Counter(
        push
        for path in paths
        if not path.zipped
        for push in set(path.pushes)
        if push.element is not None
    )

    def rank(numbered: tuple[int, Push]) -> tuple[int, object]:
        _, push = numbered
        return (-frequency[push], push.element)

    moves: dict[Path, Move] = {}
    for path in paths:
        numbered = list(enumerate(path.pushes))
        singles = [each for each in numbered if each[1].element is not None]
        others = [each for each in numbered if each[1].element is None]
        if path.zipped or not singles:
            moves[path] = _identity
            continue
        order = [number for number, _ in (*sorted(singles, key=rank), *others)]
        moves[path] = _reordered(path, order)
    return moves


def _identity(element: Element) -> Element:
    return element


def _reordered(path: Path, order: Sequence[int]) -> Move:
    target = replace(path, pushes=tuple(path.pushes[number] for number in order))
    place = {old: new for new, old in enumerate(order)}

    def move(element: Element) -> Element:
        pushed = tuple(sorted(place[number] for number in element.pushed))
        return replace(element, path=target, pushed=pushed)

    return move


def _unite(paths: Sequence[Path]) -> dict[Path, Move]:
    """Rule 2: outputs of paths without a pull, leaves of paths with one."""
    groups: dict[object, list[Path]] = {}
    for path in paths:
        if path.pull is None:
            key: object = (None, path.pushes, path.zipped)
        else:
            key = (path.outputs, path.pull.seed, path.pushes, path.zipped)
        groups.setdefault(key, []).append(path)
    moves: dict[Path, Move] = {}
    for members in groups.values():
        first = members[0]
        outputs = tuple(dict.fromkeys(out for path in members for out in path.outputs))
        pull = first.pull
        if pull is not None:
            outputs = first.outputs
            leaves = {
                leaf for path in members if path.pull for leaf in path.pull.leaves
            }
            pull = Pull(tuple(sorted(leaves)), pull.seed)
        target = replace(first, outputs=outputs, pull=pull)
        for path in members:
            moves[path] = _onto(target)
    return moves


def _onto(target: Path, places: Sequence[int] | None = None) -> Move:
    def move(element: Element) -> Element:
        pushed = element.pushed
        if places is not None:
            pushed = tuple(sorted(places[number] for number in pushed))
        return replace(element, path=target, pushed=pushed)

    return move


def _absorb(paths: Sequence[Path], *, commute: bool) -> dict[Path, Move]:
    """Rule 3: shorter paths ride on longer ones; the first that serves is taken."""
    by_length = sorted(
        paths, key=lambda path: -(len(path.pushes) + (path.pull is not None))
    )
    kept: list[Path] = []
    moves: dict[Path, Move] = {}
    for path in by_length:
        for host in kept:
            places = _embedding(path, host, commute=commute)
            if places is not None:
                moves[path] = _onto(host, places)
                break
        else:
            kept.append(path)
            moves[path] = _identity
    return moves


def _embedding(path: Path, host: Path, *, commute: bool) -> list[int] | None:
    """For each push of `path` its place in `host`; None if `host` cannot serve it."""
    if path.zipped or host.zipped or not set(path.outputs) <= set(host.outputs):
        return None
    if host.pull is not None and host.pull.seed == "given" and len(host.outputs) > 1:
        return None  # its outputs come as one tree, weighed by one cotangent
    if path.pull is not None and (
        host.pull is None
        or host.pull.seed != path.pull.seed
        or not set(path.pull.leaves) <= set(host.pull.leaves)
    ):
        return None
    places: list[int] = []
    for push in path.pushes:
        ordered = not commute or push.has_axis
        start = max(places, default=-1) + 1 if ordered else 0
        for place in range(start, len(host.pushes)):
            if host.pushes[place] == push and place not in places:
                places.append(place)
                break
        else:
            return None
    return places

"""Which combinations of the parts' options are written, traced and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from partialc.planning.family import Family, Option
from partialc.realise.chain import Path, Push, Read

MAX_SINGLES: Final = 40
"""More options than this over all parts are not counted one by one, only together."""

MAX_PUSHED: Final = 4
"""So many directions to push one gradient along are tried."""


def proposals(
    choices: Sequence[tuple[Option, ...]], weigh: Callable[[Option], float]
) -> list[tuple[str, tuple[Read, ...]]]:
    """Combinations of options that are worth counting.

    One family throughout, gradients that are pushed on, and the best of each part.

    Args:
        choices: The options of each part.
        weigh: The weight of an option on its own; infinite when JAX refuses it.

    Returns:
        Titles, and one read per part.
    """
    families = list(dict.fromkeys(option.family for part in choices for option in part))
    found: list[tuple[str, tuple[Read, ...]]] = []
    if len(choices) == 1:
        (part,) = choices
        return [(option.family.value, (option.read,)) for option in part]
    for family in families:
        if family in (Family.VALUE, Family.PRODUCT) and len(families) > 1:
            continue
        reads = tuple(_preferred(part, family).read for part in choices)
        found.append((f"mostly {family.value}", reads))
    found += _pushed_gradients(choices)
    if 1 < sum(map(len, choices)) <= MAX_SINGLES:
        reads = tuple(min(part, key=weigh).read for part in choices)
        found.append(("the best of each part", reads))
    return found


def _pushed_gradients(
    choices: Sequence[tuple[Option, ...]],
) -> list[tuple[str, tuple[Read, ...]]]:
    """One gradient, pushed along what most parts have in common.

    `jax.jvp` of a gradient returns the gradient too, and both come with all their
    entries: pushed along `x` it serves `u`, `u_t`, `u_x`, `u_xx` and `u_xt`. Each part
    is read from there where it can be; these reads then merge into one path.
    """
    served: Counter[tuple[Push, ...]] = Counter()
    for part in choices:
        served.update({path.pushes for option in part for path in _pulled(option)})
    proposals = []
    common = sorted(served, key=lambda pushes: (-served[pushes], repr(pushes)))
    for pushes in [each for each in common if each][:MAX_PUSHED]:
        if served[pushes] > 1:
            reads = tuple(_served_by(part, pushes).read for part in choices)
            proposals.append(("a gradient, pushed", reads))
    return proposals


def _pulled(option: Option) -> list[Path]:
    """The path of an option that is one pushed gradient; none if it is not."""
    paths = list(option.read.paths)
    single = len(paths) == 1 and paths[0].pull is not None and not paths[0].zipped
    return paths if single else []


def _served_by(part: Sequence[Option], pushes: tuple[Push, ...]) -> Option:
    """The option that a gradient pushed along `pushes` delivers on its way."""
    for option in part:
        if option.family is Family.VALUE:
            return option
        for path in _pulled(option):
            if not Counter(path.pushes) - Counter(pushes):
                return option
    return _preferred(part, Family.REVERSE)


_RELATED: Final[Mapping[Family, tuple[Family, ...]]] = {
    Family.NEST: (Family.NEST, Family.FORWARD, Family.ZIPPED),
    Family.FORWARD: (Family.FORWARD, Family.NEST, Family.DENSE_FORWARD),
    Family.REVERSE: (Family.REVERSE, Family.MIXED, Family.ROWS, Family.DENSE_MIXED),
    Family.MIXED: (Family.MIXED, Family.REVERSE, Family.ROWS, Family.DENSE_MIXED),
    Family.ZIPPED: (Family.ZIPPED, Family.NEST, Family.FORWARD),
    Family.ROWS: (Family.ROWS, Family.MIXED, Family.REVERSE),
    Family.DENSE_FORWARD: (Family.DENSE_FORWARD, Family.FORWARD, Family.NEST),
    Family.DENSE_MIXED: (Family.DENSE_MIXED, Family.MIXED, Family.REVERSE),
}
"""For each family, what comes closest to it for a part that does not offer it."""


def _preferred(part: Sequence[Option], family: Family) -> Option:
    for wanted in _RELATED.get(family, (family,)):
        for option in part:
            if option.family is wanted:
                return option
    return part[0]

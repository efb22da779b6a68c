"""The ways one part of a request can be delivered."""

from __future__ import annotations

from collections.abc import Sequence

from partialc.planning.dense import Alike, dense_options, no_two
from partialc.planning.entries import entry_options
from partialc.planning.family import Family, Option
from partialc.realise.chain import Along, Element, Path, Pull, Read
from partialc.request.resolved import Block, Coordinates, Entries, Product
from partialc.request.signature import Signature


def options(
    part: Block | Product,
    signature: Signature,
    *,
    commute: bool,
    cotangent: Sequence[Coordinates] = (),
    alike: Alike = no_two,
) -> tuple[Option, ...]:
    """Every option for one part, at least one, in a fixed order.

    Args:
        part: What is wanted.
        signature: The function's signature.
        commute: Whether mixed partials may be taken in any order.
        cotangent: The outputs that the kernel's `out_cotangent` weighs.
        alike: Whether two elements may be exchanged.
    """
    if isinstance(part, Product):
        return (_product(part, cotangent),)
    if not part.axes:
        path = Path((part.output,))
        element = Element(path, None, (), part.output)
        return (Option(Family.VALUE, Read(((element, ()),))),)
    if isinstance(part.layout, Entries):
        return tuple(entry_options(part, part.layout, signature, commute=commute))
    axes = [axis[0] for axis in part.axes]
    return tuple(
        dense_options(part.output, axes, signature, commute=commute, alike=alike)
    )


def _product(part: Product, cotangent: Sequence[Coordinates]) -> Option:
    match part.kind:
        case "jvp":
            pushes = tuple(Along(part.directions, end) for end in part.steps)
            path = Path((part.output,), None, pushes)
            element = Element(path, None, tuple(range(len(pushes))), part.output)
        case "hvp":
            leaf = _leaf(part)
            path = Path((part.output,), Pull((leaf,), "one"), (Along(part.directions),))
            element = Element(path, leaf, (0,), part.output)
        case "vjp":
            leaf = _leaf(part)
            path = Path(tuple(cotangent), Pull((leaf,), "given"))
            element = Element(path, leaf, (), part.output)
    return Option(Family.PRODUCT, Read(((element, ()),)))


def _leaf(part: Product) -> int:
    if part.leaf is None:
        raise ValueError(f"a {part.kind} names the leaf it returns")
    return part.leaf

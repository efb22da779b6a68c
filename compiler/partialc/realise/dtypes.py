"""Which element type a derivative has, whatever mode of JAX it comes from.

A jvp has the element type of the result, a vjp that of the argument. They differ where
a function converts (a float64 constant under x64, a `float32` argument summed up in
`float64`), and then a kernel must not show which mode planning has chosen: every
derivative has the type of the result it is a derivative of; a vjp, which has as many
results as it likes, that of its argument, as `jax.vjp` gives it.
"""

from __future__ import annotations

from partialc.ir.dtypes import DEFAULT_FLOAT, FLOAT, DType
from partialc.realise.chain import Read
from partialc.realise.units import reach
from partialc.request.resolved import Block, Product, selections
from partialc.request.signature import Signature


def part_dtype(part: Block | Product, signature: Signature) -> DType:
    """The element type of one part of a kernel's result."""
    if isinstance(part, Product) and part.kind == "vjp":
        assert part.leaf is not None  # a vjp names the leaf it returns
        return signature.leaves[part.leaf][1].type.dtype
    return signature.result.leaves[selections(part.output)[0].leaf].type.dtype


def involved_dtypes(part: Block | Product, signature: Signature) -> set[DType]:
    """The element types that JAX's modes might give it, and those it is computed in."""
    if isinstance(part, Product):
        inputs = {*part.directions, *(() if part.leaf is None else (part.leaf,))}
        outputs = {part.output.leaf, *(each.leaf for each in part.outputs)}
    else:
        inputs = {each.leaf for axis in part.axes for each in axis}
        outputs = {each.leaf for each in selections(part.output)}
    found = {signature.leaves[leaf][1].type.dtype for leaf in inputs}
    return found | {signature.result.leaves[leaf].type.dtype for leaf in outputs}


def is_converted(part: Block | Product, read: Read, signature: Signature) -> bool:
    """Whether what a chain delivers for a part has to be converted.

    Only reverse mode gives another type than that of the result: what it pulls back has
    the type of the argument.
    """
    wanted = part_dtype(part, signature)
    pulled = [element.pulled for element, _ in read.pieces]
    return any(
        leaf is not None and signature.leaves[leaf][1].type.dtype != wanted
        for leaf in pulled
    )


def dtype_text(dtype: DType, signature: Signature, call: str) -> str:
    """An expression, within a kernel, for the element type of a part of the result.

    Args:
        dtype: The type.
        signature: The function's signature; its arguments are at hand by their names.
        call: An expression for the array that has the type, computed anew.
    """
    if dtype.is_fixed:
        return f'"{dtype}"'
    if dtype == DEFAULT_FLOAT:
        return "float"
    if dtype == FLOAT:
        for argument, tree in signature.arguments.items():
            for position, leaf in enumerate(tree.leaves):
                if leaf.type.dtype == FLOAT:
                    return f"{reach(argument, leaf.path, position)}.dtype"
    return f"({call}).dtype"

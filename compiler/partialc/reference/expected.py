"""The reference of a kernel as the text of a function that a person can check.

Every derivative is taken of the whole function by JAX, in full, and then indexed:

    hessian_x = jax.hessian(reference)(x)
    return hessian_x[0, 1]

Where the full tensor is too large, the function is restricted to the requested elements
(`reference(x.at[0:3].add(d_x))`, differentiated at `d_x = 0`); where these are too many
as well, to some of them, and the kernel's result is cut to the same part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from partialc.realise.dtypes import involved_dtypes
from partialc.reference.blocks import Blocks
from partialc.reference.body import Body, Names
from partialc.reference.containers import Known, tree_text
from partialc.reference.derivatives import Policy
from partialc.reference.literals import index_text
from partialc.reference.matrices import Beyond, Values, beyond
from partialc.reference.products import Products
from partialc.request.combination import Combination, Result
from partialc.request.resolved import (
    Block,
    Field,
    Kernel,
    Matrix,
    Product,
    selections,
)


@dataclass(frozen=True, slots=True)
class Expected:
    """The text that says what a kernel must equal.

    Attributes:
        reference: A function `expected_KERNEL` of the kernel's arguments.
        part: A function `part_KERNEL` that cuts the kernel's result to what the
            reference gives; None when that is all of it.
        given: Arrays that are too long to be written, by the name they are called.
        is_sampled: Whether the reference gives only some of the elements.
        beyond: What of its sparse matrices must be zero.
    """

    reference: str
    part: str | None
    given: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    is_sampled: bool = False
    beyond: Beyond | None = None

    @property
    def matrices(self) -> str | None:
        """The function that `beyond` needs; None if there is none."""
        return None if self.beyond is None else self.beyond.text


@dataclass(frozen=True, slots=True)
class _Writer:
    """One kernel's reference in the making.

    Attributes:
        kernel: The kernel.
        blocks: Writes its blocks.
        products: Writes its products.
        known: Containers of the signature.
    """

    kernel: Kernel
    blocks: Blocks
    products: Products
    known: Sequence[Known]

    def field(self, field: Field) -> str:
        """The expression of one field."""
        if not isinstance(field.parts, Matrix):
            return tree_text(field.parts, self.part, self.known)
        text = Values(self.blocks, self.kernel, field, field.parts).text()
        self.blocks.leaf_number += 1
        return self.converted(field.parts.blocks[0], text)

    def combination(self, node: Combination) -> str:
        """The formula of a combination, over its derivatives in full."""
        names = self.blocks.names
        parts = [
            self.converted(part, self.blocks.term(part))
            if part.axes
            else self.blocks.term(part)
            for part in node.parts
        ]
        inputs = []
        for each in node.inputs:
            text = names.leaf(each.leaf)
            shape = names.signature.leaves[each.leaf][1].type.shape
            index = index_text(each.index, shape)
            inputs.append(f"{text}[{index}]" if index else text)
        given = {name: names.parameter(name) for name in node.given}
        self.blocks.leaf_number += 1
        return node.text(parts, inputs, given)

    def part(self, part: Result) -> str:
        """The expression of one leaf of the kernel's result."""
        if isinstance(part, Combination):
            return self.combination(part)
        if isinstance(part, Product):
            text = self.products.product(part)
        elif not part.axes:
            text = self.blocks.result(part.output)
        else:
            text = self.blocks.block(part)
        self.blocks.leaf_number += 1
        return self.converted(part, text)

    def converted(self, part: Block | Product, text: str) -> str:
        """With the element type of the result, where modes could give another one."""
        names = self.blocks.names
        if len(involved_dtypes(part, names.signature)) == 1:
            return text
        text = f"({text})" if " + " in text else text
        if isinstance(part, Product) and part.kind == "vjp":
            assert part.leaf is not None  # a vjp names the leaf it returns
            return f"{text}.astype({names.leaf(part.leaf)}.dtype)"
        if isinstance(part, Block) and not part.axes:
            return text
        output = self.blocks.result(selections(part.output)[0])
        return f"{text}.astype({output}.dtype)"


def expected_text(
    kernel: Kernel, names: Names, *, policy: Policy, work: int | None
) -> Expected:
    """The reference of one kernel.

    Args:
        kernel: What is to be proven.
        names: Identifiers of the arguments.
        policy: Which modes may be used; the caller tries them.
        work: Array elements that one evaluation of the function computes; None where
            full tensors are wanted whatever they take.
    """
    parameters = [
        *names.arguments.values(),
        *(names.parameter(direction.name) for direction in kernel.directions),
    ]
    blocks = Blocks(names, policy, work, Body(parameters))
    known = [
        Known(tree, f"jax.tree.structure({names.arguments[name]})")
        for name, tree in names.signature.arguments.items()
    ]
    known.append(Known(names.signature.result, f"jax.tree.structure({blocks.call()})"))
    writer = _Writer(kernel, blocks, Products(kernel, blocks), known)
    texts = [writer.field(item) for item in kernel.fields]
    result = texts[0]
    if kernel.bundled:
        result = f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"
    lines = [
        f"def expected_{kernel.name}({', '.join(parameters)}):",
        *(f"    {line}" if line else "" for line in blocks.body.lines),
        f"    return {result}",
    ]
    return Expected(
        "\n".join(lines),
        _part_text(kernel, blocks.cuts),
        blocks.body.given,
        bool(blocks.cuts),
        None if work is None else beyond(kernel, names, policy, work),
    )


def tensors_text(blocks: Iterable[Block], names: Names, *, policy: Policy) -> str:
    """What the reference of some blocks indexes, as the text of a function `tensors`.

    That is the function's own value, or full derivatives over whole arguments, whatever
    they take; blocks that run over several arguments at once are what they are. Of a
    weighted sum it is the derivatives of every output.

    Args:
        blocks: What is wanted.
        names: Identifiers of the arguments.
        policy: Which modes may be used; the caller tries them.
    """
    parameters = list(names.arguments.values())
    writer = Blocks(names, policy, None, Body(parameters))
    unweighted = (
        replace(block, output=output)
        for block in blocks
        for output in selections(block.output)
    )
    found = dict.fromkeys(map(writer.unindexed, unweighted))
    lines = [*writer.body.lines, f"return [{', '.join(found)}]"]
    indented = "\n".join(f"    {line}" if line else "" for line in lines)
    return f"def tensors({', '.join(parameters)}):\n{indented}"


def _part_text(
    kernel: Kernel, cuts: Mapping[int, tuple[tuple[int, ...], str]]
) -> str | None:
    held = [
        isinstance(field.parts, Matrix) and field.parts.format == "bcoo"
        for field in kernel.fields
    ]
    if not cuts and not any(held):
        return None
    lines = [f"def part_{kernel.name}(result):"]
    if any(held):
        bare = "[each.data if isinstance(each, BCOO) else each for each in result]"
        bare = f"tuple({bare})" if kernel.bundled else "result.data"
        lines.append('    """The values of a sparse matrix alone."""')
        if not cuts:
            return "\n".join([*lines, f"    return {bare}"])
        lines.append(f"    result = {bare}")
    else:
        lines.append(
            '    """The elements that the reference gives: all would be too many."""'
        )
    lines += [
        "    leaves, structure = jax.tree.flatten(result)",
    ]
    for number, (shape, cut) in cuts.items():
        lines += [
            f"    assert leaves[{number}].shape == {shape}",
            f"    leaves[{number}] = leaves[{number}]{cut}",
        ]
    return "\n".join([*lines, "    return structure.unflatten(leaves)"])

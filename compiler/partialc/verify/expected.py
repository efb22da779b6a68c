"""The reference of a kernel as the text of a function that a person can check.

Every derivative is taken of the whole function by JAX, in full, and then indexed:

    hessian_x = jax.hessian(reference)(x)
    return hessian_x[0, 1]

Where the full tensor is too large, the function is restricted to the requested elements
(`reference(x.at[0:3].add(d_x))`, differentiated at `d_x = 0`); where these are too many
as well, to some of them, and the kernel's result is cut to the same part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.errors import InternalError
from partialc.realise.dtypes import involved_dtypes
from partialc.realise.units import reach
from partialc.request.resolved import (
    Block,
    Coordinates,
    Dense,
    Entries,
    Kernel,
    Product,
)
from partialc.request.shapes import axis_size, block_shape, whole
from partialc.request.signature import Signature
from partialc.verify.body import Body, Names
from partialc.verify.containers import Known, tree_text
from partialc.verify.derivatives import Policy, is_affordable, nest_text
from partialc.verify.literals import (
    index_text,
    indices_text,
    positions_text,
)
from partialc.verify.restriction import Chosen, Restriction, Sample, choose

_ORDER_NAMES = {1: "jacobian", 2: "hessian"}


@dataclass(frozen=True, slots=True)
class Expected:
    """The text that says what a kernel must equal.

    Attributes:
        reference: A function `expected_KERNEL` of the kernel's arguments.
        part: A function `part_KERNEL` that cuts the kernel's result to what the
            reference gives; None when that is all of it.
    """

    reference: str
    part: str | None


@dataclass(slots=True)
class _Writer:
    """One kernel's reference in the making.

    Attributes:
        names: Identifiers of the arguments.
        kernel: What is to be proven.
        policy: Which modes may be used.
        work: Array elements that one evaluation of the function computes.
        body: The statements so far.
        cuts: For leaves of the result that are checked in part: how they are cut.
    """

    names: Names
    kernel: Kernel
    policy: Policy
    work: int
    body: Body
    cuts: dict[int, tuple[tuple[int, ...], str]] = field(default_factory=dict)
    leaf_number: int = 0

    @property
    def signature(self) -> Signature:
        return self.names.signature

    def part(self, part: Block | Product) -> str:
        """The expression of one leaf of the kernel's result."""
        if isinstance(part, Product):
            text = self.product(part)
        elif not part.axes:
            text = self.names.selected(self.call(), part.output)
        else:
            text = self.block(part)
        self.leaf_number += 1
        return self.converted(part, text)

    def converted(self, part: Block | Product, text: str) -> str:
        """With the element type of the result, where modes could give another one."""
        if len(involved_dtypes(part, self.signature)) == 1:
            return text
        text = f"({text})" if " + " in text else text
        if isinstance(part, Product) and part.kind == "vjp":
            assert part.leaf is not None  # a vjp names the leaf it returns
            return f"{text}.astype({self.names.leaf(part.leaf)}.dtype)"
        if isinstance(part, Block) and not part.axes:
            return text
        like = self.names.selected(self.call(), part.output)
        return f"{text}.astype({like}.dtype)"

    # --- the function ----------------------------------------------------------------

    def call(self, replaced: Mapping[str, str] | None = None) -> str:
        """The reference called, with some of its arguments replaced."""
        given = {**self.names.arguments, **(replaced or {})}
        return f"reference({', '.join(given.values())})"

    def function(self, output: Coordinates, chosen: Chosen | None = None) -> str:
        """The name of the function whose result is the selected output alone."""
        selected = self.names.selected(self.call(), output)
        if chosen is not None:
            selected = f"{selected}.ravel()[{positions_text(chosen)}]"
        if selected == self.call():
            return "reference"
        label = "_".join(filter(None, ("out", self.names.output_label(output))))
        return self.body.define(label, list(self.names.arguments.values()), selected)

    # --- blocks ----------------------------------------------------------------------

    def block(self, block: Block) -> str:
        tensor = self.whole(block)
        if tensor is not None:
            return tensor
        sizes = [axis_size(axis) for axis in block.axes]
        output = prod(block.output.shape)
        modes = self.policy.modes(output, sizes)
        listed = not isinstance(block.layout, Entries) or _is_listable(
            block.layout, sizes
        )
        if listed and is_affordable(modes, output, sizes, self.work):
            full = self.restricted(block)
            return self.laid_out(full, block, [*block.output.shape])
        return self.sampled(block)

    def whole(self, block: Block) -> str | None:
        """The full tensor over whole arguments, indexed; None if it is too large."""
        if any(len(axis) > 1 for axis in block.axes):
            return None
        if isinstance(block.layout, Entries) and not _is_listable(
            block.layout, [axis_size(axis) for axis in block.axes]
        ):
            return None
        arguments = [self.names.position(axis[0].leaf)[0] for axis in block.axes]
        trees = [self.signature.arguments[name] for name in arguments]
        if not all(
            leaf.type.dtype.is_inexact for tree in trees for leaf in tree.leaves
        ):
            return None
        sizes = [sum(leaf.type.size for leaf in tree.leaves) for tree in trees]
        output = prod(block.output.shape)
        modes = self.policy.modes(output, sizes)
        if not is_affordable(modes, output, sizes, self.work):
            return None
        order = list(self.names.arguments)
        nest = nest_text(
            self.function(block.output),
            modes,
            [order.index(argument) for argument in arguments],
        )
        label = self.names.output_label(block.output)
        base = _ORDER_NAMES.get(block.order, f"derivative{block.order}")
        name = "_".join(filter(None, (base, *dict.fromkeys(arguments), label)))
        shape = ""
        if all(tree.is_array for tree in trees):
            dims = [n for tree in trees for n in tree.leaves[0].type.shape]
            shape = f"shape {(*block.output.shape, *dims)}"
        given = ", ".join(self.names.arguments.values())
        full = self.body.assign(name, f"{nest}({given})", shape)
        places = []
        for axis in block.axes:
            _, leaf, position = self.names.position(axis[0].leaf)
            text = reach(full, leaf.path, position)
            if len(block.axes) > 1 and "jax.tree.leaves" in text:
                return None
            full = text
            places.append((axis[0], leaf.type.shape))
        entries = [_entries(c, shape) for c, shape in places]
        index = _join_index(entries, bool(block.output.shape))
        full = f"{full}[{index}]" if index else full
        dims = [n for axis in block.axes for n in axis[0].shape]
        return self.laid_out(full, block, [*block.output.shape], dims)

    def restricted(self, block: Block, sample: Sample | None = None) -> str:
        """The full tensor over the requested elements alone, or over some of them."""
        chosen = {} if sample is None else sample.positions
        restriction = Restriction(self.names, self.body, block.axes, chosen)
        outputs = None if sample is None else sample.outputs
        function = self.function(block.output, outputs)
        near = restriction.define(function)
        sizes = restriction.sizes
        output = prod(block.output.shape) if outputs is None else len(outputs)
        nest = nest_text(near, self.policy.modes(output, sizes), restriction.argnums)
        label = self.names.output_label(block.output)
        base = _ORDER_NAMES.get(block.order, f"derivative{block.order}")
        name = "_".join(filter(None, (base, *restriction.labels, label)))
        return self.body.assign(name, f"{nest}({', '.join(restriction.zeros)})")

    def laid_out(
        self,
        full: str,
        block: Block,
        output: Sequence[int],
        dims: Sequence[int] | None = None,
    ) -> str:
        """The tensor in the layout that was asked for.

        Args:
            full: An expression for the tensor, output axes first.
            block: What was asked for.
            output: The shape of the output.
            dims: The shape of the other axes, if they are not flattened yet.
        """
        if isinstance(block.layout, Dense):
            return full
        layout = block.layout
        sizes = [axis_size(axis) for axis in block.axes]
        lead = list(output) if layout.outputs is None else [prod(output)]
        if [*lead, *sizes] != [*output, *(dims if dims is not None else sizes)]:
            full = f"{full}.reshape({', '.join(map(str, [*lead, *sizes]))})"
        text = indices_text(layout.inputs, max(sizes, default=0))
        if text is None:
            raise InternalError("a list of entries is too long to be written")
        entries = self.body.assign("entries", text)
        if layout.outputs is not None:
            rows = self.body.assign("rows", positions_text(layout.outputs))
            full = f"{full}[({rows}, *{entries})]"
        else:
            full = f"{full}[(..., *{entries})]"
        shape = [*(output if layout.outputs is None else ()), *layout.shape]
        if layout.shape != (len(layout.inputs),):
            full = f"{full}.reshape({', '.join(map(str, shape))})"
        return full

    def sampled(self, block: Block) -> str:
        """Some elements of a block that is too large; the result is cut alike."""
        sample = choose(block, self.policy, self.work)
        full = self.restricted(block, sample)
        self.cuts[self.leaf_number] = (
            block_shape(block, self.signature),
            sample.cut_text(),
        )
        return sample.pick_text(full)

    # --- products --------------------------------------------------------------------

    def product(self, part: Product) -> str:
        match part.kind:
            case "jvp":
                return self.jvp(part)
            case "hvp":
                return self.hvp(part)
            case "vjp":
                return self.vjp(part)

    def _tensor(self, output: Coordinates, leaves: Sequence[int]) -> str | None:
        """The full tensor of an output over whole leaves; None if it is too large."""
        axes = tuple((self._whole(leaf),) for leaf in leaves)
        block = Block(output, axes)
        tensor = self.whole(block)
        if tensor is not None:
            return tensor
        sizes = [prod(axis[0].shape) for axis in axes]
        size = prod(output.shape)
        if not is_affordable(self.policy.modes(size, sizes), size, sizes, self.work):
            return None
        return self.restricted(block)

    def _whole(self, leaf: int) -> Coordinates:
        return whole(leaf, self.signature.leaves[leaf][1].type.shape)

    def jvp(self, part: Product) -> str:
        tensors = [self._tensor(part.output, [leaf]) for leaf in part.directions]
        if any(tensor is None for tensor in tensors):
            mode = "jacrev" if self.policy is Policy.REVERSE else "jacfwd"
            near = self._along(part, ())
            return f"jax.{mode}({near})({self._zero(part)})"
        return " + ".join(
            _contracted(
                str(tensor), self.names.leaf(leaf, "_tangent"), self._ndim(leaf)
            )
            for tensor, leaf in zip(tensors, part.directions, strict=True)
        )

    def hvp(self, part: Product) -> str:
        assert part.leaf is not None  # an hvp names the leaf it returns
        tensors = [
            self._tensor(part.output, [part.leaf, leaf]) for leaf in part.directions
        ]
        if any(tensor is None for tensor in tensors):
            inner, outer = self.policy.modes(prod(part.output.shape), [1 << 30, 1])
            near = self._along(part, (part.leaf,))
            zero = f"jnp.zeros_like({self.names.leaf(part.leaf)})"
            nest = nest_text(near, (inner, outer), (1, 0))
            return f"{nest}({self._zero(part)}, {zero})"
        return " + ".join(
            _contracted(
                str(tensor), self.names.leaf(leaf, "_tangent"), self._ndim(leaf)
            )
            for tensor, leaf in zip(tensors, part.directions, strict=True)
        )

    def vjp(self, part: Product) -> str:
        assert part.leaf is not None  # a vjp names the leaf it returns
        terms = []
        for output, cotangent in self._cotangents():
            tensor = self._tensor(output, [part.leaf])
            if tensor is None:
                tensor = self._weighted(part.leaf, output, cotangent)
                terms.append(tensor)
            else:
                axes = len(output.shape)
                terms.append(f"jnp.tensordot({cotangent}, {tensor}, {axes})")
        return " + ".join(terms)

    def _cotangents(self) -> list[tuple[Coordinates, str]]:
        """The outputs that the kernel's cotangent weighs, each with its weight."""
        for direction in self.kernel.directions:
            if direction.argument is None:
                name = self.names.parameter(direction.name)
                flat, _ = jax.tree_util.tree_flatten_with_path(direction.outputs)
                return [
                    (output, reach(name, path, number))
                    for number, (path, output) in enumerate(flat)
                ]
        raise InternalError(f"{self.kernel.name} has a vjp and no cotangent")

    def _weighted(self, leaf: int, output: Coordinates, cotangent: str) -> str:
        axis = (self._whole(leaf),)
        restriction = Restriction(self.names, self.body, (axis,), {})
        near = restriction.define(self.function(output))
        (parameter,) = restriction.parameters
        weighted = self.body.define(
            "weighted", [parameter], f"jnp.sum({cotangent} * {near}({parameter}))"
        )
        mode = "jacfwd" if self.policy is Policy.FORWARD else "jacrev"
        return f"jax.{mode}({weighted})({restriction.zeros[0]})"

    def _along(self, part: Product, also: Sequence[int]) -> str:
        """A function of a step along the tangents, and of changes of other leaves."""
        restriction = Restriction(
            self.names,
            self.body,
            tuple((self._whole(leaf),) for leaf in also),
            {},
            tuple(
                (leaf, f"step * {self.names.leaf(leaf, '_tangent')}")
                for leaf in part.directions
            ),
        )
        return restriction.define(self.function(part.output), ("step",))

    def _zero(self, part: Product) -> str:
        return f"jnp.zeros((), {self.names.leaf(part.directions[0])}.dtype)"

    def _ndim(self, leaf: int) -> int:
        return self.signature.leaves[leaf][1].type.ndim


def expected_text(
    kernel: Kernel, names: Names, *, policy: Policy, work: int
) -> Expected:
    """The reference of one kernel.

    Args:
        kernel: What is to be proven.
        names: Identifiers of the arguments.
        policy: Which modes may be used; the caller tries them.
        work: Array elements that one evaluation of the function computes.
    """
    parameters = [
        *names.arguments.values(),
        *(names.parameter(direction.name) for direction in kernel.directions),
    ]
    writer = _Writer(names, kernel, policy, work, Body(parameters))
    known = [
        Known(tree, f"jax.tree.structure({names.arguments[name]})")
        for name, tree in names.signature.arguments.items()
    ]
    known.append(Known(names.signature.result, f"jax.tree.structure({writer.call()})"))
    texts = [tree_text(item.parts, writer.part, known) for item in kernel.fields]
    result = texts[0]
    if kernel.bundled:
        result = f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"
    lines = [
        f"def expected_{kernel.name}({', '.join(parameters)}):",
        *(f"    {line}" if line else "" for line in writer.body.lines),
        f"    return {result}",
    ]
    return Expected("\n".join(lines), _part_text(kernel, writer.cuts))


def _part_text(
    kernel: Kernel, cuts: Mapping[int, tuple[tuple[int, ...], str]]
) -> str | None:
    if not cuts:
        return None
    lines = [
        f"def part_{kernel.name}(result):",
        '    """The elements that the reference gives: all would be too many."""',
        "    leaves, structure = jax.tree.flatten(result)",
    ]
    for number, (shape, cut) in cuts.items():
        lines += [
            f"    assert leaves[{number}].shape == {shape}",
            f"    leaves[{number}] = leaves[{number}]{cut}",
        ]
    return "\n".join([*lines, "    return structure.unflatten(leaves)"])


def _contracted(tensor: str, tangent: str, ndim: int) -> str:
    return f"jnp.tensordot({tensor}, {tangent}, {ndim})"


def _entries(coordinates: Coordinates, shape: Sequence[int]) -> list[str]:
    texts = []
    for entry, length in zip(coordinates.index, shape, strict=True):
        texts.append(index_text((entry,), (length,)) or ":")
    return texts


def _join_index(groups: Sequence[Sequence[str]], after_output: bool) -> str:
    entries = [text for group in groups for text in group]
    if all(text == ":" for text in entries):
        return ""
    if after_output:
        return ", ".join(["...", *entries])
    while entries[-1] == ":":
        entries.pop()
    return ", ".join(entries)


def _is_listable(layout: Any, sizes: Sequence[int]) -> bool:
    if not isinstance(layout, Entries):
        return True
    outputs: NDArray[np.int64] | None = layout.outputs
    rows_fit = outputs is None or _is_short(positions_text(outputs))
    return rows_fit and indices_text(layout.inputs, max(sizes, default=0)) is not None


def _is_short(text: str) -> bool:
    return len(text) < 1000

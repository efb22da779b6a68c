"""The text of blocks of derivatives: the full tensor, indexed, or a part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.errors import InternalError
from partialc.realise.units import reach
from partialc.reference.body import Body, Names
from partialc.reference.derivatives import Policy, is_affordable, nest_text
from partialc.reference.literals import index_text, indices_text, positions_text
from partialc.reference.restriction import Chosen, Restriction, Sample, choose
from partialc.request.resolved import (
    COTANGENT,
    Block,
    Coordinates,
    Dense,
    Entries,
    Output,
    WeightedSum,
)
from partialc.request.shapes import axis_shape, axis_size, block_shape
from partialc.request.signature import Signature

MOST_WHOLE: Final = 3
"""Of derivatives of higher order only the elements that are asked for are taken."""

_ORDER_NAMES = {1: "jacobian", 2: "hessian"}


@dataclass(slots=True)
class Blocks:
    """The blocks of one kernel's reference in the making.

    Attributes:
        names: Identifiers of the arguments.
        policy: Which modes may be used.
        work: Array elements that one evaluation of the function computes; None where
            full tensors are wanted whatever they take.
        body: The statements so far.
        cuts: For leaves of the result that are checked in part: how they are cut.
        leaf_number: The leaf of the result that is being written.
    """

    names: Names
    policy: Policy
    work: int | None
    body: Body
    cuts: dict[int, tuple[tuple[int, ...], str]] = field(default_factory=dict)
    leaf_number: int = 0

    @property
    def signature(self) -> Signature:
        """What the function takes and returns."""
        return self.names.signature

    def call(self, replaced: Mapping[str, str] | None = None) -> str:
        """The reference called, with some of its arguments replaced."""
        given = {**self.names.arguments, **(replaced or {})}
        return f"reference({', '.join(given.values())})"

    def result(self, output: Output) -> str:
        """An output of the function."""
        return self.names.selected(self.call(), output)

    def function(self, output: Output, chosen: Chosen | None = None) -> str:
        """The name of the function whose result is the selected output alone."""
        selected = self.names.selected(self.call(), output)
        if chosen is not None:
            if isinstance(output, WeightedSum):
                selected = f"({selected})"
            selected = f"{selected}.ravel()[{positions_text(chosen)}]"
        if selected == self.call():
            return "reference"
        label = "_".join(filter(None, ("out", self.names.output_label(output))))
        return self.body.define(label, list(self.names.arguments.values()), selected)

    def block(self, block: Block) -> str:
        """The expression of a block, in its layout; of some of it if it is large."""
        return self.exact(block) or self.sampled(block)

    def exact(self, block: Block) -> str | None:
        """The expression of all of a block; None if a full tensor is too large."""
        tensor = self.whole(block)
        if tensor is not None:
            return tensor
        sizes = [axis_size(axis) for axis in block.axes]
        output = prod(block.output.shape)
        modes = self.policy.modes(output, sizes)
        if self.is_listable(block) and is_affordable(modes, output, sizes, self.work):
            full = self.restricted(block)
            return self.laid_out(full, block, [*block.output.shape])
        return None

    def term(self, block: Block) -> str:
        """The expression of all of a block, whatever it takes: it is to be added up."""
        if not block.axes:
            return self.result(block.output)
        return self.exact(block) or self.one_by_one(block)

    def one_by_one(self, block: Block) -> str:
        """The entries of a block, each differentiated on its own, in a loop."""
        layout, (axis, *others) = block.layout, block.axes
        assert isinstance(layout, Entries), "a dense block of a sum is a scalar"
        assert all(other == axis for other in others), "it is along one axis"
        restriction = Restriction(self.names, self.body, block.axes, {})
        near = restriction.define(self.function(block.output))
        steps = [self.body.fresh(f"step_{number}") for number in range(block.order)]
        shape = axis_shape(axis)
        change = restriction.zeros[0]
        for number, step in enumerate(steps):
            place = f"at[{number}]"
            if len(shape) != 1:
                place = f"jnp.unravel_index({place}, {shape})"
            change += f".at[{place}].add({step})"
        modes = self.policy.modes(1, [1] * block.order)
        function = f"(lambda {', '.join(steps)}: {near}({change}))"
        nest = nest_text(function, modes, range(block.order))
        zero = f"jnp.zeros((), {self.names.leaf(axis[0].leaf)}.dtype)"
        entry = f"{nest}({', '.join([zero] * block.order)})"
        listed = _listed_text(layout.inputs, axis_size(axis))
        if layout.outputs is not None:
            entry = f"{entry}.ravel()[at[{block.order}]]"
            listed = f"(*{listed}, {positions_text(layout.outputs)})"
        name = self.body.define("entry", ["at"], entry)
        return f"jnp.moveaxis(jax.lax.map({name}, np.stack({listed}, 1)), 0, -1)"

    def unindexed(self, block: Block) -> str:
        """The full tensor of a block, or what stands for it, before it is indexed."""
        if not block.axes:
            return self.call()
        return self.tensor(block) or self.restricted(block)

    def contracted(self, block: Block) -> str | None:
        """The derivatives of all outputs, in full, times their weights, added up.

        Args:
            block: Dense derivatives of a weighted sum.

        Returns:
            An expression; None if the derivatives of some output are too large.
        """
        output = block.output
        assert isinstance(output, WeightedSum), "nothing else has weights"
        terms: dict[int, str] = {}
        sizes = [prod(each.shape) for each in output.outputs]
        for number in sorted(range(len(sizes)), key=lambda number: -sizes[number]):
            each = output.outputs[number]
            tensor = self.whole(replace(block, output=each))
            if tensor is None:  # if any, then the largest, and nothing is written yet
                return None
            weights = reach(COTANGENT, output.paths[number], number)
            terms[number] = f"jnp.tensordot({weights}, {tensor}, {len(each.shape)})"
        text = " + ".join(terms[number] for number in range(len(sizes)))
        return self.body.assign("weighted", text)

    def whole(self, block: Block) -> str | None:
        """The full tensor over whole arguments, indexed; None if it is too large."""
        if isinstance(block.layout, Entries) and not self.is_listable(block):
            return None
        dims = [n for axis in block.axes for n in axis[0].shape]
        if isinstance(block.output, WeightedSum):
            added = self.contracted(replace(block, layout=Dense()))
            if added is not None:
                return self.laid_out(added, block, [], dims)
        full = self.tensor(block)
        if full is None:
            return None
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
        return self.laid_out(full, block, [*block.output.shape], dims)

    def tensor(self, block: Block) -> str | None:
        """The name of the full tensor over whole arguments; None if it is too large."""
        if any(len(axis) > 1 for axis in block.axes):
            return None
        arguments = [self.names.position(axis[0].leaf)[0] for axis in block.axes]
        trees = [self.signature.arguments[name] for name in arguments]
        if not all(
            leaf.type.dtype.is_inexact for tree in trees for leaf in tree.leaves
        ):
            return None
        sizes = [sum(leaf.type.size for leaf in tree.leaves) for tree in trees]
        asked = [axis_size(axis) for axis in block.axes]
        is_deep = len(sizes) > MOST_WHOLE and self.work is not None
        if is_deep and prod(sizes) > prod(asked):
            return None
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
        return self.body.assign(name, f"{nest}({given})", shape)

    def restricted(self, block: Block, sample: Sample | None = None) -> str:
        """The full tensor over the requested elements alone, or over some of them."""
        chosen = {} if sample is None else sample.positions
        restriction = Restriction(self.names, self.body, block.axes, chosen)
        outputs = None if sample is None else sample.outputs
        function = self.function(block.output, outputs)
        near = restriction.define(function)
        sizes = restriction.sizes
        output = prod(block.output.shape) if outputs is None else len(outputs)
        nest = nest_text(
            near,
            self.policy.modes(output, sizes),
            restriction.argnums,
            are_scalars=(
                self.work is not None
                and block.order > MOST_WHOLE
                and restriction.are_scalars
            ),
        )
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
        if text is not None:
            entries = self.body.assign("entries", text)
        elif self.work is None:
            entries = self.body.hold("entries", layout.inputs.T)
        else:
            raise InternalError("a list of entries is too long to be written")
        if layout.outputs is not None:
            rows = self.body.assign("rows", positions_text(layout.outputs))
            full = f"{full}[({rows}, *{entries})]"
        else:
            full = f"{full}[(..., *{entries})]"
        shape = [*(output if layout.outputs is None else ()), *layout.shape]
        if layout.shape != (len(layout.inputs),):
            full = f"{full}.reshape({', '.join(map(str, shape))})"
        return full

    def is_listable(self, block: Block) -> bool:
        """Whether the entries of a block, if it has any, can be written."""
        sizes = [axis_size(axis) for axis in block.axes]
        return self.work is None or _is_listable(block.layout, sizes)

    def sampled(self, block: Block) -> str:
        """Some elements of a block that is too large; the result is cut alike."""
        sample = choose(block, self.policy, self.work)
        full = self.restricted(block, sample)
        self.cuts[self.leaf_number] = (
            block_shape(block, self.signature),
            sample.cut_text(),
        )
        return sample.pick_text(full)


def _listed_text(columns: NDArray[np.int64], length: int) -> str:
    """A list of multi-indices, whether or not there is a short text for it."""
    rows = columns.tolist()
    return indices_text(columns, length) or f"np.array({rows}).T"


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


def _is_listable(layout: object, sizes: Sequence[int]) -> bool:
    if not isinstance(layout, Entries):
        return True
    outputs: NDArray[np.int64] | None = layout.outputs
    rows_fit = outputs is None or _is_short(positions_text(outputs))
    return rows_fit and indices_text(layout.inputs, max(sizes, default=0)) is not None


def _is_short(text: str) -> bool:
    return len(text) < 1000

"""The text of products of derivatives with tangents and cotangents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import jax

from partialc.errors import InternalError
from partialc.realise.units import reach
from partialc.reference.blocks import MOST_WHOLE, Blocks
from partialc.reference.derivatives import Mode, Policy, is_affordable, nest_text
from partialc.reference.restriction import Restriction
from partialc.request.resolved import Block, Coordinates, Kernel, Product
from partialc.request.shapes import whole


@dataclass(frozen=True, slots=True)
class Products:
    """The products of one kernel's reference in the making.

    Attributes:
        kernel: What is to be proven.
        blocks: Writes the tensors that are multiplied.
    """

    kernel: Kernel
    blocks: Blocks

    def product(self, part: Product) -> str:
        """The expression of a product."""
        match part.kind:
            case "jvp":
                return self._jvp(part)
            case "hvp":
                return self._hvp(part)
            case "vjp":
                return self._vjp(part)

    def _tensor(self, output: Coordinates, leaves: Sequence[int]) -> str | None:
        """The full tensor of an output over whole leaves; None if it is too large."""
        axes = tuple((self._whole(leaf),) for leaf in leaves)
        block = Block(output, axes)
        tensor = self.blocks.whole(block)
        if tensor is not None:
            return tensor
        sizes = [prod(axis[0].shape) for axis in axes]
        size = prod(output.shape)
        if not is_affordable(
            self.blocks.policy.modes(size, sizes), size, sizes, self.blocks.work
        ):
            return None
        return self.blocks.restricted(block)

    def _whole(self, leaf: int) -> Coordinates:
        return whole(leaf, self.blocks.signature.leaves[leaf][1].type.shape)

    def _jvp(self, part: Product) -> str:
        order = len(part.steps)
        leaves = list(product(part.directions, repeat=order))
        tensors = [
            self._tensor(part.output, each) if order <= MOST_WHOLE else None
            for each in leaves
        ]
        if any(tensor is None for tensor in tensors):
            return self._by_steps(part)
        names = self.blocks.names
        terms = []
        for tensor, each in zip(tensors, leaves, strict=True):
            text = str(tensor)
            for leaf, end in reversed([*zip(each, part.steps, strict=True)]):
                tangent = names.leaf(leaf, f"_tangent{end}")
                text = f"jnp.tensordot({text}, {tangent}, {self._ndim(leaf)})"
            terms.append(text)
        return " + ".join(terms)

    def _by_steps(self, part: Product) -> str:
        """The derivatives along a step, or along one for each direction."""
        ends = list(dict.fromkeys(part.steps))
        near = self._along(part, (), ends)
        mode: Mode = "jacrev" if self.blocks.policy is Policy.REVERSE else "jacfwd"
        modes = [mode] * len(part.steps)
        nest = nest_text(near, modes, [ends.index(end) for end in part.steps])
        return f"{nest}({', '.join([self._zero(part)] * len(ends))})"

    def _hvp(self, part: Product) -> str:
        assert part.leaf is not None  # an hvp names the leaf it returns
        tensors = [
            self._tensor(part.output, [part.leaf, leaf]) for leaf in part.directions
        ]
        if any(tensor is None for tensor in tensors):
            inner, outer = self.blocks.policy.modes(
                prod(part.output.shape), [1 << 30, 1]
            )
            near = self._along(part, (part.leaf,))
            zero = f"jnp.zeros_like({self.blocks.names.leaf(part.leaf)})"
            nest = nest_text(near, (inner, outer), (1, 0))
            return f"{nest}({self._zero(part)}, {zero})"
        return self._along_tangents(tensors, part)

    def _along_tangents(self, tensors: Sequence[str | None], part: Product) -> str:
        """Tensors, each times the tangent of its direction, added."""
        return " + ".join(
            f"jnp.tensordot({tensor}, {self.blocks.names.leaf(leaf, '_tangent')}, "
            f"{self._ndim(leaf)})"
            for tensor, leaf in zip(tensors, part.directions, strict=True)
        )

    def _vjp(self, part: Product) -> str:
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
            if direction.is_cotangent:
                name = self.blocks.names.parameter(direction.name)
                flat, _ = jax.tree_util.tree_flatten_with_path(direction.outputs)
                return [
                    (output, reach(name, path, number))
                    for number, (path, output) in enumerate(flat)
                ]
        raise InternalError(f"{self.kernel.name} has a vjp and no cotangent")

    def _weighted(self, leaf: int, output: Coordinates, cotangent: str) -> str:
        axis = (self._whole(leaf),)
        restriction = Restriction(self.blocks.names, self.blocks.body, (axis,), {})
        near = restriction.define(self.blocks.function(output))
        (parameter,) = restriction.parameters
        weighted = self.blocks.body.define(
            "weighted", [parameter], f"jnp.sum({cotangent} * {near}({parameter}))"
        )
        mode = "jacfwd" if self.blocks.policy is Policy.FORWARD else "jacrev"
        return f"jax.{mode}({weighted})({restriction.zeros[0]})"

    def _along(
        self, part: Product, also: Sequence[int], ends: Sequence[str] = ("",)
    ) -> str:
        """A function of steps along the tangents, and of changes of other leaves."""
        restriction = Restriction(
            self.blocks.names,
            self.blocks.body,
            tuple((self._whole(leaf),) for leaf in also),
            {},
            tuple(
                (leaf, f"step{end} * {self.blocks.names.leaf(leaf, f'_tangent{end}')}")
                for end in ends
                for leaf in part.directions
            ),
        )
        steps = [f"step{end}" for end in ends]
        return restriction.define(self.blocks.function(part.output), steps)

    def _zero(self, part: Product) -> str:
        return f"jnp.zeros((), {self.blocks.names.leaf(part.directions[0])}.dtype)"

    def _ndim(self, leaf: int) -> int:
        return self.blocks.signature.leaves[leaf][1].type.ndim

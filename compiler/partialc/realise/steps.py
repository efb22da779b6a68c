"""Text for single steps: one tangent, or a basis of them, pushed through a function."""

from __future__ import annotations

from collections.abc import Sequence

from partialc.realise.chain import Along, Basis, OneHot, Push
from partialc.realise.places import Constants, basis_text, one_hot_text, tuple_text
from partialc.realise.primal_text import Primals
from partialc.realise.units import Unit
from partialc.request.resolved import Coordinates
from partialc.request.signature import Signature


class Steps:
    """Writes the calls of `jax.jvp` that a chain is made of."""

    def __init__(
        self, signature: Signature, primals: Primals, constants: Constants
    ) -> None:
        self.signature = signature
        self.primals = primals
        self.constants = constants

    def push(
        self, function: str, units: Sequence[Unit], push: Push, *, keep: bool
    ) -> str:
        """The call that pushes one tangent (or a basis of them) through a function."""
        moved = [unit for unit in units if set(unit.leaves) & set(push.leaves)]
        if not isinstance(push, Basis):
            seeds = [self.seed(push, unit) for unit in moved]
            call = self.jvp(function, units, moved, seeds)
            return call if keep else f"{call}[1]"
        unit = moved[0]
        if not keep and self.is_full(push, unit):
            argnums = f", argnums={list(units).index(unit)}" if units[0] != unit else ""
            arguments = ", ".join(each.name for each in units)
            return f"jax.jacfwd({function}{argnums})({arguments})"
        call = self.jvp(function, units, moved, ["seed"])
        tail, axes = ("", "(None, -1)") if keep else ("[1]", "-1")
        seeds_text = self.basis(push, unit)
        return f"jax.vmap(lambda seed: {call}{tail}, out_axes={axes})({seeds_text})"

    def is_full(self, push: Basis, unit: Unit) -> bool:
        """Whether a basis is that of a whole argument, as `jax.jacfwd` pushes it."""
        shape = self.signature.leaves[push.leaf][1].type.shape
        whole = tuple(slice(0, extent, 1) for extent in shape)
        selection = push.selection
        return (
            unit.whole
            and len(unit.leaves) == 1
            and isinstance(selection, Coordinates)
            and selection.index == whole
        )

    def seed(self, push: OneHot | Along, unit: Unit) -> str:
        """The tangent of one variable."""
        if isinstance(push, OneHot):
            return one_hot_text(push, unit.name)
        tangent = f"{unit.argument}_tangent{push.end}"
        if unit.whole:
            return tangent
        return self.primals.reach(tangent, unit)

    def jvp(
        self,
        function: str,
        units: Sequence[Unit],
        moved: Sequence[Unit],
        seeds: Sequence[str],
    ) -> str:
        """`jax.jvp` of a function in some of its variables, the others closed over."""
        inner = function
        if list(moved) != list(units):
            arguments = ", ".join(unit.name for unit in units)
            names = ", ".join(unit.name for unit in moved)
            inner = f"lambda {names}: {function}({arguments})"
        primals = tuple_text([unit.name for unit in moved])
        return f"jax.jvp({inner}, {primals}, {tuple_text(list(seeds))})"

    def basis(self, push: Basis, unit: Unit) -> str:
        """The seeds of a basis, along axis 0."""
        shape = self.signature.leaves[push.leaf][1].type.shape
        return basis_text(push, unit.name, shape, self.constants)

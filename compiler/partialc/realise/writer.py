"""A chain as Python statements: literal seeds, `jax.jvp`, `jax.grad`, and little else.

The same text is executed to trace and cost the chain at build time and printed into the
generated module, so what is chosen is what is shipped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import indent
from typing import TypeAlias

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.realise.chain import (
    Along,
    Basis,
    Chain,
    Element,
    OneHot,
    Path,
    Pull,
    Push,
)
from partialc.realise.naming import element_name, step_name
from partialc.realise.places import (
    Constants,
    basis_text,
    one_hot_text,
    tuple_text,
    view_text,
)
from partialc.realise.primal_text import Primals
from partialc.realise.units import Unit, find_units, leaf_expression, unit_of
from partialc.request.resolved import Coordinates, Direction
from partialc.request.signature import Signature

Key: TypeAlias = tuple[Path, "str | None", tuple[int, ...], Coordinates]
"""What a name in a pattern stands for: path, pulled unit, pushes, output."""

Pattern: TypeAlias = "Key | tuple[Pattern, ...]"


@dataclass(frozen=True, slots=True)
class ChainText:
    """The body of a chain kernel.

    Attributes:
        lines: Its statements, unindented.
        parts: One expression for each part of the kernel's result.
        whole: Expressions for values that hold all leaves of an argument at once, by
            the numbers of the parts they hold.
        helpers: The support functions it calls.
        constants: The module-level position arrays it refers to.
    """

    lines: tuple[str, ...]
    parts: tuple[str, ...]
    whole: Mapping[tuple[int, ...], str]
    helpers: frozenset[str]
    constants: Mapping[str, NDArray[np.int64]]


@dataclass
class _Node:
    """Paths that begin alike, as a trie over their pushes."""

    paths: list[Path] = field(default_factory=list)
    children: dict[Push, _Node] = field(default_factory=dict)


def write(
    chain: Chain,
    signature: Signature,
    function: str,
    *,
    taken: Collection[str],
    given: Mapping[str, NDArray[np.int64]],
) -> ChainText:
    """Write a chain as the body of a function of the kernel's arguments.

    Args:
        chain: What to write.
        signature: The signature of the function it differentiates.
        function: The name under which that function is called.
        taken: Names that may not be used for local variables.
        given: The position arrays the module defines for the kernel, by name.
    """
    return _Writer(chain, signature, function, taken, given).text()


class _Writer:
    """State of writing one chain."""

    def __init__(
        self,
        chain: Chain,
        signature: Signature,
        function: str,
        taken: Collection[str],
        given: Mapping[str, NDArray[np.int64]],
    ) -> None:
        self.chain = chain
        self.signature = signature
        self.taken = {*taken, *signature.arguments, function}
        self.taken.update(direction.name for direction in chain.kernel.directions)
        self.units = find_units(chain, signature, self.fresh)
        self.constants = Constants(chain.kernel.name.upper(), given)
        self.primals = Primals(signature, function, self.units, self.fresh)
        self.own = self.field_names()
        self.lines: list[str] = []
        self.names: dict[Key, str] = {}
        self.wanted = {
            self.key(element) for read in chain.reads for element, _ in read.pieces
        }

    def field_names(self) -> dict[Key, str]:
        """Fields that are read as they come out: their values take their names."""
        names: dict[Key, str] = {}
        number = 0
        for field in self.chain.kernel.fields:
            count = len(jax.tree.leaves(field.parts))
            read = self.chain.reads[number] if count else None
            number += count
            if read is None or count > 1 or len(read.pieces) > 1 or read.views:
                continue
            ((element, views),) = read.pieces
            if not views:
                names[self.key(element)] = field.name
        return names

    def fresh(self, wanted: str) -> str:
        """A name like `wanted` that nothing else has; it is taken from now on."""
        name, suffix = wanted, 2
        while name in self.taken:
            name, suffix = f"{wanted}_{suffix}", suffix + 1
        self.taken.add(name)
        return name

    def key(self, element: Element) -> Key:
        """The name-bearing value an element is (a leaf of)."""
        pulled = None
        if element.pulled is not None:
            pulled = unit_of(self.units, element.pulled).name
        return (element.path, pulled, element.pushed, element.output)

    def text(self) -> ChainText:
        """Write everything."""
        groups: dict[tuple[tuple[Coordinates, ...], Pull | None], list[Path]] = {}
        for path in self.chain.paths:
            groups.setdefault((path.outputs, path.pull), []).append(path)
        for (outputs, pull), paths in groups.items():
            self.group(outputs, pull, paths)
        parts = tuple(
            self.read_text(number) for number in range(len(self.chain.reads))
        )
        body = self.primals.preamble(self.units) + self.lines
        text = "\n".join((*body, *parts))
        helpers = {
            name for name in ("_one_hot", "_basis", "_with_leaves") if f"{name}(" in text
        }
        return ChainText(
            lines=tuple(body),
            parts=parts,
            whole=self.whole_trees(),
            helpers=frozenset(helpers),
            constants=self.constants.made,
        )

    def group(
        self, outputs: tuple[Coordinates, ...], pull: Pull | None, paths: list[Path]
    ) -> None:
        """All paths that share a primal and a pull."""
        active = {leaf for path in paths for push in path.pushes for leaf in push.leaves}
        active.update(pull.leaves if pull is not None else ())
        units = [unit for unit in self.units if active & set(unit.leaves)]
        cotangent = self.cotangent() if pull and pull.seed == "given" else None
        definition, primal = self.primals.define(outputs, units, cotangent)
        self.lines += definition
        if pull is not None and pull.seed == "given":
            self.given_pull(paths[0], pull, units, primal)
            return
        both = any(
            pulled is None and path in paths for path, pulled, *_ in self.wanted
        )
        base = self.base(pull, units, primal, both=both)
        trie = _Node()
        for path in paths:
            if path.zipped:
                self.zipped(path, units, base, pull, both=both)
                continue
            node = trie
            node.paths.append(path)
            for push in path.pushes:
                node = node.children.setdefault(push, _Node())
                node.paths.append(path)
        if trie.paths:
            self.node(trie, base, units, (), pull, both=both)

    def cotangent(self) -> Direction:
        """The kernel's cotangent argument."""
        return next(d for d in self.chain.kernel.directions if d.argument is None)

    def base(
        self, pull: Pull | None, units: Sequence[Unit], primal: str, *, both: bool
    ) -> str:
        """The function the pushes start from: an expression that can be called."""
        if pull is None:
            return primal
        pulled = [n for n, unit in enumerate(units) if set(unit.leaves) & set(pull.leaves)]
        argnums = str(pulled[0]) if len(pulled) == 1 else tuple_text([*map(str, pulled)])
        tail = "" if argnums == "0" else f", argnums={argnums}"
        if pull.seed == "one":
            transform = "jax.value_and_grad" if both else "jax.grad"
            return f"{transform}({primal}{tail})"
        if not both:
            return f"jax.jacrev({primal}{tail})"
        name = self.fresh("value_twice")
        parameters = ", ".join(f"{unit.name}: Any" for unit in units)
        arguments = ", ".join(unit.name for unit in units)
        self.lines += [
            f"def {name}({parameters}) -> tuple[Any, Any]:",
            f"    value = {primal}({arguments})",
            "    return value, value",
            "",
        ]
        return f"jax.jacrev({name}, has_aux=True{tail})"

    def given_pull(
        self, path: Path, pull: Pull, units: Sequence[Unit], primal: str
    ) -> None:
        """The caller's cotangent pulled back; the only step of its path."""
        names = ", ".join(unit.name for unit in units)
        direction = self.cotangent().name
        pullback = self.fresh("pullback")
        value: Pattern = tuple((path, None, (), output) for output in path.outputs)
        shown = self.pattern(value[0] if len(value) == 1 else value)
        self.lines.append(f"{shown}, {pullback} = jax.vjp({primal}, {names})")
        pulled: Pattern = tuple(
            (path, unit.name, (), path.outputs[0])
            for unit in units
            if set(unit.leaves) & set(pull.leaves)
        )
        self.lines.append(f"{self.pattern(pulled)} = {pullback}({direction})")

    def node(
        self,
        node: _Node,
        function: str,
        units: Sequence[Unit],
        pushed: tuple[Push, ...],
        pull: Pull | None,
        *,
        both: bool,
    ) -> None:
        """Everything below one function of the trie, the outermost steps as statements."""
        arguments = ", ".join(unit.name for unit in units)
        if not node.children:
            pattern = self.structure(node.paths[0], pull, both=both)
            self.assign(pattern, f"{function}({arguments})")
            return
        if len(node.children) > 1 and not function.isidentifier():
            name = self.fresh(step_name(pushed, self.signature, pulled=pull is not None))
            self.lines.append(f"{name} = {function}")
            function = name
        for push, child in node.children.items():
            steps = (*pushed, push)
            keep = self.keeps(child, len(pushed))
            expression = self.push_text(function, units, push, keep=keep)
            if not child.children:
                pattern = self.structure(child.paths[0], pull, both=both)
                self.assign(pattern, expression)
                continue
            name = self.fresh(step_name(steps, self.signature, pulled=pull is not None))
            self.define(name, units, expression)
            self.node(child, name, units, steps, pull, both=both)

    def define(self, name: str, units: Sequence[Unit], expression: str) -> None:
        """A function of the units; a call with just them needs no `def`."""
        call = f"({', '.join(unit.name for unit in units)})"
        if expression.startswith("jax.jacfwd(") and expression.endswith(f"){call}"):
            self.lines.append(f"{name} = {expression.removesuffix(call)}")
            return
        parameters = ", ".join(f"{unit.name}: Any" for unit in units)
        self.lines += [
            f"def {name}({parameters}) -> Any:",
            f"    return {expression}",
            "",
        ]

    def keeps(self, node: _Node, level: int) -> bool:
        """Whether anything is read that is not a tangent of the push at `level`."""
        return any(
            path in node.paths and level not in pushed
            for path, _, pushed, _ in self.wanted
        )

    def structure(self, path: Path, pull: Pull | None, *, both: bool) -> Pattern:
        """The nested tuples that a path's outermost call returns."""

        def at(level: int, pushed: tuple[int, ...]) -> Pattern:
            if level == 0:
                return self.base_structure(path, pull, pushed, both=both)
            tangent = at(level - 1, (level - 1, *pushed))
            if not self.path_keeps(path, level - 1):
                return tangent
            return (at(level - 1, pushed), tangent)

        return at(len(path.pushes), ())

    def path_keeps(self, path: Path, level: int) -> bool:
        """Whether the function at one level of a path returns primal and tangent."""
        alike = [
            other
            for other in self.chain.paths
            if (other.outputs, other.pull) == (path.outputs, path.pull)
            and not other.zipped
            and other.pushes[: level + 1] == path.pushes[: level + 1]
        ]
        return any(
            other in alike and level not in pushed for other, _, pushed, _ in self.wanted
        )

    def base_structure(
        self, path: Path, pull: Pull | None, pushed: tuple[int, ...], *, both: bool
    ) -> Pattern:
        """What the base function returns, each array with its pushes."""
        values: Pattern = tuple(
            (path, None, pushed, output) for output in path.outputs
        )
        value = values[0] if len(path.outputs) == 1 else values
        if pull is None:
            return value  # type: ignore[return-value]
        pulled = [unit for unit in self.units if set(unit.leaves) & set(pull.leaves)]
        output = path.outputs[0]
        grads: Pattern = tuple((path, unit.name, pushed, output) for unit in pulled)
        grad = grads[0] if len(pulled) == 1 else grads
        if not both:
            return grad  # type: ignore[return-value]
        pair = (grad, value) if pull.seed == "basis" else (value, grad)
        return pair  # type: ignore[return-value]

    def assign(self, pattern: Pattern, expression: str) -> None:
        """A statement that names what is read of an expression's value."""
        names = self.pattern(pattern)
        if names.startswith("(") and not names.endswith(",)"):
            names = names[1:-1]
        self.lines.append(f"{names} = {expression}")

    def pattern(self, pattern: Pattern) -> str:
        """The left side of an assignment; what is not read becomes `_`."""
        if _is_key(pattern):
            key: Key = pattern  # type: ignore[assignment]
            if key not in self.wanted:
                return "_"
            wanted = self.own.get(key) or element_name(key, self.chain, self.signature)
            self.names[key] = self.fresh(wanted)
            return self.names[key]
        texts = [self.pattern(item) for item in pattern]  # type: ignore[arg-type]
        if all(text == "_" for text in texts):
            return "_"
        return tuple_text(texts)

    def push_text(
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
        shape = self.signature.leaves[push.leaf][1].type.shape
        seeds_text = basis_text(push, unit.name, shape, self.constants)
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
        tangent = f"{unit.argument}_tangent"
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

    def zipped(
        self, path: Path, units: Sequence[Unit], base: str, pull: Pull | None, *, both: bool
    ) -> None:
        """All pushes of a path under one vmap, their seeds side by side."""
        seeds: dict[Push, str] = {}
        for push in path.pushes:
            seeds.setdefault(push, f"seed_{len(seeds) + 1}" if len(path.pushes) > 1 else "seed")
        if len(seeds) == 1:
            seeds = dict.fromkeys(seeds, "seed")
        names = ", ".join(unit.name for unit in units)
        expression = f"{base}({names})"
        if pull is not None and both:
            expression += "[0]" if pull.seed == "basis" else "[1]"
        for push in path.pushes:
            moved = [unit for unit in units if set(unit.leaves) & set(push.leaves)]
            parameters = ", ".join(unit.name for unit in moved)
            primals = tuple_text([unit.name for unit in moved])
            inner = f"lambda {parameters}: {expression}"
            if expression.endswith(f"({parameters})") and expression.count("(") == 1:
                inner = expression.removesuffix(f"({parameters})")
            expression = f"jax.jvp({inner}, {primals}, ({seeds[push]},))[1]"
        name = self.fresh("entry")
        typed = ", ".join(f"{seed}: Any" for seed in seeds.values())
        self.lines += [f"def {name}({typed}) -> Any:", indent(f"return {expression}", "    "), ""]
        texts = []
        for push in seeds:
            assert isinstance(push, Basis)
            unit = unit_of(self.units, push.leaf)
            shape = self.signature.leaves[push.leaf][1].type.shape
            texts.append(basis_text(push, unit.name, shape, self.constants))
        pulled = None
        if pull is not None:
            pulled = unit_of(self.units, pull.leaves[0]).name
        pushed = tuple(range(len(path.pushes)))
        keys: Pattern = tuple((path, pulled, pushed, output) for output in path.outputs)
        pattern = keys[0] if len(path.outputs) == 1 else keys
        call = f"jax.vmap({name}, out_axes=-1)({', '.join(texts)})"
        self.assign(pattern, call)  # type: ignore[arg-type]

    def read_text(self, number: int) -> str:
        """The expression for one part of the result."""
        read = self.chain.reads[number]
        pieces = []
        for element, views in read.pieces:
            text = self.names[self.key(element)]
            if element.pulled is not None:
                unit = unit_of(self.units, element.pulled)
                text = leaf_expression(unit, element.pulled, text, self.signature)
            for view in views:
                text = view_text(text, view, self.constants)
            pieces.append(text)
        text = pieces[0]
        if len(pieces) > 1:
            join = "concatenate" if read.concatenate else "stack"
            text = f"jnp.{join}([{', '.join(pieces)}], axis=-1)"
        for view in read.views:
            text = view_text(text, view, self.constants)
        return text

    def whole_trees(self) -> Mapping[tuple[int, ...], str]:
        """Parts that together are one pulled argument, and the name that holds them."""
        found: dict[Key, list[tuple[int, int]]] = {}
        for number, read in enumerate(self.chain.reads):
            if len(read.pieces) != 1 or read.views or read.pieces[0][1]:
                continue
            element = read.pieces[0][0]
            if element.pulled is not None:
                found.setdefault(self.key(element), []).append((element.pulled, number))
        whole = {}
        for key, parts in found.items():
            unit = next(unit for unit in self.units if unit.name == key[1])
            if unit.whole and tuple(leaf for leaf, _ in parts) == unit.leaves:
                whole[tuple(number for _, number in parts)] = self.names[key]
        return whole


def _is_key(pattern: Pattern) -> bool:
    return bool(pattern) and isinstance(pattern[0], Path)

"""A chain as Python statements: literal seeds, `jax.jvp`, `jax.grad`, and little else.

The same text is executed to trace and cost the chain at build time and printed into the
generated module, so what is chosen is what is shipped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from partialc.realise.chain import Basis, Chain, Element, Path, Pull, Push, Read
from partialc.realise.combine import combined_texts
from partialc.realise.dtypes import dtype_text, is_converted, part_dtype
from partialc.realise.naming import element_name, step_name
from partialc.realise.patterns import Key, Pattern, Patterns
from partialc.realise.places import Constants, output_text, tuple_text, view_text
from partialc.realise.primal_text import Primals
from partialc.realise.steps import Steps
from partialc.realise.units import Unit, find_units, leaf_expression, unit_of
from partialc.request.combination import Combination, parts_in, results_of
from partialc.request.parts import part_numbers, parts_of
from partialc.request.resolved import Direction, Output, selections
from partialc.request.shapes import whole
from partialc.request.signature import Signature

Whole: TypeAlias = tuple[tuple[int, ...], Any]
"""The numbers of all results in a tree, and the tree's structure: with the numbers
alone a tree of one leaf would pass for the tuple it stands in."""


@dataclass(frozen=True, slots=True)
class ChainText:
    """The body of a chain kernel.

    Attributes:
        lines: Its statements, unindented.
        parts: One expression for each of the kernel's derivatives.
        results: One expression for each array that the kernel returns.
        whole: Expressions for values that hold all leaves of an argument or of the
            result at once, by the numbers of the results they hold and their structure.
        helpers: The support functions it calls.
        constants: The module-level position arrays it refers to.
    """

    lines: tuple[str, ...]
    parts: tuple[str, ...]
    results: tuple[str, ...]
    whole: Mapping[Whole, str]
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
        self.function = function
        self.parts = parts_of(chain.kernel)
        self.taken = {*taken, *signature.arguments, function}
        self.taken.update(direction.name for direction in chain.kernel.directions)
        self.units = find_units(chain, signature, self.fresh)
        self.constants = Constants(chain.kernel.name.upper(), given)
        self.primals = Primals(signature, function, self.units, self.fresh)
        self.steps = Steps(signature, self.primals, self.constants)
        self.own = self.field_names()
        self.lines: list[str] = []
        self.names: dict[Key, str] = {}
        self.wanted = {
            self.key(element) for read in chain.reads for element, _ in read.pieces
        }
        self.patterns = Patterns(chain.paths, self.units, self.wanted)
        self.trees: dict[Path, str] = {}

    def field_names(self) -> dict[Key, str]:
        """Fields that are read as they come out: their values take their names."""
        names: dict[Key, str] = {}
        number = 0
        for each in self.chain.kernel.fields:
            count = len(list(parts_in(each.parts)))
            read = self.chain.reads[number] if count else None
            number += count
            if isinstance(each.parts, Combination):
                continue
            if read is None or count > 1 or len(read.pieces) > 1 or read.views:
                continue
            ((element, views),) = read.pieces
            if not views:
                names[self.key(element)] = each.name
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
        groups: dict[tuple[tuple[Output, ...], Pull | None], list[Path]] = {}
        for path in self.chain.paths:
            groups.setdefault((path.outputs, path.pull), []).append(path)
        for (outputs, pull), paths in groups.items():
            self.group(outputs, pull, paths)
        parts = tuple(self.read_text(number) for number in range(len(self.chain.reads)))
        results = parts
        if len(parts) == len(self.parts):  # else an option is tried on its own
            results = combined_texts(self.chain.kernel, parts, self.signature)
        body = self.primals.preamble(self.units) + self.lines
        text = "\n".join((*body, *parts))
        helpers = {
            name
            for name in ("_one_hot", "_basis", "_with_leaves")
            if f"{name}(" in text
        }
        return ChainText(
            lines=tuple(body),
            parts=parts,
            results=results,
            whole=self.whole_trees(),
            helpers=frozenset(helpers),
            constants=self.constants.made,
        )

    def group(
        self, outputs: tuple[Output, ...], pull: Pull | None, paths: list[Path]
    ) -> None:
        """All paths that share a primal and a pull."""
        active = {
            leaf for path in paths for push in path.pushes for leaf in push.leaves
        }
        active.update(pull.leaves if pull is not None else ())
        units = [unit for unit in self.units if active & set(unit.leaves)]
        cotangent = self.cotangent() if pull and pull.seed == "given" else None
        if not units:
            self.value(paths[0])
            return
        definition, primal = self.primals.define(outputs, units, cotangent)
        self.lines += definition
        if pull is not None and pull.seed == "given":
            self.given_pull(paths[0], pull, units, primal)
            return
        both = self.patterns.reads_value(paths)
        base = self.base(pull, units, primal, both=both)
        trie = _Node()
        for path in paths:
            if path.zipped:
                self.zipped(path, units, base, both=both)
                continue
            node = trie
            node.paths.append(path)
            for push in path.pushes:
                node = node.children.setdefault(push, _Node())
                node.paths.append(path)
        if trie.paths:
            self.node(trie, base, units, (), pull, both=both)

    def value(self, path: Path) -> None:
        """The function itself, of which nothing is differentiated."""
        call = self.primals.call()
        keys = self.patterns.returned(path, both=False)
        if isinstance(keys, tuple):
            self.assign(keys, output_text(call, path.outputs[0], self.signature))
            return
        name = self.fresh("value")
        self.lines.append(f"{name} = {call}")
        self.trees[path] = name
        for output in path.outputs:
            text = output_text(name, output, self.signature)
            self.names[path, None, (), output] = text

    def cotangent(self) -> Direction:
        """The kernel's cotangent argument."""
        return next(d for d in self.chain.kernel.directions if d.is_cotangent)

    def base(
        self, pull: Pull | None, units: Sequence[Unit], primal: str, *, both: bool
    ) -> str:
        """The function the pushes start from: an expression that can be called."""
        if pull is None:
            return primal
        pulled = [
            n for n, unit in enumerate(units) if set(unit.leaves) & set(pull.leaves)
        ]
        argnums = (
            str(pulled[0]) if len(pulled) == 1 else tuple_text([*map(str, pulled)])
        )
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
        value = "_"
        if len(path.outputs) == 1:
            value = self.pattern((path, None, (), path.outputs[0]))
        self.lines.append(f"{value}, {pullback} = jax.vjp({primal}, {names})")
        pulled = self.patterns.cotangents(path, pull, ())
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
        """Everything below a function of the trie; outermost steps are statements."""
        arguments = ", ".join(unit.name for unit in units)
        if not node.children:
            pattern = self.patterns.returned(node.paths[0], both=both)
            self.assign(pattern, f"{function}({arguments})")
            return
        if len(node.children) > 1 and not function.isidentifier():
            name = self.fresh(
                step_name(pushed, self.signature, pulled=pull is not None)
            )
            self.lines.append(f"{name} = {function}")
            function = name
        for push, child in node.children.items():
            steps = (*pushed, push)
            keep = self.patterns.keeps(child.paths, len(pushed))
            expression = self.steps.push(function, units, push, keep=keep)
            if not child.children:
                pattern = self.patterns.returned(child.paths[0], both=both)
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

    def assign(self, pattern: Pattern, expression: str) -> None:
        """A statement that names what is read of an expression's value."""
        names = self.pattern(pattern)
        if names.startswith("(") and not names.endswith(",)"):
            names = names[1:-1]
        self.lines.append(f"{names} = {expression}")

    def pattern(self, pattern: Pattern) -> str:
        """The left side of an assignment; what is not read becomes `_`."""
        if isinstance(pattern, list):
            texts = [self.pattern(item) for item in pattern]
            return "_" if set(texts) == {"_"} else tuple_text(texts)
        if pattern not in self.wanted:
            return "_"
        name = self.own.get(pattern)
        if name is None or name in self.taken:
            name = element_name(pattern, self.chain, self.signature)
        name = self.fresh(name)
        self.names[pattern] = name
        return name

    def zipped(
        self, path: Path, units: Sequence[Unit], base: str, *, both: bool
    ) -> None:
        """All pushes of a path under one vmap, their seeds side by side."""
        distinct = list(dict.fromkeys(path.pushes))
        names = [f"seed_{number}" for number in range(1, len(distinct) + 1)]
        seeds = dict(zip(distinct, names if len(names) > 1 else ["seed"], strict=True))
        arguments = ", ".join(unit.name for unit in units)
        expression = f"{base}({arguments})"
        if both and path.pull is not None:
            expression += "[0]" if path.pull.seed == "basis" else "[1]"
        for push in path.pushes:
            moved = unit_of(units, push.leaves[0])
            inner = f"lambda {moved.name}: {expression}"
            if expression == f"{base}({moved.name})":
                inner = base
            expression = f"jax.jvp({inner}, ({moved.name},), ({seeds[push]},))[1]"
        entry = self.fresh("entry")
        typed = ", ".join(f"{seed}: Any" for seed in seeds.values())
        self.lines += [f"def {entry}({typed}) -> Any:", f"    return {expression}", ""]
        texts = [
            self.steps.basis(push, unit_of(self.units, push.leaf))
            for push in seeds
            if isinstance(push, Basis)
        ]
        pushed = tuple(range(len(path.pushes)))
        call = f"jax.vmap({entry}, out_axes=-1)({', '.join(texts)})"
        self.assign(self.patterns.base(path, pushed, both=False), call)

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
        return self.converted(number, text)

    def converted(self, number: int, text: str) -> str:
        """A part with the element type it must have, whatever mode it comes from."""
        if not self.is_converted(number):
            return text
        part = self.parts[number]
        call = f"{self.function}({', '.join(self.signature.arguments)})"
        call = output_text(call, selections(part.output)[0], self.signature)
        wanted = part_dtype(part, self.signature)
        return f"{text}.astype({dtype_text(wanted, self.signature, call)})"

    def is_converted(self, number: int) -> bool:
        """Whether a part comes with another element type than it must have."""
        if number >= len(self.parts):  # an option is tried on its own
            return False
        read = self.chain.reads[number]
        return is_converted(self.parts[number], read, self.signature)

    def whole_trees(self) -> Mapping[Whole, str]:
        """Results that together are one pulled argument, and the name of them all."""
        alone = self.alone()
        found: dict[Key, list[tuple[int, int]]] = {}
        for number, read in enumerate(self.chain.reads):
            if len(read.pieces) != 1 or read.views or read.pieces[0][1]:
                continue
            element = read.pieces[0][0]
            if element.pulled is not None and not self.is_converted(number):
                found.setdefault(self.key(element), []).append((element.pulled, number))
        found_whole: dict[Whole, str] = {}
        for path, name in self.trees.items():
            numbers = self.value_tree(path)
            if numbers is not None and alone.keys() >= set(numbers):
                places = tuple(alone[number] for number in numbers)
                found_whole[places, self.signature.result.structure] = name
        for key, parts in found.items():
            unit = next(unit for unit in self.units if unit.name == key[1])
            if unit.whole and tuple(leaf for leaf, _ in parts) == unit.leaves:
                if not alone.keys() >= {number for _, number in parts}:
                    continue
                numbers = tuple(alone[number] for _, number in parts)
                structure = self.signature.arguments[unit.argument].structure
                found_whole[numbers, structure] = self.names[key]
        return found_whole

    def alone(self) -> dict[int, int]:
        """The derivatives that are results as they are, and which of the results."""
        kernel = self.chain.kernel
        pairs = zip(results_of(kernel), part_numbers(kernel), strict=True)
        return {
            numbers[0]: place
            for place, (result, numbers) in enumerate(pairs)
            if not isinstance(result, Combination)
        }

    def value_tree(self, path: Path) -> tuple[int, ...] | None:
        """The parts that together are the whole result as it comes out of a path."""
        leaves = self.signature.result.leaves
        everything = tuple(
            whole(number, leaf.type.shape) for number, leaf in enumerate(leaves)
        )
        if path.outputs != everything:
            return None
        wanted = [Read(((Element(path, None, (), each), ()),)) for each in everything]
        reads = list(self.chain.reads)
        for start in range(len(reads) - len(wanted) + 1):
            if reads[start : start + len(wanted)] == wanted:
                return tuple(range(start, start + len(wanted)))
        return None

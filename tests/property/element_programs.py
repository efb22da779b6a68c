"""Random functions that go element by element: gather, compute, assemble."""

from __future__ import annotations

import re
from math import prod
from random import Random

from tests.property import array_programs
from tests.property.array_programs import ArrayProgram, Drawing

MOST = 160
"""Values of all elements of a group together have no more elements."""

START = (
    *((7,), (12,), (5, 2), (6, 2), (4, 3), (5, 1)),
    *((2, 6), (3, 4), (2, 3, 2)),
)
"""Shapes of arguments: components come last, or first."""


def draw_elements(random: Random) -> ArrayProgram:
    """Draw a function of one to three groups of elements."""
    drawing = _Elements(random, random.choice(START))
    parts = [drawing.group() for _ in range(random.choice([1, 1, 1, 2, 3]))]
    drawing.join(parts)
    return ArrayProgram(tuple(drawing.lines), drawing.start)


class _Elements(Drawing):
    """Statements so far, and the shape of each value: that of one element, in a group.

    Steps of one element are those of `array_programs`, under `jax.vmap`.
    """

    def __init__(self, random: Random, shape: tuple[int, ...]) -> None:
        super().__init__(random, shape)
        self.weight = random.choice([10, 60, 200])
        self.first = 0
        self.elements = 0
        self.table: list[list[int]] = []
        self.nodes = 0

    def group(self) -> int:
        """Gather, some steps, assemble; the number of the result."""
        self.gather()
        for _ in range(self.random.randint(1, 4)):
            self.local()
        while not self.assemble():
            pass
        return len(self.shapes) - 1

    def join(self, parts: list[int]) -> None:
        """All results as one, without the last ones where that is too large."""
        shapes = {self.shapes[number] for number in parts}
        names = [f"v{number}" for number in parts]
        ravelled = ", ".join(f"jnp.ravel({name})" for name in names)
        text = (
            " + ".join(names) if len(shapes) == 1 else f"jnp.concatenate([{ravelled}])"
        )
        if not self.attempted(text, local=False):
            self.join(parts[:-1])

    def attempted(self, text: str, *, local: bool = True) -> bool:
        """One more statement, if JAX accepts it and it is not too large."""
        lines = (*self.lines, f"v{len(self.shapes)} = {text}")
        shape = self.shape_after(lines)
        if shape is None or not 0 < prod(shape) <= MOST or len(shape) > 5:
            return False
        if local and (not shape or shape[0] != self.elements):
            return False
        self.lines = list(lines)
        self.shapes.append(shape[1:] if local else shape)
        return True

    def other(self, shape: tuple[int, ...]) -> str | None:
        """A value of an element of the same group."""
        numbers = range(self.first, len(self.shapes))
        same = [number for number in numbers if self.shapes[number] == shape]
        return f"v{self.random.choice(same)}" if same else None

    def gather(self) -> None:
        """The values at the corners of each element, by one of many ways."""
        self.first = len(self.shapes)
        while not self.attempted(self._gathered()):
            pass

    def _gathered(self) -> str:
        random, start = self.random, self.start
        components_first = len(start) > 1 and start[0] < start[-1]
        axis = len(start) - 1 if components_first else 0
        self.nodes, corners = start[axis], random.randint(1, 4)
        self.elements = random.randint(2, 6)
        self.table = self._table(corners)
        table = f"np.array({self.table})"
        if random.random() < 0.15:  # blocks of what is there, no table
            self.table = []
            divisors = [n for n in range(2, 7) if prod(start) % n == 0]
            self.elements = random.choice(divisors or [1])
            return f"v0.reshape({self.elements}, -1)"
        if components_first:
            moved = f"jnp.moveaxis(v0[..., {table}], -2, 0)"
            plain = f"jnp.moveaxis(v0, -1, 0)[{table}]"
            return random.choice([moved, plain])
        columns = [[line[n] for line in self.table] for n in range(corners)]
        corner = ", ".join(f"v0[np.array({column})]" for column in columns)
        filled = [[n if random.random() < 0.8 else 99 for n in t] for t in self.table]
        value = random.choice([0, 1.5])
        return random.choice(
            [
                f"v0[{table}]",
                f"v0[{table}]",
                f"jnp.stack([{corner}], 1)",
                f"jnp.take(v0, np.array({filled}), 0, mode='fill', fill_value={value})",
                f"v0.at[np.array({filled})].get(mode='clip')",
            ]
        )

    def _table(self, corners: int) -> list[list[int]]:
        random, nodes = self.random, self.nodes
        kind = random.choice(["any", "any", "chain", "apart", "same"])
        if kind == "chain":
            return [
                [(n + c) % nodes for c in range(corners)] for n in range(self.elements)
            ]
        if kind == "apart" and corners <= nodes:
            return [random.sample(range(nodes), corners) for _ in range(self.elements)]
        if kind == "same":
            line = [random.randrange(nodes) for _ in range(corners)]
            return [line] * self.elements
        return [
            [random.randrange(nodes) for _ in range(corners)]
            for _ in range(self.elements)
        ]

    def local(self) -> None:
        """One more statement about each element."""
        while True:
            number = self.random.randrange(
                max(self.first, len(self.shapes) - 3), len(self.shapes)
            )
            v, shape = f"v{number}", self.shapes[number]
            if self.random.random() < 0.2:
                text = self._whole(v, shape)
                if text is not None and self.attempted(text):
                    return
                continue
            makers = [*array_programs.MAKERS, *[_mechanics] * self.weight]
            text = self.random.choice(makers)(self, v, shape)
            if text is None:
                continue
            names = ", ".join(sorted(set(re.findall(r"\bv\d+\b", text))))
            if self.random.random() < 0.15 and names == v:
                text = f"jax.vmap(jax.grad(lambda {v}: jnp.sum({text})))({v})"
            else:
                text = f"jax.vmap(lambda {names}: {text})({names})"
            if self.attempted(text):
                return

    def _whole(self, v: str, shape: tuple[int, ...]) -> str | None:
        """With numbers that each element has of its own."""
        count = self.random.randint(1, 3)
        if shape and self.random.random() < 0.6:
            known = self.numbers((self.elements, shape[-1], count), 0.2)
            return f"jnp.einsum('e...i,eij->e...j', {v}, {known})"
        some = tuple(self.random.choice([1, size]) for size in shape)
        return f"{v} * {self.numbers((self.elements, *some), 0.2)}"

    def assemble(self) -> bool:
        """What all elements give together."""
        random, number = self.random, len(self.shapes) - 1
        v, shape = f"v{number}", self.shapes[number]
        rest = shape[1:]
        ids = [random.randint(-1, 4) for _ in range(self.elements)]
        texts = [
            v,
            f"jnp.sum({v})",
            f"jnp.sum({v}, 0)",
            f"jnp.moveaxis({v}, 0, -1)",
            f"jax.ops.segment_sum({v}, np.array({ids}), 4)",
        ]
        if self.table and shape and shape[0] == len(self.table[0]):
            zeros = f"jnp.zeros(({self.nodes}, *{rest}))"
            table = f"np.array({self.table})"
            columns = zip(*self.table, strict=True)
            adds = "".join(
                f".at[np.array({list(column)})].add({v}[:, {n}])"
                for n, column in enumerate(columns)
            )
            texts += [f"{zeros}.at[{table}].add({v})", f"{zeros}{adds}"] * 4
        return self.attempted(random.choice(texts), local=False)


def _mechanics(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    """Steps of finite elements on the corners of one."""
    edges = f"({v}[1:] - {v}[:1])"
    if len(shape) != 2:
        other = draw.other(shape)
        texts = [
            f"jnp.where({v} > 1, jnp.log(1 + {v}**2), {v}**2 / 2)",
            f"{v} * {other}",
        ]
        if len(shape) == 1:
            texts += [
                f"jnp.outer({v}, jnp.sin({v}))",
                f"jnp.sqrt(1 + jnp.sum({v}**2))",
                f"{v}[1:] * {v}[:-1]",
                f"{v} @ {draw.numbers((shape[0], shape[0]), 0.3)} @ {v}",
                f"jnp.stack([{v}[0], {v}[-1]**2, {v}[0] * {v}[-1]])",
                f"jnp.pad({v}**2, (1, 0))",
                f"jnp.concatenate([{v}, {v}[:1] * {v}])",
            ]
        return draw.random.choice(texts)
    known = draw.numbers((shape[0], draw.random.randint(1, 3)), 0.2)
    gradient = f"({v}.T @ {known})"
    identity = f"np.eye({shape[1]})"
    return draw.random.choice(
        [
            edges,
            gradient,
            f"{gradient}.T @ {gradient}",
            f"({gradient} @ {gradient}.T - {identity}) / 2",
            f"jnp.linalg.det(3 * {identity} + {v}.T @ {v})",
            f"jnp.sqrt(1 + jnp.sum({edges}**2, -1))",
            f"jnp.sum({gradient}**2) / 2",
            f"jnp.outer({v}[:, 0], {v}[:, -1]**2)",
            f"{v}[:, :1] * jnp.exp(-jnp.mean({v}, 0) / 4)",
            f"jnp.where(jnp.sum({v}) > 3, jnp.sum({v}**2), jnp.sum(jnp.sin({v})))",
            f"jnp.cos({v}) * jnp.sum({v}, 0)",
            f"{v}[:, 0] * {v}[:, -1]",
        ]
    )

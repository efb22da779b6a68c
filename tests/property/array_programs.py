"""Random functions that move, scale and add up the elements of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from random import Random
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

MOST = 48
"""Values with more elements are not made."""


@dataclass(frozen=True)
class ArrayProgram:
    """A function of one array, as text: its `repr` repeats it.

    Attributes:
        lines: Statements that define `v1`, `v2`, ... from `v0`.
        shape: The shape of the array.
    """

    lines: tuple[str, ...]
    shape: tuple[int, ...]

    def function(self) -> Callable[[Any], Any]:
        """The function: its last value."""
        body = "\n".join(f"    {line}" for line in self.lines)
        last = f"v{len(self.lines)}"
        text = f"def program(v0):\n{body}\n    return {last}\n"
        scope: dict[str, Any] = {"jnp": jnp, "jax": jax, "lax": lax, "np": np}
        exec(text, scope)
        found: Callable[[Any], Any] = scope["program"]
        return found


def draw_program(random: Random, length: int = 6) -> ArrayProgram:
    """Draw a function of one to seven steps."""
    shape = random.choice([(5,), (7,), (3, 4), (2, 3), (2, 2, 3), (6,), (12,)])
    drawing = Drawing(random, shape)
    for _ in range(random.randint(1, length)):
        drawing.step()
    return ArrayProgram(tuple(drawing.lines), shape)


class Drawing:
    """Statements so far, and the shape of each value."""

    def __init__(self, random: Random, shape: tuple[int, ...]) -> None:
        self.random = random
        self.shapes = [shape]
        self.lines: list[str] = []
        self.start = shape

    def step(self, makers: Sequence[Maker] | None = None) -> None:
        """One more statement that JAX accepts and that keeps within limits.

        Args:
            makers: What may make it: anything, unless some are given.
        """
        while True:
            number = self.random.randrange(
                max(0, len(self.shapes) - 3), len(self.shapes)
            )
            maker = self.random.choice(makers or MAKERS)
            expression = maker(self, f"v{number}", self.shapes[number])
            if expression is None:
                continue
            lines = (*self.lines, f"v{len(self.shapes)} = {expression}")
            shape = self.shape_after(lines)
            if shape is not None and 0 < prod(shape) <= MOST and len(shape) <= 4:
                self.lines = list(lines)
                self.shapes.append(shape)
                return

    def shape_after(self, lines: tuple[str, ...]) -> tuple[int, ...] | None:
        """The shape of the last value; None where JAX does not accept it."""
        try:
            found = jax.eval_shape(
                ArrayProgram(lines, self.start).function(),
                jax.ShapeDtypeStruct(self.start, jnp.float64),
            )
        except (TypeError, ValueError, IndexError):
            return None
        return tuple(found.shape)

    def axis(self, shape: tuple[int, ...]) -> int:
        """Any axis."""
        return self.random.randrange(len(shape))

    def numbers(self, shape: tuple[int, ...], zeros: float = 0.0) -> str:
        """An array of small numbers, some of them zero."""
        drawn = [
            0 if self.random.random() < zeros else self.random.randint(1, 9) / 4
            for _ in range(prod(shape))
        ]
        return f"np.array({drawn}, dtype=np.float64).reshape({shape})"

    def other(self, shape: tuple[int, ...]) -> str | None:
        """A value of the same shape."""
        same = [n for n, each in enumerate(self.shapes) if each == shape]
        return f"v{self.random.choice(same)}" if same else None


def _slice(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    parts = []
    for size in shape:
        low = draw.random.randrange(size)
        high = draw.random.randint(low + 1, size)
        step = draw.random.choice([1, 1, 2, 3])
        if draw.random.random() < 0.2:
            parts.append(f"{high - 1}:{low - 1 if low else ''}:-{step}")
        elif draw.random.random() < 0.2:
            parts.append(str(low))
        else:
            parts.append(draw.random.choice([":", f"{low}:{high}:{step}"]))
    return f"{v}[{', '.join(parts)}]" if parts else None


def _reshape(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    total, parts = prod(shape), []
    while total > 1 and draw.random.random() < 0.8:
        divisors = [n for n in range(2, total + 1) if total % n == 0]
        parts.append(draw.random.choice(divisors))
        total //= parts[-1]
    return f"{v}.reshape({(*parts, total)})"


def _transpose(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    order = list(range(len(shape)))
    draw.random.shuffle(order)
    return f"jnp.transpose({v}, {tuple(order)})" if len(order) > 1 else None


def _flip(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    return f"jnp.flip({v}, {draw.axis(shape)})" if shape else None


def _roll(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if not shape:
        return None
    return f"jnp.roll({v}, {draw.random.randint(-3, 3)}, {draw.axis(shape)})"


def _pad(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    config = tuple(
        (
            draw.random.randint(-1, 2),
            draw.random.randint(-1, 2),
            draw.random.choice([0, 0, 1]),
        )
        for _ in shape
    )
    return f"lax.pad({v}, jnp.zeros((), {v}.dtype), {config})" if shape else None


def _broadcast(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    place = draw.random.randint(0, len(shape))
    wide = (*shape[:place], draw.random.randint(1, 3), *shape[place:])
    return f"jnp.broadcast_to(jnp.expand_dims({v}, {place}), {wide})"


def _tile(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    return f"jnp.tile({v}, {tuple(draw.random.randint(1, 2) for _ in shape)})"


def _concatenate(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if not shape:
        return None
    other = draw.random.choice([v, draw.other(shape), f"jnp.zeros({shape})"])
    return f"jnp.concatenate([{v}, {other}], {draw.axis(shape)})"


def _stack(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    other = draw.other(shape)
    return f"jnp.stack([{v}, {other}], {draw.random.randint(0, len(shape))})"


def _take(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if not shape:
        return None
    axis = draw.axis(shape)
    count = draw.random.randint(1, 5)
    outside = draw.random.random() < 0.2
    table = [draw.random.randrange(shape[axis] + outside) for _ in range(count)]
    keywords = ", mode='fill', fill_value=0" if outside else ""
    return f"jnp.take({v}, np.array({table}), {axis}{keywords})"


def _pick(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if len(shape) < 2:
        return None
    count = draw.random.randint(1, 5)
    first, second = (
        [draw.random.randrange(n) for _ in range(count)] for n in shape[:2]
    )
    return f"{v}[np.array({first}), np.array({second})]"


def _put(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if not shape:
        return None
    total = draw.random.randint(1, 8)
    table = [draw.random.randrange(total) for _ in range(shape[0])]
    rest = shape[1:]
    return f"jnp.zeros(({total}, *{rest})).at[np.array({table})].add({v})"


def _set(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if not shape:
        return None
    places = draw.random.sample(range(shape[0]), draw.random.randint(1, shape[0]))
    return f"{v}.at[np.array({places})].set(jnp.sin({v}[{len(places) - 1}]))"


def _box(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    starts = tuple(draw.random.randint(0, size) for size in shape)
    sizes = tuple(draw.random.randint(1, size) for size in shape)
    if draw.random.random() < 0.5:
        return f"lax.dynamic_slice({v}, {starts}, {sizes})"
    part = ", ".join(f":{size}" for size in sizes)
    update = f"jnp.cos({v}[{part}])" if shape else f"jnp.cos({v})"
    return f"lax.dynamic_update_slice({v}, {update}, {starts})" if shape else None


def _function(draw: Drawing, v: str, _: tuple[int, ...]) -> str | None:
    return draw.random.choice(
        [f"jnp.sin({v})", f"jnp.exp({v} / 4)", f"{v}**2", f"jnp.tanh({v})", f"-{v}"]
    )


def _arithmetic(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    other = draw.other(shape)
    return draw.random.choice(
        [
            f"{v} * {other}",
            f"{v} + {other}",
            f"{v} - 2 * {other}",
            f"{v} / (2 + jnp.cos({other}))",
        ]
    )


def _scale(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    some = tuple(draw.random.choice([1, size]) for size in shape)
    return f"{v} * {draw.numbers(draw.random.choice([shape, some]), 0.3)}"


def _where(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    other = draw.other(shape)
    mask = [draw.random.random() < 0.5 for _ in range(prod(shape))]
    known = f"np.array({mask}).reshape({shape})"
    condition = draw.random.choice([f"{v} > 0.9", known])
    return f"jnp.where({condition}, {v}, jnp.sin({other}))"


def _sum(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    axes = tuple(axis for axis in range(len(shape)) if draw.random.random() < 0.5)
    kind = draw.random.choice(["sum", "sum", "mean", "max"])
    return f"jnp.{kind}({v}, {axes})" if axes else None


def _cumsum(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if not shape:
        return None
    reverse = draw.random.random() < 0.5
    return f"lax.cumsum({v}, {draw.axis(shape)}, reverse={reverse})"


def _matrix(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if not shape:
        return None
    count = draw.random.randint(1, 4)
    known = draw.numbers((shape[-1], count), draw.random.choice([0, 0.6]))
    other = draw.random.choice([known, f"jnp.cos({known})"])
    return f"{v} @ {other}"


def _product(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    other = draw.other(shape)
    if len(shape) != 2 or other is None:
        return None
    return draw.random.choice(
        [f"{v} @ {other}.T", f"jnp.einsum('ij,ij->i', {v}, {other})"]
    )


def _window(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if len(shape) != 1:
        return None
    window, stride = draw.random.randint(1, 3), draw.random.randint(1, 2)
    padding = draw.random.choice(["SAME", "VALID"])
    return (
        f"lax.reduce_window({v}, 0.0, lax.add, ({window},), ({stride},), '{padding}')"
    )


def _convolve(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if len(shape) != 1:
        return None
    kernel = draw.numbers((draw.random.randint(1, 3),))
    return f"jnp.convolve({v}, {kernel}, mode='same')"


def _unruled(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if len(shape) != 1:
        return None
    return draw.random.choice(
        [
            f"jnp.sort({v})",
            f"jnp.cumprod({v})",
            f"lax.scan(lambda c, a: (jnp.sin(c) + a, c * a), 0.1, {v})[1]",
            f"{v}[jnp.argsort({v})]",
        ]
    )


def _otherwise(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    other = draw.other(shape)
    return draw.random.choice(
        [
            f"jnp.where(jnp.sum({v}) > 1, {v}, 2 * {other})",
            f"lax.cond(jnp.sum({v}) > 1, jnp.sin, lambda a: a * {v}, {other})",
            f"lax.select_n((10 * {v}).astype(int) % 3, {v}, {other}, {v} * {other})",
            f"jnp.clip({v}, 0.5, {other})",
            f"jnp.where({v} > 9, jnp.log({other} - 9), {v})",
        ]
    )


def _reduced(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if not shape:
        return None
    axis = draw.axis(shape)
    kind = draw.random.choice(
        ["jnp.prod", "jnp.min", "jax.nn.logsumexp", "jax.nn.softmax", "jnp.var"]
    )
    return f"{kind}({v}, {axis})"


def _segments(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if not shape:
        return None
    count = draw.random.randint(1, 5)
    table = [draw.random.randint(-1, count) for _ in range(shape[0])]
    mode = draw.random.choice(["drop", "clip", "fill"])
    rest = "".join(f", {size}" for size in shape[1:])
    return draw.random.choice(
        [
            f"jax.ops.segment_sum({v}, np.array({table}), {count})",
            f"jnp.ones(({count}{rest})).at[np.array({table})].add({v}, mode='{mode}')",
        ]
    )


def _places(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if not shape:
        return None
    size = shape[0]
    return draw.random.choice(
        [
            f"{v}[(10 * {v}.ravel()[:3]).astype(int) % {size}]",
            f"lax.dynamic_index_in_dim({v}, {v}.ravel()[0].astype(int), 0)",
            f"{v}.at[{v}.ravel()[0].astype(int)].set(1.0)",
            f"jnp.roll({v}, {v}.ravel()[0].astype(int), 0)",
        ]
    )


def _channels(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if len(shape) != 3:
        return None
    out, size = draw.random.randint(1, 2), draw.random.randint(1, 3)
    kernel = draw.numbers((out, shape[1], size), 0.2)
    stride, dilation = draw.random.randint(1, 2), draw.random.randint(1, 2)
    padding = draw.random.choice(["'SAME'", "'VALID'", "[(1, 0)]"])
    return (
        f"lax.conv_general_dilated({v}, {kernel}.astype({v}.dtype), ({stride},), "
        f"{padding}, rhs_dilation=({dilation},))"
    )


def _contraction(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    other = draw.other(shape)
    if len(shape) == 3:
        known = draw.numbers(shape, 0.4)
        return draw.random.choice(
            [
                f"jnp.einsum('bij,bkj->bik', {v}, {known})",
                f"jnp.einsum('bij,bik->bjk', {v}, {other})",
                f"jnp.einsum('bij,bij->b', {v}, jnp.sin({other}))",
                f"jnp.einsum('bij->ijb', {v})",
            ]
        )
    if len(shape) == 1:
        return draw.random.choice(
            [
                f"jnp.outer({v}, {other})",
                f"jnp.dot({v}, {other})",
                f"(jnp.outer({v}, jnp.sin({v})) @ {other})",
                f"jnp.diag({v})",
            ]
        )
    if len(shape) == 2:
        return draw.random.choice(
            [
                f"jnp.tril({v})",
                f"jnp.linalg.solve(9 * np.eye({shape[0]}) + "
                f"jnp.tanh({v} @ {v}.T), {other})",
                f"jnp.trace({v})",
                f"jnp.diagonal({v} * {other})",
            ]
        )
    return None


def _custom(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    other = draw.other(shape)
    return draw.random.choice(
        [
            f"jax.nn.relu({v} - 0.9)",
            f"jax.nn.silu({v})",
            f"jax.nn.softplus({v}) * {other}",
            f"jax.checkpoint(lambda a: jnp.sin(jnp.cos(a)))({v})",
            f"lax.stop_gradient({v}) * {other}",
            f"jnp.abs({v} - {other})",
            f"jnp.maximum({v}, 1.1)",
            f"jnp.hypot({v}, {other})",
            f"({v} > 1) * {other}",
            f"{v} ** {other}",
        ]
    )


def loop(draw: Drawing, v: str, shape: tuple[int, ...]) -> str | None:
    if not shape:
        return None
    count = draw.random.randint(1, 4)
    return draw.random.choice(
        [
            f"lax.scan(lambda c, a: (c, jnp.sin(a) * c[0]), {v}, {v})[1]",
            f"lax.scan(lambda c, a: (c + jnp.sin(a), a * a), {v}[0], {v})[0]",
            f"lax.fori_loop(0, {count}, lambda i, a: a + jnp.roll(a, 1, 0) / 9, {v})",
            f"lax.map(lambda a: jnp.sum(jnp.exp(a / 3)), {v})",
            f"jax.vmap(lambda a: a * jnp.sum(a))({v})",
            f"lax.scan(lambda c, a: (a, c * a), {v}[0], {v}, reverse=True)[1]",
            f"jax.lax.associative_scan(jnp.multiply, {v})",
        ]
    )


Maker: TypeAlias = Callable[[Drawing, str, tuple[int, ...]], "str | None"]

MAKERS: list[Maker] = [
    _slice,
    _slice,
    _reshape,
    _reshape,
    _transpose,
    _flip,
    _roll,
    _pad,
    _broadcast,
    _tile,
    _concatenate,
    _stack,
    _take,
    _pick,
    _put,
    _set,
    _box,
    _function,
    _function,
    _arithmetic,
    _arithmetic,
    _scale,
    _where,
    _sum,
    _cumsum,
    _matrix,
    _product,
    _window,
    _convolve,
    _unruled,
    _otherwise,
    _reduced,
    _segments,
    _places,
    _channels,
    _contraction,
    _custom,
    loop,
]

"""Random functions with loops and branches, nested, in which elements move."""

from __future__ import annotations

from math import prod
from random import Random

from tests.property.array_programs import (
    MAKERS,
    ArrayProgram,
    Drawing,
    Maker,
    loop,
)

Shape = tuple[int, ...]


def draw_loop_program(random: Random, *, has_while: bool) -> ArrayProgram:
    """Draw a function of one to five steps, at least one of them a loop.

    Args:
        random: What to draw from.
        has_while: Whether loops of unknown length are among them: JAX refuses these in
            reverse.
    """
    shape = random.choice([(5,), (3, 4), (4, 3), (6,), (2, 2, 3)])
    drawing = Drawing(random, shape)
    loops: list[Maker] = [
        _mapped,
        _windows,
        _carried,
        _carried,
        _fed,
        _counted,
        _branch,
        _nested,
    ]
    loops += [_until] if has_while else []
    plain = [maker for maker in MAKERS if maker is not loop]
    count = random.randint(1, 5)
    first = random.randrange(count)
    for number in range(count):
        is_loop = number == first or random.random() < 0.3
        drawing.step(loops if is_loop else plain)
    return ArrayProgram(tuple(drawing.lines), shape)


def _step(draw: Drawing, c: str, shape: Shape) -> str:
    """An expression of a value, of the same shape."""
    axis = draw.axis(shape)
    size = shape[axis]
    at = ", ".join([":"] * axis)
    lead = f"{at}, " if at else ""
    inner = ", ".join(["2:", *["1:-1"] * (len(shape) - 1)])
    choices = [
        f"jnp.sin({c})",
        f"{c} + 0.5 * jnp.roll({c}, 1, {axis})",
        f"jnp.flip({c}, {axis}) * {c}",
        f"{c}.at[{lead}0].set(jnp.cos({c}[{lead}{size - 1}]))",
        f"{c}.at[{lead}{size // 2}].multiply(2.0)",
        f"jnp.cumsum({c}, {axis}) / {size}",
        f"{c} * {draw.numbers(shape, 0.4)}",
        f"jnp.where({draw.numbers(shape, 0.5)} > 0, {c} ** 2, {c})",
        f"{c} - jnp.mean({c}, {axis}, keepdims=True)",
        f"jnp.tanh({c}) * jnp.pad({c}, 1)[{inner}]",
    ]
    return draw.random.choice(choices)


def _turns(draw: Drawing) -> int:
    return draw.random.choice([0, 1, 2, 3, 7])


def _mapped(draw: Drawing, v: str, shape: Shape) -> str | None:
    if not shape:
        return None
    row = shape[1:]
    body = _step(draw, "r", row) if row else "jnp.sin(r) * r"
    if row and draw.random.random() < 0.3:
        return f"lax.map(lambda r: (r[0], {body}), {v})[1]"
    if draw.random.random() < 0.3:
        return f"lax.map(lambda r: {body} * {v}.ravel()[0], {v})"
    return f"lax.map(lambda r: {body}, {v})"


def _windows(draw: Drawing, v: str, shape: Shape) -> str | None:
    total = prod(shape)
    if not 2 <= total <= 12:
        return None
    width = draw.random.randint(1, min(total, 3))
    step = draw.random.choice([1, 2])
    count = (total - width) // step + 1
    window = f"lax.dynamic_slice({v}.ravel(), ({step} * i,), ({width},))"
    body = draw.random.choice([f"jnp.sum({window} ** 2)", f"jnp.sin({window})"])
    return f"lax.map(lambda i: {body}, jnp.arange({count}))"


def _carried(draw: Drawing, v: str, shape: Shape) -> str | None:
    if not shape:
        return None
    left = draw.random.choice(["None", "c", f"c.ravel()[:{max(1, prod(shape) // 3)}]"])
    place = 0 if left == "None" else draw.random.randrange(2)
    step = _step(draw, "c", shape)
    if draw.random.random() < 0.2:
        step = f"({step}) * {v}"
    turns = _turns(draw) if not place else draw.random.choice([1, 2])
    return (
        f"lax.scan(lambda c, _: ({step}, {left}), {v}, None, length={turns})[{place}]"
    )


def _fed(draw: Drawing, v: str, shape: Shape) -> str | None:
    if not shape:
        return None
    row = shape[1:]
    step = _step(draw, "r", row) if row else "r"
    carry = draw.random.choice(["c + jnp.sum(r)", "0.5 * c * jnp.cos(jnp.sum(r))", "c"])
    reverse = draw.random.random() < 0.4
    place = draw.random.randrange(2)
    return (
        f"lax.scan(lambda c, r: ({carry}, {step} * c), jnp.mean({v}), {v},"
        f" reverse={reverse})[{place}]"
    )


def _counted(draw: Drawing, v: str, shape: Shape) -> str | None:
    if not shape:
        return None
    turn = draw.random.choice([" * (1 + i)", "", f" + {v}"])
    step = _step(draw, "c", shape)
    return f"lax.fori_loop(0, {_turns(draw)}, lambda i, c: {step}{turn}, {v})"


def _until(draw: Drawing, v: str, shape: Shape) -> str | None:
    if not shape:
        return None
    step, turns = _step(draw, "s[1]", shape), _turns(draw)
    return (
        f"lax.while_loop(lambda s: s[0] < {turns},"
        f" lambda s: (s[0] + 1, {step}), (0, {v}))[1]"
    )


def _branch(draw: Drawing, v: str, shape: Shape) -> str | None:
    if not shape:
        return None
    one, other = (_step(draw, "c", shape) for _ in range(2))
    return f"lax.cond({v}.ravel()[0] > 0.9, lambda c: {one}, lambda c: {other}, {v})"


def _nested(draw: Drawing, v: str, shape: Shape) -> str | None:
    if len(shape) < 2:
        return None
    step = _step(draw, "c", shape[1:])
    turns = draw.random.choice([1, 2, 3])
    inner = f"lax.scan(lambda c, _: ({step}, None), r, None, length={turns})[0]"
    return f"lax.map(lambda r: {inner}, {v})"

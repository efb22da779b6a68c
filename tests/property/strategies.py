"""Random programs and random requests, for the compiler as a whole.

A program is a list of steps over a growing pool of arrays; which step, and on which
arrays of the pool, is drawn. Everything stays of moderate size and smooth enough that
derivatives up to order three are well conditioned at the points where it is tried. Each
new feature of the compiler joins here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Arrays: TypeAlias = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a random program.

    Attributes:
        name: What failures call it.
        apply: Takes an array and an earlier one, and gives a new one of any shape.
    """

    name: str
    apply: Callable[[Any, Any], Any]


@jax.custom_jvp
def _softstep(x: Any) -> Any:
    return jnp.log1p(jnp.exp(x))


@_softstep.defjvp
def _softstep_jvp(primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    return _softstep(x), jax.nn.sigmoid(x) * t


def _scanned(x: Any, other: Any) -> Any:
    def body(carry: Any, item: Any) -> Any:
        carry = 0.5 * carry + jnp.sin(item)
        return carry, carry * item

    total, rows = lax.scan(body, jnp.zeros((), x.dtype), jnp.ravel(x))
    return rows.reshape(x.shape) + total


def _stepped(x: Any, other: Any) -> Any:
    return lax.fori_loop(0, 3, lambda _, value: jnp.sin(value) + 0.3 * value, x)


def _conditional(x: Any, other: Any) -> Any:
    return lax.cond(jnp.sum(other) > 0.1, jnp.sin, lambda v: v * v, x)


def _like(other: Any, x: Any) -> Any:
    """The other array, cut or repeated to the shape of the first."""
    return jnp.resize(other, x.shape) if x.size and other.size else jnp.zeros_like(x)


STEPS = (
    Step("sin", lambda x, y: jnp.sin(x)),
    Step("exp", lambda x, y: jnp.exp(0.3 * x)),
    Step("tanh", lambda x, y: jnp.tanh(x)),
    Step("log", lambda x, y: jnp.log(2.0 + x * x)),
    Step("sqrt", lambda x, y: jnp.sqrt(1.0 + x * x)),
    Step("cube", lambda x, y: x**3),
    Step("power", lambda x, y: (1.5 + jnp.tanh(x)) ** 2.5),
    Step("quotient", lambda x, y: x / (1.0 + _like(y, x) ** 2)),
    Step("add", lambda x, y: x + 0.7 * _like(y, x)),
    Step("subtract", lambda x, y: _like(y, x) - x),
    Step("multiply", lambda x, y: x * _like(y, x)),
    Step("where", lambda x, y: jnp.where(_like(y, x) > 0.2, jnp.sin(x), x * x)),
    Step("maximum", lambda x, y: jnp.maximum(x, 0.3 * _like(y, x))),
    Step("custom_jvp", lambda x, y: _softstep(x)),
    Step("softplus", lambda x, y: jax.nn.softplus(x)),
    Step("powers", lambda x, y: (1.2 + jnp.sin(x)) ** 2.7 - (1.1 + x * x) ** -1.5),
    Step("stopped", lambda x, y: x * lax.stop_gradient(_like(y, x))),
    Step("outer", lambda x, y: jnp.outer(jnp.ravel(x)[:3], jnp.ravel(y)[:2])),
    Step("matmul", lambda x, y: jnp.outer(x, x)[:3] @ jnp.ravel(x)),
    Step("einsum", lambda x, y: jnp.einsum("i,i->i", jnp.ravel(x), jnp.ravel(x))),
    Step("dot", lambda x, y: jnp.dot(jnp.ravel(x), jnp.ravel(_like(y, x)))),
    Step("sum", lambda x, y: jnp.sum(x, axis=0) if x.ndim else x),
    Step("mean", lambda x, y: jnp.mean(x)),
    Step("prod", lambda x, y: jnp.prod(1.0 + 0.2 * x)),
    Step("cumsum", lambda x, y: jnp.cumsum(jnp.ravel(x))),
    Step("cumprod", lambda x, y: jnp.cumprod(1.0 + 0.1 * jnp.ravel(x))),
    Step("logsumexp", lambda x, y: jax.nn.logsumexp(x)),
    Step("norm", lambda x, y: jnp.linalg.norm(1.0 + jnp.ravel(x))),
    Step("index", lambda x, y: jnp.ravel(x)[-1]),
    Step("slice", lambda x, y: jnp.ravel(x)[1:] if x.size > 1 else x),
    Step("stride", lambda x, y: jnp.ravel(x)[::2]),
    Step("reverse", lambda x, y: jnp.ravel(x)[::-1]),
    Step("gather", lambda x, y: jnp.ravel(x)[np.array([0, 0]) % max(1, x.size)]),
    Step("scatter", lambda x, y: jnp.ravel(x).at[0].add(jnp.sum(y))),
    Step("concatenate", lambda x, y: jnp.concatenate([jnp.ravel(x), jnp.ravel(y)])[:5]),
    Step("stack", lambda x, y: jnp.stack([x, _like(y, x)])),
    Step("transpose", lambda x, y: jnp.transpose(x)),
    Step("reshape", lambda x, y: jnp.reshape(x, (1, -1))),
    Step("pad", lambda x, y: jnp.pad(jnp.ravel(x)[:3], (1, 1))),
    Step("roll", lambda x, y: jnp.roll(x, 1)),
    Step("sort", lambda x, y: jnp.sort(jnp.ravel(x))),
    Step("differences", lambda x, y: jnp.diff(jnp.ravel(x), prepend=0.1)),
    Step("scan", _scanned),
    Step("fori_loop", _stepped),
    Step("cond", _conditional),
    Step("jit", lambda x, y: jax.jit(lambda v: jnp.cos(v) * v)(x)),
    Step("checkpoint", lambda x, y: jax.checkpoint(lambda v: jnp.sin(v) * v)(x)),
    Step("convert", lambda x, y: x * (_like(y, x) > 0).astype(x.dtype)),
)


@dataclass(frozen=True, slots=True)
class RandomProgram:
    """A function of `x` and a scalar `t`.

    Attributes:
        shape: The shape of `x`.
        steps: The steps, and which of the arrays so far each is applied to.
        reduces: Whether the result is one number.
    """

    shape: tuple[int, ...]
    steps: tuple[tuple[Step, int, int], ...]
    reduces: bool

    def __call__(self, x: Any, t: Any) -> Any:
        """The function itself."""
        pool = [x, t * jnp.cos(x), jnp.sin(t)]
        for step, first, second in self.steps:
            result = step.apply(pool[first % len(pool)], pool[second % len(pool)])
            pool.append(result.ravel()[:6] if result.size > 12 else result)
        result = pool[-1] + 0.1 * jnp.sum(x) * t
        return jnp.sum(jnp.sin(result)) if self.reduces else result

    def __repr__(self) -> str:
        steps = ", ".join(f"{step.name}({a}, {b})" for step, a, b in self.steps)
        return f"RandomProgram({self.shape}, [{steps}], reduces={self.reduces})"

    @property
    def result_shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        x = jax.ShapeDtypeStruct(self.shape, "float32")
        t = jax.ShapeDtypeStruct((), "float32")
        return tuple(jax.eval_shape(lambda *given: self(*given), x, t).shape)


@st.composite
def programs(draw: st.DrawFn) -> RandomProgram:
    """Functions of up to six steps over an array of up to six elements."""
    shape = draw(st.sampled_from([(), (1,), (2,), (3,), (5,), (2, 3), (2, 1)]))
    numbers = st.integers(0, 7)
    steps = draw(
        st.lists(
            st.tuples(st.sampled_from(STEPS), numbers, numbers), min_size=1, max_size=6
        )
    )
    return RandomProgram(shape, tuple(steps), draw(st.booleans()))


@st.composite
def requests(draw: st.DrawFn, program: RandomProgram) -> str:
    """Requests that the program can answer, in the request language."""
    output = program.result_shape
    kinds = ["value", "partial", "jacobian", "hessian", "diagonal", "lower"]
    kinds += ["derivatives", "jvp", "vjp", "entries"]
    kinds += ["gradient", "hvp"] if output == () else []
    kind = draw(st.sampled_from(kinds))
    of = _of(draw, output, one=kind in ("hvp",))
    match kind:
        case "value":
            return f"value({of[2:]})" if of else "value"
        case "partial":
            scalars = [_scalar(draw, program.shape) for _ in range(draw(_ORDERS))]
            return f"partial({', '.join(scalars)}{of})"
        case "gradient":
            return f"gradient({draw(st.sampled_from(['x', 't', 'x, t']))})"
        case "jacobian":
            return f"jacobian({_block(draw, program.shape)}{of})"
        case "hessian":
            axes = [_block(draw, program.shape) for _ in range(draw(st.integers(1, 2)))]
            return f"hessian({', '.join(axes)}{of})"
        case "diagonal" | "lower":
            return f"{kind}(hessian(x{of}))"
        case "derivatives":
            wrt = draw(st.sampled_from(["x", "t", "x, t"]))
            return f"derivatives({wrt}, order={draw(_ORDERS)}{of})"
        case "jvp":
            return f"jvp({draw(st.sampled_from(['x', 'x, t']))}{of})"
        case "hvp":
            return "hvp(x)"
        case "vjp":
            return draw(st.sampled_from(["vjp(out)", "vjp(out, x)", "vjp(out, t)"]))
        case _:
            pairs = [
                f"({_scalar(draw, program.shape, 'x')}, "
                f"{_scalar(draw, program.shape, 'x')})"
                for _ in range(draw(st.integers(1, 4)))
            ]
            return f"entries(hessian(x{of}), [{', '.join(pairs)}])"


_ORDERS = st.integers(1, 3)


def _scalar(draw: st.DrawFn, shape: Sequence[int], name: str = "") -> str:
    name = name or draw(st.sampled_from(["x", "x", "t"]))
    if name == "t" or not shape:
        return name
    return f"{name}[{', '.join(str(draw(st.integers(-n, n - 1))) for n in shape)}]"


def _block(draw: st.DrawFn, shape: Sequence[int]) -> str:
    return draw(st.sampled_from(["x", "t", f"x{_slice(draw, shape)}"]))


def _of(draw: st.DrawFn, shape: Sequence[int], *, one: bool) -> str:
    if not shape or (not one and draw(st.booleans())):
        return ""
    return f", of=out{_slice(draw, shape)}"


def _slice(draw: st.DrawFn, shape: Sequence[int]) -> str:
    if not shape:
        return ""
    n = shape[0]
    start = draw(st.integers(0, n - 1))
    if draw(st.booleans()):
        return f"[{start}]"
    return f"[{start}:{draw(st.integers(start + 1, n))}]"

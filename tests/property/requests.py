"""Random requests, in the request language."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from tests.property.programs import RandomProgram

PARAMETER: Final = "nu"
"""What expressions call a further argument."""


def draw_request(random: Random, program: RandomProgram) -> str:
    """Requests that the program can answer, in the request language."""
    output = program.result_shape
    kinds = ["value", "partial", "jacobian", "hessian", "diagonal", "lower"]
    kinds += ["derivatives", "jvp", "vjp", "entries", "weighted"]
    kinds += ["laplacian", "biharmonic", "expression"]
    kinds += ["divergence"] if output == program.shape else []
    kinds += ["gradient", "hvp"] if output == () else []
    if program.is_forward_only:
        kinds = [kind for kind in kinds if kind not in ("hvp", "vjp")]
    kind = random.choice(kinds)
    of = _of(random, output, one=kind in ("hvp",))
    match kind:
        case "value":
            return f"value({of[2:]})" if of else "value"
        case "partial":
            scalars = [
                _scalar(random, program.shape) for _ in range(random.randint(1, 3))
            ]
            return f"partial({', '.join(scalars)}{of})"
        case "gradient":
            return f"gradient({random.choice(['x', 't', 'x, t'])})"
        case "jacobian":
            return f"jacobian({_block(random, program.shape)}{of})"
        case "hessian":
            axes = [_block(random, program.shape) for _ in range(random.randint(1, 2))]
            return f"hessian({', '.join(axes)}{of})"
        case "diagonal" | "lower":
            return f"{kind}(hessian(x{of}))"
        case "weighted":
            wrt = random.choice(["x", "t", "x, t"])
            kind = random.choice(["diagonal", "lower", ""]) if wrt == "x" else ""
            weighted = f"weighted(hessian({wrt}))"  # of all outputs, as vjp(out) is
            return f"{kind}({weighted})" if kind else weighted
        case "derivatives":
            wrt = random.choice(["x", "t", "x, t"])
            return f"derivatives({wrt}, order={random.randint(1, 3)}{of})"
        case "laplacian":
            wrt = random.choice(["x", "t", "x, t", _scalar(random, program.shape)])
            return f"laplacian({wrt}{of})"
        case "biharmonic":
            wrt = random.choice(["t", _scalar(random, program.shape, "x")])
            return f"biharmonic({wrt}{of})"
        case "divergence":
            return "divergence(x)"
        case "expression":
            return _expression(random, program)
        case "jvp":
            moved = ["x", "x, t", "x, x", "x, order=2", "x, t, order=2", "t, t, t"]
            return f"jvp({random.choice(moved)}{of})"
        case "hvp":
            return "hvp(x)"
        case "vjp":
            return random.choice(["vjp(out)", "vjp(out, x)", "vjp(out, t)"])
        case _:
            pairs = [
                f"({_scalar(random, program.shape, 'x')}, "
                f"{_scalar(random, program.shape, 'x')})"
                for _ in range(random.randint(1, 4))
            ]
            return f"entries(hessian(x{of}), [{', '.join(pairs)}])"


def _expression(random: Random, program: RandomProgram) -> str:
    """Arithmetic over derivatives of one output, perhaps with a parameter."""
    out = "".join(f"[{random.randrange(n)}]" for n in program.result_shape)
    one, other = (_scalar(random, program.shape) for _ in range(2))
    text = random.choice(
        [
            f"Derivative(v, {one}) + v * Derivative(v, {other})",
            f"v - {PARAMETER} * Derivative(v, {one}, {other}) / 2",
            f"Derivative(({PARAMETER} + v**2) * Derivative(v, {one}), {other})",
            f"[v * {one}, -Derivative(v, {other})]",
            f"dot(grad(v, {one}, t), [sin({other}), 0.5])",
        ]
    )
    return f'expression("{text}", v="out{out}")'


def _scalar(random: Random, shape: Sequence[int], name: str = "") -> str:
    name = name or random.choice(["x", "x", "t"])
    if name == "t" or not shape:
        return name
    return f"{name}[{', '.join(str(random.randint(-n, n - 1)) for n in shape)}]"


def _block(random: Random, shape: Sequence[int]) -> str:
    return random.choice(["x", "t", f"x{_slice(random, shape)}"])


def _of(random: Random, shape: Sequence[int], *, one: bool) -> str:
    if not shape or (not one and random.random() < 0.5):
        return ""
    return f", of=out{_slice(random, shape)}"


def _slice(random: Random, shape: Sequence[int]) -> str:
    if not shape:
        return ""
    n = shape[0]
    start = random.randint(0, n - 1)
    if random.random() < 0.5:
        return f"[{start}]"
    return f"[{start}:{random.randint(start + 1, n)}]"

"""Random requests, in the request language."""

from __future__ import annotations

from collections.abc import Sequence

import hypothesis.strategies as st

from tests.property.programs import RandomProgram

ORDERS = st.integers(1, 3)


@st.composite
def requests(draw: st.DrawFn, program: RandomProgram) -> str:
    """Requests that the program can answer, in the request language."""
    output = program.result_shape
    kinds = ["value", "partial", "jacobian", "hessian", "diagonal", "lower"]
    kinds += ["derivatives", "jvp", "vjp", "entries"]
    kinds += ["gradient", "hvp"] if output == () else []
    if program.is_forward_only:
        kinds = [kind for kind in kinds if kind not in ("hvp", "vjp")]
    kind = draw(st.sampled_from(kinds))
    of = _of(draw, output, one=kind in ("hvp",))
    match kind:
        case "value":
            return f"value({of[2:]})" if of else "value"
        case "partial":
            scalars = [_scalar(draw, program.shape) for _ in range(draw(ORDERS))]
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
            return f"derivatives({wrt}, order={draw(ORDERS)}{of})"
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

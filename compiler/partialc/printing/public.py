"""Public functions that a call may be: candidates only, confirmed by tracing them.

A candidate is the text of an expression over the operands `_0`, `_1`, ...; the same
text is traced and printed, so what is confirmed is what is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from partialc.ir.program import Constant, Equation

_UNARY_NN: Final = (
    "celu",
    "elu",
    "gelu",
    "glu",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "log_sigmoid",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_sign",
    "softplus",
    "sparse_plus",
    "squareplus",
    "standardize",
    "swish",
)
_PLAIN: Final[dict[str, tuple[str, ...]]] = {
    **{word: (f"jax.nn.{word}(_0)",) for word in _UNARY_NN},
    "_cross": ("jnp.cross(_0, _1)",),
    "_logsumexp": ("jax.nn.logsumexp(_0)",),
    "_nan_to_num": ("jnp.nan_to_num(_0)",),
    "_solve": ("jnp.linalg.solve(_0, _1)",),
    "_vander": ("jnp.vander(_0)",),
    "_where": ("jnp.where(_0, _1, _2)",),
    "absolute": ("jnp.abs(_0)",),
    "angle": ("jnp.angle(_0)",),
    "arctan2": ("jnp.arctan2(_0, _1)",),
    "beta": ("jax.scipy.special.beta(_0, _1)",),
    "betaln": ("jax.scipy.special.betaln(_0, _1)",),
    "cbrt": ("jnp.cbrt(_0)",),
    "clip": ("jnp.clip(_0, _1, _2)", "jnp.clip(_0, min=_1)", "jnp.clip(_0, max=_1)"),
    "copysign": ("jnp.copysign(_0, _1)",),
    "cov": ("jnp.cov(_0)",),
    "corrcoef": ("jnp.corrcoef(_0)",),
    "cross": ("jnp.cross(_0, _1)",),
    "cumsum": ("jnp.cumsum(_0)", "jnp.cumsum(_0, axis={axis})"),
    "cumprod": ("jnp.cumprod(_0)", "jnp.cumprod(_0, axis={axis})"),
    "deg2rad": ("jnp.deg2rad(_0)",),
    "det": ("jnp.linalg.det(_0)",),
    "_det": ("jnp.linalg.det(_0)",),
    "diag": ("jnp.diag(_0)",),
    "diagonal": ("jnp.diagonal(_0)",),
    "diff": ("jnp.diff(_0)", "jnp.diff(_0, axis={axis})"),
    "digamma": ("jax.scipy.special.digamma(_0)",),
    "divmod": ("jnp.divmod(_0, _1)",),
    "entr": ("jax.scipy.special.entr(_0)",),
    "expit": ("jax.nn.sigmoid(_0)",),
    "expm1": ("jnp.expm1(_0)",),
    "fft": ("jnp.fft.fft(_0)",),
    "float_power": ("jnp.float_power(_0, _1)",),
    "floor_divide": ("_0 // _1", "jnp.floor_divide(_0, _1)"),
    "fmod": ("jnp.fmod(_0, _1)",),
    "gammainc": ("jax.scipy.special.gammainc(_0, _1)",),
    "gammaincc": ("jax.scipy.special.gammaincc(_0, _1)",),
    "gammaln": ("jax.scipy.special.gammaln(_0)",),
    "heaviside": ("jnp.heaviside(_0, _1)",),
    "hypot": ("jnp.hypot(_0, _1)",),
    "i0": ("jax.scipy.special.i0(_0)",),
    "i1": ("jax.scipy.special.i1(_0)",),
    "inner": ("jnp.inner(_0, _1)",),
    "inv": ("jnp.linalg.inv(_0)",),
    "kron": ("jnp.kron(_0, _1)",),
    "log_ndtr": ("jax.scipy.special.log_ndtr(_0)",),
    "log_softmax": ("jax.nn.log_softmax(_0)", "jax.nn.log_softmax(_0, axis={axis})"),
    "logaddexp": ("jnp.logaddexp(_0, _1)",),
    "logaddexp2": ("jnp.logaddexp2(_0, _1)",),
    "logit": ("jax.scipy.special.logit(_0)",),
    "logsumexp": (
        "jax.nn.logsumexp(_0)",
        "jax.nn.logsumexp(_0, axis={axis})",
        "jax.nn.logsumexp(_0, axis={axis}, keepdims=True)",
    ),
    "matrix_power": (
        "jnp.linalg.matrix_power(_0, 2)",
        "jnp.linalg.matrix_power(_0, 3)",
    ),
    "mod": ("_0 % _1", "jnp.mod(_0, _1)"),
    "nan_to_num": ("jnp.nan_to_num(_0)",),
    "ndtr": ("jax.scipy.special.ndtr(_0)",),
    "norm": (
        "jnp.linalg.norm(_0)",
        "jnp.linalg.norm(_0, axis={axis})",
        "jnp.linalg.norm(_0, axis={axis}, keepdims=True)",
        "jnp.linalg.norm(_0, ord=1)",
        "jnp.linalg.norm(_0, ord=1, axis={axis})",
        "jnp.linalg.norm(_0, ord=jnp.inf)",
        "jnp.linalg.norm(_0, ord=jnp.inf, axis={axis})",
    ),
    "outer": ("jnp.outer(_0, _1)",),
    "pinv": ("jnp.linalg.pinv(_0)",),
    "polyval": ("jnp.polyval(_0, _1)",),
    "power": ("_0 ** _1", "jnp.power(_0, _1)"),
    "rad2deg": ("jnp.rad2deg(_0)",),
    "remainder": ("_0 % _1", "jnp.remainder(_0, _1)"),
    "roll": ("jnp.roll(_0, 1)",),
    "round": ("jnp.round(_0)",),
    "silu": ("jax.nn.silu(_0)",),
    "sinc": ("jnp.sinc(_0)",),
    "slogdet": ("jnp.linalg.slogdet(_0)",),
    "softmax": ("jax.nn.softmax(_0)", "jax.nn.softmax(_0, axis={axis})"),
    "_softmax": ("jax.nn.softmax(_0)", "jax.nn.softmax(_0, axis={axis})"),
    "solve": ("jnp.linalg.solve(_0, _1)",),
    "sort": ("jnp.sort(_0)", "jnp.sort(_0, axis={axis})"),
    "argsort": ("jnp.argsort(_0)", "jnp.argsort(_0, axis={axis})"),
    "spence": ("jax.scipy.special.spence(_0)",),
    "tensordot": ("jnp.tensordot(_0, _1)",),
    "trace": ("jnp.trace(_0)",),
    "trapezoid": ("jnp.trapezoid(_0)", "jnp.trapezoid(_0, _1)"),
    "tril": ("jnp.tril(_0)", "jnp.tril(_0, -1)", "jnp.tril(_0, 1)"),
    "triu": ("jnp.triu(_0)", "jnp.triu(_0, 1)", "jnp.triu(_0, -1)"),
    "true_divide": ("_0 / _1",),
    "vander": ("jnp.vander(_0)", "jnp.vander(_0, increasing=True)"),
    "xlog1py": ("jax.scipy.special.xlog1py(_0, _1)",),
    "xlogy": ("jax.scipy.special.xlogy(_0, _1)",),
    "zeta": ("jax.scipy.special.zeta(_0, _1)",),
    **{
        word: (
            f"jnp.{word.strip('_')}(_0)",
            f"jnp.{word.strip('_')}(_0, axis={{axis}})",
            f"jnp.{word.strip('_')}(_0, axis={{axis}}, keepdims=True)",
            f"jnp.{word.strip('_')}(_0, ddof=1)",
            f"jnp.{word.strip('_')}(_0, axis={{axis}}, ddof=1)",
        )
        for word in ("_var", "_std", "var", "std")
    },
    **{
        word: (
            f"jnp.{word.strip('_')}(_0)",
            f"jnp.{word.strip('_')}(_0, axis={{axis}})",
        )
        for word in ("_mean", "median", "_median", "nanmean", "argmax", "argmin")
    },
}
_PLACES: Final = 4


def candidates(name: str, equation: Equation) -> Iterator[str]:
    """Expressions a call of this name may stand for, the shortest first."""
    ndim = max((atom.type.ndim for atom in equation.inputs), default=0)
    count = len(equation.inputs)
    for template in _PLAIN.get(name, ()):
        if any(f"_{place}" in template for place in range(count, count + _PLACES)):
            continue
        if "{axis}" not in template:
            yield template
            continue
        for axis in [-1, *range(ndim - 1)]:
            yield template.replace("{axis}", str(axis))


def is_operand(atom: object) -> bool:
    """Whether an operand is traced; scalar constants are part of the text instead."""
    return not (isinstance(atom, Constant) and not atom.type.shape)

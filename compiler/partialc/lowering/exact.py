"""Operations that give the same bits on every machine, in numpy.

IEEE 754 rounds +, -, *, / and square roots exactly, remainders are exact, and integers,
truth values and indexing involve no rounding at all. Everything else (exp, tanh, sums
of floats, whose order is XLA's choice) differs between processors and has no entry.

A rule returns None where bits could differ after all: nans (their sign and payload),
subnormal numbers (XLA on CPU flushes them to zero), zeros of unlike sign under `max`
and `min`, integer division by zero, and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from partialc.ir.dtypes import Regime
from partialc.ir.program import Equation
from partialc.lowering.exact_sums import exact_product, exact_sum, is_plain
from partialc.ops.moves import MovesRule
from partialc.ops.registry import find

Array: TypeAlias = NDArray[Any]
Rule: TypeAlias = Callable[..., Array | None]


def exact_results(
    equation: Equation, operands: Sequence[Array], regime: Regime
) -> Sequence[Array] | None:
    """The results of an operation on known operands, or None.

    Args:
        equation: The operation.
        operands: Its operands, in the element types of `regime`.
        regime: What generic element types stand for.

    Returns:
        The results, of the types and shapes that the equation says.
    """
    if any(array.dtype.kind not in "biufc" for array in operands):
        return None
    op = find(equation.op)
    if op is not None and op.moves is not None:
        results = _moved(equation, operands, op.moves)
    else:
        results = _computed(equation, operands, regime)
    if results is None:
        return None
    expected = [value.type for value in equation.outputs]
    for array, kind in zip(results, expected, strict=True):
        if array.shape != kind.shape or array.dtype != kind.dtype.numpy(regime):
            return None
    return results


def _moved(
    equation: Equation, operands: Sequence[Array], rule: MovesRule
) -> Sequence[Array] | None:
    """Elements where they come to; of what indices move whole numbers alone."""
    moves = rule(equation, operands.__getitem__)
    if moves is None or (moves.is_indexed and operands[0].dtype.kind not in "biu"):
        return None
    return moves.applied(operands)


def _computed(
    equation: Equation, operands: Sequence[Array], regime: Regime
) -> Sequence[Array] | None:
    """An operation of one result that has a rule here."""
    rule = _RULES.get(equation.op)
    if rule is None:
        return None
    dtype = equation.outputs[0].type.dtype.numpy(regime)
    with np.errstate(all="ignore"):
        result = rule(operands, equation.params, dtype)
    return None if result is None else (result,)


def _arithmetic(compute: Callable[..., Array], kinds: str = "iuf") -> Rule:
    """A rule for numbers whose operands and result are all of one plain type."""

    def rule(
        operands: Sequence[Array], params: object, dtype: np.dtype[Any]
    ) -> Array | None:
        if dtype.kind not in kinds or not all(is_plain(a) for a in operands):
            return None
        result = np.asarray(compute(*operands))
        return result if result.dtype == dtype and is_plain(result) else None

    return rule


def _comparison(compute: Callable[..., Array]) -> Rule:
    def rule(operands: Sequence[Array], params: object, dtype: object) -> Array | None:
        if not all(is_plain(array) for array in operands):
            return None
        return np.asarray(compute(*operands))

    return rule


def _extremum(compute: Callable[..., Array]) -> Rule:
    def rule(operands: Sequence[Array], params: object, dtype: object) -> Array | None:
        first, second = operands
        unlike_zeros = (first == 0) & (second == 0) & (_sign(first) != _sign(second))
        if not (is_plain(first) and is_plain(second)) or np.any(unlike_zeros):
            return None
        return np.asarray(compute(first, second))

    return rule


def _sign(array: Array) -> Array:
    return np.signbit(array) if array.dtype.kind == "f" else np.zeros(array.shape, bool)


def _sign_or_zero(array: Array) -> Array:
    """The sign as XLA gives it: that of a zero is the zero itself."""
    return np.where(array == 0, array, np.sign(array))


def _div(operands: Sequence[Array], params: object, dtype: object) -> Array | None:
    first, second = operands
    if first.dtype.kind in "iu":
        return _integer_quotient(first, second)
    return _arithmetic(np.divide)(operands, params, dtype)


def _integer_quotient(first: Array, second: Array) -> Array | None:
    """Rounds towards zero, as XLA does and numpy does not."""
    if first.dtype.kind == "u":
        return None if np.any(second == 0) else first // second
    lowest = np.iinfo(first.dtype).min
    if np.any((second == 0) | (first == lowest) | (second == lowest)):
        return None
    magnitude = np.abs(first) // np.abs(second)
    negative = (first < 0) != (second < 0)
    return np.where(negative, -magnitude, magnitude).astype(first.dtype)


def _rem(
    operands: Sequence[Array], params: object, dtype: np.dtype[Any]
) -> Array | None:
    first, second = operands
    if first.dtype.kind not in "iu":
        return _arithmetic(np.fmod)(operands, params, dtype)
    quotient = _integer_quotient(first, second)
    return None if quotient is None else first - quotient * second


def _integer_pow(
    operands: Sequence[Array], params: Any, dtype: np.dtype[Any]
) -> Array | None:
    (base,), exponent = operands, params["y"]
    if exponent == 2:
        return _arithmetic(np.square)(operands, params, dtype)
    if base.dtype.kind not in "iu" or not 0 <= exponent < 64:
        return None
    return np.asarray(np.power(base, base.dtype.type(exponent)))


def _convert(
    operands: Sequence[Array], params: object, dtype: np.dtype[Any]
) -> Array | None:
    (array,) = operands
    if dtype.kind not in "biuf" or not is_plain(array):
        return None
    if dtype.kind in "iu" and array.dtype.kind == "f":
        limits = np.iinfo(dtype)
        whole = np.trunc(array)
        if np.any(whole < float(limits.min)) or np.any(whole >= float(limits.max)):
            return None
    result = array.astype(dtype)
    return result if is_plain(result) else None


def _shift(
    compute: Callable[..., Array], kinds: str = "iu", *, unsigned: bool = False
) -> Rule:
    def rule(
        operands: Sequence[Array], params: object, dtype: np.dtype[Any]
    ) -> Array | None:
        value, count = operands
        if dtype.kind not in kinds:
            return None
        if np.any(count < 0) or np.any(count >= 8 * dtype.itemsize):
            return None
        if not unsigned:
            return np.asarray(compute(value, count))
        kind = np.dtype(f"u{dtype.itemsize}")
        return np.asarray(compute(value.astype(kind), count.astype(kind)).astype(dtype))

    return rule


def _select_n(operands: Sequence[Array], params: object, dtype: object) -> Array | None:
    which, *cases = operands
    index = which.astype(np.int64)
    if np.any(index < 0) or np.any(index >= len(cases)):
        return None
    stacked = np.stack([np.broadcast_to(case, cases[0].shape) for case in cases])
    index = np.broadcast_to(index, cases[0].shape)
    chosen: Array = np.take_along_axis(stacked, index[None], axis=0)[0]
    return chosen


def _clamp(operands: Sequence[Array], params: object, dtype: object) -> Array | None:
    low, array, high = operands
    if array.dtype.kind not in "iu":
        return None
    return np.asarray(np.minimum(np.maximum(array, low), high))


def _round(
    operands: Sequence[Array], params: Any, dtype: np.dtype[Any]
) -> Array | None:
    if params["rounding_method"] != "TO_NEAREST_EVEN":
        return None
    return _arithmetic(np.rint)(operands, params, dtype)


def _iota(operands: Sequence[Array], params: Any, dtype: np.dtype[Any]) -> Array | None:
    shape, dimension = params["shape"], params["dimension"]
    along = np.arange(shape[dimension]).astype(dtype)
    sizes = [1] * len(shape)
    sizes[dimension] = shape[dimension]
    return np.broadcast_to(along.reshape(sizes), shape)


def _reduction(compute: Callable[..., Any], kinds: str) -> Rule:
    def rule(
        operands: Sequence[Array], params: Any, dtype: np.dtype[Any]
    ) -> Array | None:
        (array,) = operands
        if array.dtype.kind not in kinds or 0 in array.shape:
            return None
        return np.asarray(compute(array, axis=params["axes"])).astype(dtype)

    return rule


def _reduce_sum(
    operands: Sequence[Array], params: Any, dtype: np.dtype[Any]
) -> Array | None:
    rule = exact_sum if dtype.kind == "f" else _reduction(np.sum, "iu")
    return rule(operands, params, dtype)


def _unchanged(
    operands: Sequence[Array], params: object, dtype: object
) -> Array | None:
    return operands[0]


_RULES: Final[dict[str, Rule]] = {
    "abs": _arithmetic(np.abs),
    "add": _arithmetic(np.add),
    "add_any": _arithmetic(np.add),
    "ceil": _arithmetic(np.ceil),
    "div": _div,
    "dot_general": exact_product,
    "floor": _arithmetic(np.floor),
    "integer_pow": _integer_pow,
    "max": _extremum(np.maximum),
    "min": _extremum(np.minimum),
    "mul": _arithmetic(np.multiply),
    "neg": _arithmetic(np.negative),
    "rem": _rem,
    "round": _round,
    "sign": _arithmetic(_sign_or_zero),
    "sqrt": _arithmetic(np.sqrt),
    "square": _arithmetic(np.square),
    "sub": _arithmetic(np.subtract),
    "and": _arithmetic(np.bitwise_and, "biu"),
    "not": _arithmetic(np.invert, "biu"),
    "or": _arithmetic(np.bitwise_or, "biu"),
    "xor": _arithmetic(np.bitwise_xor, "biu"),
    "shift_left": _shift(np.left_shift),
    "shift_right_arithmetic": _shift(np.right_shift, "i"),
    "shift_right_logical": _shift(np.right_shift, unsigned=True),
    "eq": _comparison(np.equal),
    "ge": _comparison(np.greater_equal),
    "gt": _comparison(np.greater),
    "is_finite": _comparison(np.isfinite),
    "le": _comparison(np.less_equal),
    "lt": _comparison(np.less),
    "ne": _comparison(np.not_equal),
    "clamp": _clamp,
    "convert_element_type": _convert,
    "select_n": _select_n,
    "stop_gradient": _unchanged,
    "iota": _iota,
    "reduce_and": _reduction(np.all, "b"),
    "reduce_max": _reduction(np.max, "iu"),
    "reduce_min": _reduction(np.min, "iu"),
    "reduce_or": _reduction(np.any, "b"),
    "reduce_prod": _reduction(np.prod, "iu"),
    "reduce_sum": _reduce_sum,
}

"""Functions that printed modules carry, since no public function does their work.

A source rule asks for one with `SourceContext.helper`; the printer then puts its text
at the head of the module. Each text defines one function, whose name is the key; it
needs `jax`, `jnp` and `lax` only, and no other helper.
"""

from __future__ import annotations

from typing import Final

HELPERS: Final[dict[str, str]] = {
    "_mulhi": '''\
def _mulhi(x: jax.Array, y: jax.Array) -> jax.Array:
    """The upper half of the double-width product of integers of up to 32 bits."""
    bits = 8 * x.dtype.itemsize
    half = bits // 2
    mask = jnp.asarray(2**half - 1, x.dtype)
    x_low, x_high, y_low, y_high = x & mask, x >> half, y & mask, y >> half
    low = lax.shift_right_logical(x_low * y_low, jnp.asarray(half, x.dtype))
    middle = x_high * y_low + low
    other = x_low * y_high + (middle & mask)
    return x_high * y_high + (middle >> half) + (other >> half)
''',
    "_one_minus_square": '''\
@jax.custom_jvp
def _one_minus_square(x: jax.Array) -> jax.Array:
    """1 - x², without cancellation near 1 nor, in its derivative, near 0."""
    return (1 + x) * (1 - x)


_one_minus_square.defjvps(lambda tangent, _, x: tangent * (-2 * x))
''',
    "_polynomial": '''\
def _polynomial(x: jax.Array, *coefficients: jax.Array | float) -> jax.Array:
    """Horner's rule; the coefficients from the constant term upwards."""
    *others, result = coefficients
    for coefficient in reversed(others):
        result = result * x + coefficient
    return jnp.asarray(result)
''',
    "_total_order": '''\
def _total_order(x: jax.Array) -> jax.Array:
    """Integers that sort as the IEEE total order sorts the floats `x`."""
    integer = {2: jnp.int16, 4: jnp.int32, 8: jnp.int64}[x.dtype.itemsize]
    bits = lax.bitcast_convert_type(x, integer)
    largest = jnp.asarray(2 ** (8 * x.dtype.itemsize - 1) - 1, integer)
    return jnp.where(bits < 0, bits ^ largest, bits)
''',
}

"""Functions that printed modules carry because no public function of JAX does their work.

A source rule asks for one with `SourceContext.helper`; the printer then puts its text at
the head of the module. Each text is one function definition whose name is the key.
"""

from __future__ import annotations

from typing import Final

HELPERS: Final[dict[str, str]] = {
    "_total_order": '''\
def _total_order(x: jax.Array) -> jax.Array:
    """Integers that sort as the IEEE total order sorts the floats `x`."""
    integer = {16: jnp.int16, 32: jnp.int32, 64: jnp.int64}[jnp.finfo(x.dtype).bits]
    bits = lax.bitcast_convert_type(x, integer)
    return jnp.where(bits < 0, bits ^ jnp.iinfo(integer).max, bits)
''',
}

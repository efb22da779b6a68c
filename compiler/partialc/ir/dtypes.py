"""Element types, including those that follow the caller's float width.

A function is traced under three regimes, because JAX's own dtypes depend on them:

    narrow   float arguments are float32, x64 off
    mixed    float arguments are float32, x64 on
    wide     float arguments are float64, x64 on

A `DType` is the triple of what an element type is under each. `float` is the caller's
own width (float32, float32, float64), `default_float` is whatever `float` means to JAX
at the time (float32, float64, float64), and so on; most are the same three times.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import jax.numpy as jnp
import numpy as np


class Regime(Enum):
    """One of the three ways a generated module may be run."""

    NARROW = "narrow"
    MIXED = "mixed"
    WIDE = "wide"

    @property
    def x64(self) -> bool:
        """Whether JAX's 64-bit types are enabled."""
        return self is not Regime.NARROW

    @property
    def caller_float(self) -> str:
        """The numpy name of the caller's float type."""
        return "float64" if self is Regime.WIDE else "float32"


_GENERIC: Final[dict[tuple[str, str, str], str]] = {
    ("float32", "float32", "float64"): "float",
    ("float32", "float64", "float64"): "default_float",
    ("complex64", "complex64", "complex128"): "complex",
    ("complex64", "complex128", "complex128"): "default_complex",
    ("int32", "int64", "int64"): "default_int",
    ("uint32", "uint64", "uint64"): "default_uint",
    ("int32", "int32", "int64"): "caller_int",
    ("uint32", "uint32", "uint64"): "caller_uint",
}
_TRIPLES: Final = {name: triple for triple, name in _GENERIC.items()}
_SHORT: Final = {
    "f16": "float16",
    "f32": "float32",
    "f64": "float64",
    "bf16": "bfloat16",
    "c64": "complex64",
    "c128": "complex128",
    **{
        f"{kind[0]}{bits}": f"{kind}{bits}"
        for kind in ("int", "uint")
        for bits in (8, 16, 32, 64)
    },
}


@dataclass(frozen=True, slots=True)
class DType:
    """An element type under each regime, as numpy names (`key<fry>` for PRNG keys)."""

    narrow: str
    mixed: str
    wide: str

    @classmethod
    def fixed(cls, name: str) -> DType:
        """The type that is `name` under every regime."""
        return cls(name, name, name)

    @classmethod
    def parse(cls, text: str) -> DType:
        """Read a name as `str(dtype)` writes it; short forms such as `f32` work too."""
        if text in _TRIPLES:
            return cls(*_TRIPLES[text])
        return cls.fixed(_SHORT.get(text, text))

    def __str__(self) -> str:
        triple = (self.narrow, self.mixed, self.wide)
        if self.narrow == self.mixed == self.wide:
            return self.narrow
        return _GENERIC.get(triple) or "|".join(triple)

    def at(self, regime: Regime) -> str:
        """The numpy name under one regime."""
        name: str = getattr(self, regime.value)
        return name

    def numpy(self, regime: Regime = Regime.WIDE) -> np.dtype[Any]:
        """The numpy type under one regime; there is none for a PRNG key."""
        return np.dtype(jnp.dtype(self.at(regime)))  # knows bfloat16 and its kind

    @property
    def is_fixed(self) -> bool:
        """Whether it is the same under every regime."""
        return self.narrow == self.mixed == self.wide

    @property
    def is_float(self) -> bool:
        """Real floating point (bfloat16 and the 8-bit floats included)."""
        return self.wide.startswith(("float", "bfloat"))

    @property
    def is_complex(self) -> bool:
        """Complex floating point."""
        return self.wide.startswith("complex")

    @property
    def is_inexact(self) -> bool:
        """Real or complex floating point: what can be differentiated."""
        return self.is_float or self.is_complex

    @property
    def is_bool(self) -> bool:
        """Truth values."""
        return self.wide == "bool"

    @property
    def is_integer(self) -> bool:
        """Signed or unsigned integers."""
        return self.wide.startswith(("int", "uint"))

    @property
    def is_key(self) -> bool:
        """A typed PRNG key."""
        return self.wide.startswith("key<")


FLOAT: Final = DType.parse("float")
DEFAULT_FLOAT: Final = DType.parse("default_float")
DEFAULT_INT: Final = DType.parse("default_int")
BOOL: Final = DType.fixed("bool")

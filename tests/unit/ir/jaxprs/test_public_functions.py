"""Every public function of JAX that takes arrays is imported, or refused clearly."""

import warnings

import jax
import jax.numpy as jnp
import jax.scipy.linalg
import jax.scipy.signal
import jax.scipy.special
import jax.scipy.stats
import numpy as np
import pytest
from jax import lax

from partialc.errors import UnsupportedError
from partialc.ir.check import check
from partialc.ir.dtypes import FLOAT
from partialc.ir.jaxprs import trace
from partialc.ir.program import ArrayType
from partialc.ir.structure import same
from partialc.ir.text import parse, to_text
from partialc.lowering.pipeline import FINAL, run_program

DISTRIBUTIONS = {
    f"stats.{name}": getattr(jax.scipy.stats, name)
    for name in ("beta", "gamma", "multivariate_normal", "norm", "t", "vonmises")
}
MODULES = {
    "numpy": jnp,
    "numpy.fft": jnp.fft,
    "numpy.linalg": jnp.linalg,
    "nn": jax.nn,
    "lax": lax,
    "scipy.linalg": jax.scipy.linalg,
    "scipy.signal": jax.scipy.signal,
    "scipy.special": jax.scipy.special,
    **DISTRIBUTIONS,
}
SHAPES = [
    ((3, 3),),
    ((4,),),
    ((3, 3), (3,)),
    ((4,), (4,)),
    ((3, 3), (3, 3)),
    ((4,), (4,), (4,)),
    ((2,), (2,), (2, 2)),
]
# They take arrays only to write them to a file or to print them.
NO_COMPUTATION = {"save", "savez", "array_repr", "array_str", "array2string"}


def flat(function):
    """The function with a flat list of arrays for a result."""

    def call(*arrays):
        leaves = jax.tree.leaves(function(*arrays))
        return [leaf for leaf in leaves if hasattr(leaf, "dtype")]

    return call


def shapes_it_takes(call):
    for shapes in SHAPES:
        structs = [jax.ShapeDtypeStruct(shape, np.float32) for shape in shapes]
        try:
            if jax.eval_shape(call, *structs):
                return shapes
        except Exception:
            continue
    return None


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_public_functions_are_imported(module):
    imported = 0
    for name in sorted(set(dir(module)) - NO_COMPUTATION):
        function = getattr(module, name)
        if name.startswith("_") or not callable(function) or isinstance(function, type):
            continue
        call = flat(function)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shapes = shapes_it_takes(call)
            if shapes is None:
                continue
            types = [ArrayType(FLOAT, shape) for shape in shapes]
            names = [f"x{number}" for number in range(len(types))]
            try:
                program = trace(call, types, name="f", input_names=names)
            except UnsupportedError:
                continue
        for variant in program.variants.values():
            check(variant)
            assert same(parse(to_text(variant)), variant), name
        run_program(program, FINAL, after=lambda _, before, after: check(after))
        imported += 1
    assert imported

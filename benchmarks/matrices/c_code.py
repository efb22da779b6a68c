"""What CasADi makes of the same formulas: C code, compiled and called in two ways.

A contender of a contest is called by XLA (a custom call of its foreign function
interface), so that a call costs the same to start as one of the kernel. Beside it
stands CasADi's own way, a `casadi.external` and its buffers: a call of that starts in a
fraction of a microsecond, and is timed against the kernel in a compiled loop, which
starts no calls at all.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from time import perf_counter
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from matrices.contests import COLOURED
from matrices.problems import Array
from partialc.benching.case import Bar, Case, Contender
from partialc.benching.measurement import Measurement

C_CODE: Final = "CasADi's C"
FLAGS: Final = ("-O3", "-march=native", "-fPIC", "-shared")
POINTS: Final = 100
TURNS: Final = 15
SLOWER: Final = 1.0
FASTER: Final = 1 / 3

_BRIDGE: Final = """
#include "xla/ffi/api/ffi.h"
namespace ffi = xla::ffi;
extern "C" int NAME(const double**, double**, long long*, double*, int);
static ffi::Error call(ffi::RemainingArgs given, ffi::ResultBuffer<ffi::F64> made) {
  static thread_local double w[REALS + 1];
  static thread_local long long iw[WHOLES + 1];
  const double* arguments[ARGUMENTS + 1];
  double* results[RESULTS + 1];
  for (size_t i = 0; i < given.size(); ++i)
    arguments[i] = given.get<ffi::Buffer<ffi::F64>>(i)->typed_data();
  results[0] = made->typed_data();
  NAME(arguments, results, iw, w, 0);
  return ffi::Error::Success();
}
XLA_FFI_DEFINE_HANDLER_SYMBOL(
    NAME_bridge, call,
    ffi::Ffi::Bind().RemainingArgs().Ret<ffi::Buffer<ffi::F64>>());
"""


def casadi() -> Any:
    """The library, None where it or a C compiler is not there."""
    if shutil.which("gcc") is None or shutil.which("g++") is None:
        return None
    try:
        return import_module("casadi")
    except ImportError:
        return None


@dataclass(frozen=True, eq=False)
class Generated:
    """A function of CasADi as C code.

    Attributes:
        bridged: For JAX: the values of the one result, in its column-major order.
        external: For CasADi.
        size: How many values.
    """

    bridged: Callable[..., Array]
    external: Any
    size: int


@cache
def folder() -> Path:
    """Where generated code lies until the process ends."""
    return Path(mkdtemp(prefix="casadi"))


def generated(function: Any) -> Generated:
    """Generate, compile and load a function that has one result."""
    library, name = casadi(), function.name()
    where = folder()
    writer = library.CodeGenerator(f"{name}.c")
    writer.add(function)
    writer.generate(f"{where}/")
    source, compiled = where / f"{name}.c", where / f"{name}.so"
    subprocess.run(["gcc", *FLAGS, "-o", compiled, source], check=True)
    counts = {
        "NAME": name,
        "ARGUMENTS": function.sz_arg(),
        "RESULTS": function.sz_res(),
        "WHOLES": function.sz_iw(),
        "REALS": function.sz_w(),
    }
    text = _BRIDGE
    for word, what in counts.items():
        text = text.replace(word, str(what))
    bridge, bridged = where / f"{name}_bridge.cc", where / f"{name}_bridge.so"
    bridge.write_text(text, encoding="utf-8")
    subprocess.run(
        [
            *("g++", "-std=c++17", "-O2", "-fPIC", "-shared", "-w"),
            *("-isystem", jax.ffi.include_dir(), "-o", bridged, bridge, compiled),
            f"-Wl,-rpath,{where}",
        ],
        check=True,
    )
    target = f"{name}_bridge"
    handler = getattr(ctypes.CDLL(str(bridged)), target)
    jax.ffi.register_ffi_target(target, jax.ffi.pycapsule(handler), platform="cpu")
    size = function.nnz_out(0)

    def values(*arguments: Array) -> Array:
        kind = jax.ShapeDtypeStruct((size,), jnp.float64)
        return jax.ffi.ffi_call(target, kind)(*arguments)

    return Generated(values, library.external(name, str(compiled)), size)


def beside_c(
    name: str,
    kernel: Callable[..., Array],
    in_c: Callable[[], Generated],
    coloured: Callable[..., Array] | None,
    draw: Callable[[int | None], tuple[Array, ...]],
) -> Case:
    """A kernel beside C code and a colouring library, as far as they are there.

    Args:
        name: What it is called.
        kernel: The kernel; its result is one array.
        in_c: Generates the C code.
        coloured: The library's way.
        draw: Makes the arguments.
    """
    rivals, bars = [], []
    if casadi() is not None:
        rivals.append(Contender(C_CODE, in_c().bridged))
        bars.append(Bar(C_CODE, "run", SLOWER))
    if coloured is not None:
        rivals.append(Contender(COLOURED, coloured))
        bars.append(Bar(COLOURED, "run", FASTER))
    return Case(name, None, kernel, tuple(rivals), draw, x64=True, bars=tuple(bars))


def in_loops(
    name: str,
    kernel: Callable[..., Array],
    rival: Generated,
    draw: Callable[[int | None], Sequence[Array]],
) -> Measurement:
    """Seconds for a point: the kernel in a compiled loop, over a call by buffers.

    Args:
        name: What it is called.
        kernel: The kernel; its result is one array.
        rival: The same in C.
        draw: Arguments for so many points.
    """
    with jax.enable_x64(True):
        points = draw(POINTS)
        looped = jax.jit(lambda *rows: jax.lax.map(lambda row: kernel(*row), rows))
        run = looped.lower(*points).compile()
        buffer, evaluate = rival.external.buffer()
        made = np.zeros(rival.size)
        given = [np.ascontiguousarray(each[0]) for each in points]
        for place, array in enumerate(given):
            buffer.set_arg(place, memoryview(array))
        buffer.set_res(0, memoryview(made))
        ratios = []
        for _ in range(TURNS):
            start = perf_counter()
            jax.block_until_ready(run(*points))
            middle = perf_counter()
            for _ in range(POINTS):
                evaluate()
            ratios.append((middle - start) / (perf_counter() - middle))
    return Measurement(f"{name}: in a loop, over {C_CODE}", median(ratios), "", SLOWER)

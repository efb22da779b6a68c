"""What a person would write instead of a kernel: plain JAX, jitted, as good as it gets.

The same function and the same results, in the ways that the field knows:

    full, then index   `jax.hessian(f)(x)[0, 2]`
    nested jvp         `jax.jvp` within `jax.jvp` with literal one-hot tangents
    jvp of grad        `jax.jvp(jax.grad(f), (x,), (one_hot,))[1][2]`
    nested grad        `jax.grad(lambda x: jax.grad(f)(x)[0])(x)[2]`

The first is the reference of the generated test (`partialc.reference`), whatever it
takes. The others are differentiated in the array leaves concerned only, share what
several results have in common, and map blocks over a basis. Those that do not apply,
that JAX refuses, or whose tensors would not fit in memory, are kept with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from math import prod
from typing import Any, Final

import jax

from partialc.benching.case import Contender
from partialc.benching.groups import Work
from partialc.benching.matrices import whole, with_places
from partialc.benching.strategies.forward import Forward
from partialc.benching.strategies.nests import Nests
from partialc.benching.strategies.reverse import Reverse
from partialc.benching.strategies.strategy import Refused, Strategy, wanted_leaves
from partialc.errors import REFUSALS
from partialc.frontends.primal import Primal
from partialc.realise.combine import combined
from partialc.realise.point import Point, leaves_of
from partialc.reference.body import Names
from partialc.reference.derivatives import Policy
from partialc.reference.expected import expected_text
from partialc.reference.running import defined
from partialc.request.resolved import Kernel, selections

FULL: Final = "full, then index"
FORWARD: Final = "nested jvp"
REVERSE: Final = "jvp of grad"
NESTS: Final = "nested grad"

_WAYS: Final[dict[str, type[Strategy]]] = {
    FORWARD: Forward,
    REVERSE: Reverse,
    NESTS: Nests,
}


def rivals_of(
    kernel: Kernel,
    primal: Primal,
    example: Sequence[Any],
    *,
    rows: int = 1,
    memory: int = 2**31,
    names: Collection[str] | None = None,
) -> tuple[Contender, ...]:
    """All rivals of a kernel, for one row of arguments.

    Args:
        kernel: What is to be computed.
        primal: The function.
        example: Arguments of the kernel, for one row, to try the rivals on.
        rows: How many rows the rivals will be mapped over.
        memory: How many bytes the tensor of the full rival may take.
        names: Those wanted; None for all.
    """
    work = Work.of(kernel)

    def call(way: type[Strategy]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            point = Point.of(primal, kernel, arguments)
            parts = way(point).evaluate(work)
            return whole(kernel, combined(kernel, parts, point))

        return run

    found = []
    if names is None or FULL in names:
        refusal = _too_large(work, primal, kernel, example, rows, memory)
        if refusal is not None:
            found.append(Contender(FULL, None, refusal))
        else:
            calls = [_full(kernel, primal, policy) for policy in Policy]
            found.append(_first_accepted(FULL, calls, example))
    for name, way in _WAYS.items():
        if names is None or name in names:
            found.append(_first_accepted(name, [call(way)], example))
    return tuple(found)


def _full(kernel: Kernel, primal: Primal, policy: Policy) -> Callable[..., Any]:
    """The reference of the generated test, one array for each of the result's."""
    names = Names(primal.signature)
    expected = expected_text(kernel, names, policy=policy, work=None)
    name = f"expected_{kernel.name}"
    run = defined(expected.reference, name, primal.call, expected.given)
    return lambda *arguments: with_places(kernel, jax.tree.leaves(run(*arguments)))


def _first_accepted(
    name: str, calls: Sequence[Callable[..., Any]], example: Sequence[Any]
) -> Contender:
    refusal = ""
    for call in calls:
        try:
            jax.jit(call).lower(*example)  # tracing alone lets a custom_vjp's jvp pass
        except Refused as refused:
            refusal = refusal or str(refused)
        except REFUSALS as error:
            refusal = refusal or f"JAX refuses: {_first_line(error)}"
        else:
            return Contender(name, call)
    return Contender(name, None, refusal)


def _too_large(
    work: Work,
    primal: Primal,
    kernel: Kernel,
    example: Sequence[Any],
    rows: int,
    memory: int,
) -> str | None:
    elements = _tensor_elements(work, Point.of(primal, kernel, example))
    regime = next(iter(primal.program.variants))
    kinds = [leaf.type.dtype for leaf in primal.signature.result.leaves]
    widths = [kind.numpy(regime).itemsize for kind in kinds if kind.is_inexact]
    size = elements * rows * max(widths, default=4)
    if size <= memory:
        return None
    each = f" for each of {rows:,} rows" if rows > 1 else ""
    return f"the tensor holds {elements:,} numbers{each}: {size / 2**30:,.1f} GiB"


def _tensor_elements(work: Work, point: Point) -> int:
    """How many numbers the largest tensor of a kernel holds."""

    def size(leaves: Sequence[int]) -> int:
        return sum(prod(point.shape(leaf)) for leaf in leaves)

    largest = 1
    for group in work.groups:
        results = sum(
            prod(point.whole_output(each).shape)
            for output in group.outputs
            for each in selections(output)
        )
        inputs = [size(leaves_of(axis)) for axis in group.axes]
        largest = max(largest, results * prod(inputs))
    for products in work.products:
        for _, part in products.parts:
            outputs = part.outputs or (part.output,)
            results = sum(prod(point.whole_output(o).shape) for o in outputs)
            spaces = [wanted_leaves(products), part.directions]
            elements = results * prod(size(space) for space in spaces if space)
            largest = max(largest, elements)
    return largest


def _first_line(error: Exception) -> str:
    line = str(error).partition("\n")[0]
    return line if len(line) <= 160 else line[:157] + "..."

"""One random program, what is asked of it, how it is built and where it is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Literal

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

import partialc
from partialc.api import Module
from partialc.ir.dtypes import Regime
from partialc.spec.model import Form
from tests.oracle import Mode, reference_value
from tests.property.programs import RandomProgram, draw_program
from tests.property.requests import PARAMETER, draw_request

Leaves = Callable[..., list[Any]]
"""What a kernel gives at one point, or what it must give, as a list of arrays."""

Points = Literal["uniform", "special", "equal", "large"]

COUNT: Final = 3
"""Points a case is tried at."""

NEAR: Final[tuple[Points, ...]] = ("uniform", "uniform", "uniform", "special", "equal")
LARGE: Final[tuple[Points, ...]] = ("large",)
"""Where functions saturate or overflow."""

SPECIAL: Final = (0.0, 1.0, -1.0, 0.5, 2.0)
FAR: Final = (30.0, -30.0, 100.0, -100.0, 1e4, 1e-4)


@dataclass(frozen=True, slots=True)
class Case:
    """A kernel of a random program, as data: its `repr` builds it again.

    Attributes:
        program: The function.
        requests: What is asked of it, one field each.
        form: As in a spec.
        batch: As in a spec.
        reassociate: As in a spec.
        differentiable: As in a spec; the gradient of the kernel is looked at then.
        regime: The float width of the caller and its x64 flag, `Regime` by value.
        points: What kind of points it is called at.
        seed: Of the points.
    """

    program: RandomProgram
    requests: tuple[str, ...]
    form: Form = "auto"
    batch: tuple[str, ...] = ()
    reassociate: bool = True
    differentiable: bool = False
    regime: str = "wide"
    points: Points = "uniform"
    seed: int = 0

    def compiled(self) -> Module:
        """The module."""
        shape = ",".join(map(str, self.program.shape))
        return partialc.compile(
            lambda x, t: self.program(x, t),
            {"x": f"float[{shape}]", "t": "float"},
            {"kernel": {f"field{n}": text for n, text in enumerate(self.requests)}},
            "drawn",
            form=self.form,
            reassociate=self.reassociate,
            differentiable=self.differentiable,
            **({"batch": list(self.batch)} if self.batch else {}),
        )

    @property
    def dtype(self) -> Any:
        """The float type it is called with."""
        return np.dtype("float64" if self.regime == Regime.WIDE.value else "float32")

    def arguments(self, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        """`COUNT` points, one after the other along axis 0.

        Args:
            names: The further arguments of the kernel; they are drawn too.
        """
        random = np.random.RandomState(self.seed)
        shapes = {"x": self.program.shape, "t": (), PARAMETER: ()}
        found = {}
        for name in ("x", "t", *names):
            shape = shapes.get(name.partition("_tangent")[0], self.program.result_shape)
            is_point = name in ("x", "t")
            kind = self.points if is_point else "uniform"
            rows = [drawn(random, kind, shape) for _ in range(COUNT)]
            if not self._has_rows(name):
                rows = rows[:1] * COUNT
            found[name] = np.stack(rows).astype(self.dtype)
        return found

    def kernel(self, module: Module, wrt: Sequence[int] | None = None) -> Leaves:
        """The kernel at many points at once, compiled.

        Args:
            module: The compiled case.
            wrt: The arguments to differentiate it by, where that is looked at.
        """
        kernel = module.load().kernel
        names = ["x", "t", *_directions(module)]
        looks = self.looks_at_gradient(module)
        if not self.batch:
            return jax.jit(
                jax.vmap(_leaves(kernel, wrt or self.wrt, looks, rows=False))
            )

        def call(*given: Any) -> Any:
            return kernel(
                *(
                    array if self._has_rows(name) else array[0]
                    for name, array in zip(names, given, strict=True)
                )
            )

        return _leaves(call, self.wrt, looks, rows=True)

    def reference(self, module: Module, modes: Sequence[Mode]) -> Leaves:
        """What the kernel must give at many points at once, compiled."""
        compiled = module.compiled
        fields = compiled.kernels["kernel"].fields
        names = _directions(module)

        def call(x: Any, t: Any, *given: Any) -> Any:
            directions = dict(zip(names, given, strict=True))
            return [
                reference_value(compiled.primal, field, [x, t], directions, modes)
                for field in fields
            ]

        looks = self.looks_at_gradient(module)
        return jax.jit(jax.vmap(_leaves(call, self.wrt, looks, rows=False)))

    def looks_at_gradient(self, module: Module) -> bool:
        """Whether the kernel is differentiated too: custom rules it may have lost."""
        form = module.plan.kernels["kernel"].chosen.form
        is_guarded = form == "expanded" and module.compiled.primal.has_custom_rules
        return self.differentiable and not is_guarded

    def _has_rows(self, name: str) -> bool:
        """Whether an argument of the kernel has an axis for points."""
        argument = name.partition("_tangent")[0]
        if name == PARAMETER:
            return not self.batch
        return not self.batch or argument not in ("x", "t") or argument in self.batch

    @property
    def wrt(self) -> tuple[int, ...]:
        """The arguments that a gradient of the kernel is taken by, point for point."""
        return tuple(n for n, name in enumerate(("x", "t")) if self._has_rows(name))


def _leaves(
    call: Callable[..., Any], wrt: Sequence[int], looks: bool, *, rows: bool
) -> Leaves:
    """Results as a list, then the gradient of their weighted sum if wanted."""

    def total(*given: Any) -> tuple[Any, list[Any]]:
        leaves = jax.tree.leaves(call(*given))
        return sum((_weighed(leaf, rows) for leaf in leaves), jnp.zeros(())), leaves

    def run(*given: Any) -> list[Any]:
        if not looks:
            return jax.tree.leaves(call(*given))
        gradients, leaves = jax.grad(total, tuple(wrt), has_aux=True)(*given)
        return [*leaves, *gradients]

    return run


def _directions(module: Module) -> list[str]:
    return [each.name for each in module.compiled.kernels["kernel"].directions]


def _weighed(leaf: Any, rows: bool) -> Any:
    """Its elements, each with a weight of its own, added up."""
    flat = leaf.reshape(leaf.shape[0], -1) if rows else leaf.reshape(1, -1)
    weights = jnp.cos(jnp.arange(flat.shape[1], dtype=leaf.dtype))
    return jnp.sum(flat @ weights)


def drawn(random: np.random.RandomState, kind: Points, shape: Any) -> NDArray[Any]:
    """An array for a point of some kind."""
    uniform = np.asarray(random.uniform(-1, 1, shape))
    match kind:
        case "uniform":
            return uniform
        case "special":
            return np.asarray(random.choice(SPECIAL, shape))
        case "equal":
            return np.full(shape, random.uniform(-1, 1))
        case "large":
            some = np.asarray(random.choice(FAR, shape))
            return np.where(random.uniform(0, 1, shape) < 0.5, some, uniform)


def draw_case(random: Random, points: Sequence[Points]) -> Case:
    """Random programs, requests, options and points of these kinds."""
    program = draw_program(random)
    count = random.choice([1, 1, 2, 3])
    is_plain = program.is_forward_only or random.randint(0, 3) < 3
    return Case(
        program=program,
        requests=tuple(draw_request(random, program) for _ in range(count)),
        form=random.choice(["auto", "chain", "expanded"]),
        batch=random.choice([(), (), (), ("x",), ("t",), ("x", "t")]),
        reassociate=random.randint(0, 3) < 3,
        differentiable=not is_plain,
        regime=random.choice(["wide", "wide", "narrow", "mixed"]),
        points=random.choice(points),
        seed=random.randint(0, 99),
    )

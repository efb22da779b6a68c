"""The chains of one kernel: written, traced, counted, and their programs finished."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from partialc.errors import InternalError
from partialc.frontends.primal import Primal
from partialc.ir.dtypes import DType, Regime
from partialc.ir.program import Function, Program
from partialc.ir.structure import all_equations
from partialc.lowering.passes import Grade, Pass
from partialc.lowering.pipeline import (
    Variant,
    keeping_values,
    knowing_limits,
    run_program,
)
from partialc.ops.cost import cost_of
from partialc.ops.registry import Cost
from partialc.planning.cost import count, weight
from partialc.planning.counting import call_cost, heaviest
from partialc.planning.family import Option
from partialc.planning.parts import values_of
from partialc.planning.realisation import Chained, FlatCall, WrittenOut
from partialc.realise.chain import Chain
from partialc.realise.execute import flat_call, kernel_types, trace_flat, trace_program
from partialc.realise.writer import ChainText, write
from partialc.request.resolved import Kernel
from partialc.sampling.domain import EVERYWHERE, Ranges

STATEMENT: Final = 24
"""Characters that an operation takes in a written-out kernel, on average."""


class Tracer:
    """Writes, traces, counts and finishes the chains of one kernel; remembers traces.

    Attributes:
        kernel: What the chains deliver.
        primal: The function.
    """

    def __init__(
        self,
        kernel: Kernel,
        primal: Primal,
        function: str,
        *,
        taken: Collection[str] = (),
        constants: Mapping[str, NDArray[np.int64]],
        differentiable: bool = False,
        ranges: Ranges = EVERYWHERE,
    ) -> None:
        """Set it up.

        Args:
            kernel: What the chains deliver.
            primal: The function.
            function: The name the generated module calls it by.
            taken: Names that local variables may not have.
            constants: The position arrays the module defines for the kernel, by name.
            differentiable: Whether to count the gradient of a chain in its place.
            ranges: Where the function may be evaluated.
        """
        self.kernel = kernel
        self.primal = primal
        self._function = function
        self._taken = frozenset(taken)
        self._constants = constants
        self._differentiable = differentiable
        self._ranges = ranges
        self._traces: dict[tuple[str, Regime], Function] = {}
        self._programs: dict[str, Program] = {}

    def candidate(self, title: str, chain: Chain) -> Chained:
        """A chain with its text and cost, or with the reason why there is none.

        The cost is that of its trace in the widest regime; in the regime in which it
        costs most, where the function itself differs.
        """
        signature = self.primal.signature
        text = write(
            chain, signature, self._function, taken=self._taken, given=self._constants
        )
        call = self._run(text, chain.kernel)
        found = Chained(title, None, _length(text), chain=chain, text=text, run=call)
        try:
            return replace(
                found,
                cost=self._cost(found),
                training=self._training(call, chain) if self._differentiable else None,
            )
        except (InternalError, NameError, SyntaxError):
            raise
        except Exception as error:
            return replace(found, length=0, refusal=_refusal(error))

    def _cost(self, chained: Chained) -> Cost:
        chain = chained.chain
        if chain.kernel is not self.kernel:
            return call_cost(chained.call(Regime.WIDE), chain.kernel, self.primal)
        if self.primal.program.generic is not None:
            return count(self.program(chained))
        return heaviest(self.programs(chained))

    def _training(self, call: FlatCall, chain: Chain) -> Cost:
        types = kernel_types(chain.kernel, self.primal.signature)
        gradient = _gradient(call, [kind.dtype for kind in types])
        return call_cost(gradient, chain.kernel, self.primal)

    def finish(self, chained: Chained, variant: Variant) -> WrittenOut:
        """A chain written out: its program in all regimes, after all passes.

        The cost is that of what ships: where the regimes' programs differ, of the
        heaviest.

        Args:
            chained: The chain.
            variant: The passes.
        """
        regrouped: dict[str, None] = {}

        def note(step: Pass, before: Function, after: Function) -> None:
            if step.grade is Grade.REASSOCIATING and after is not before:
                regrouped[step.name] = None

        written = WrittenOut(chained.title, of=chained, variant=variant)
        try:
            traced = self.programs(chained)
        except (InternalError, NameError, SyntaxError):
            raise
        except Exception as error:
            return replace(written, refusal=_refusal(error))
        regions = self._ranges.by_leaf(self.primal.signature)
        passes = knowing_limits(
            keeping_values(variant.passes, values_of(self.kernel)),
            tuple(region.limits for region in regions),
        )
        program = run_program(traced, passes, after=note)
        distinct = list(dict.fromkeys(program.variants.values()))
        return replace(
            written,
            cost=max(map(cost_of, distinct), key=weight),
            length=STATEMENT * sum(len(list(all_equations(each))) for each in distinct),
            program=program,
            regroupings=tuple(regrouped),
        )

    def program(self, chained: Chained) -> Function:
        """A chain as it was traced, in the widest regime."""
        return self.traced(chained, Regime.WIDE)

    def programs(self, chained: Chained) -> Program:
        """A chain as it was traced, in every regime.

        Raises:
            Exception: Whatever JAX raises in a regime other than the widest.
        """
        key = chained.chain.key
        if key not in self._programs:
            self._programs[key] = trace_program(
                chained.call(Regime.WIDE),
                self.kernel,
                self.primal.signature,
                self.program(chained),
            )
        return self._programs[key]

    def traced(self, chained: Chained, regime: Regime) -> Function:
        """A chain as it was traced in one regime.

        The widest is that of the trace alone, float64 throughout, whether or not one
        program serves all regimes: there numbers are folded as the chain itself does.

        Raises:
            Exception: Whatever JAX raises in a regime other than the widest.
        """
        chain = chained.chain
        if regime is not Regime.WIDE and chain.key in self._programs:
            return self._programs[chain.key].variants[regime]
        key = chain.key, regime
        if key not in self._traces:
            self._traces[key] = trace_flat(
                chained.call(regime), chain.kernel, self.primal.signature, regime
            )
        return self._traces[key]

    def single(self, option: Option) -> float:
        """The weight of one part's option on its own; infinite when JAX refuses it."""
        chain = Chain(replace(self.kernel, fields=()), (option.read,))
        candidate = self.candidate(option.family.value, chain)
        cost = candidate.training or candidate.cost
        return float("inf") if cost is None else weight(cost)

    def _run(self, text: ChainText, kernel: Kernel) -> FlatCall:
        return flat_call(
            text,
            kernel,
            self.primal.signature,
            self._function,
            self.primal.call,
            given=self._constants,
        )


def _length(text: ChainText) -> int:
    return sum(map(len, (*text.lines, *text.parts)))


def _refusal(error: Exception) -> str:
    reason = str(error).strip().split("\n")[0]
    return f"JAX refuses it: {reason}"


def _gradient(run: FlatCall, dtypes: Sequence[DType]) -> FlatCall:
    """What a training step computes: the gradient of a scalar made of the results."""
    moved = tuple(number for number, dtype in enumerate(dtypes) if dtype.is_float)

    def total(*leaves: jax.Array) -> jax.Array:
        parts = run(*leaves)
        return sum((jnp.sum(part**2) for part in parts), start=jnp.zeros(()))

    def gradient(*leaves: jax.Array) -> Sequence[jax.Array]:
        result: Any = jax.grad(total, argnums=moved)(*leaves)
        return tuple(result)

    return gradient

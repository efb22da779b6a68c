"""The chains of one kernel: written, traced, counted, and their programs finished."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from partialc.errors import InternalError, UnsupportedError
from partialc.frontends.primal import Primal
from partialc.ir.dtypes import DType, Regime
from partialc.ir.jaxprs import trace
from partialc.ir.program import Function, Program
from partialc.ir.structure import size
from partialc.lowering.passes import Grade, Pass
from partialc.lowering.pipeline import (
    Variant,
    keeping_values,
    knowing_limits,
    run_program,
)
from partialc.lowering.structured.matrix import Matrices
from partialc.ops.cost import cost_of, weight
from partialc.planning.body import statements
from partialc.planning.cost import Burden
from partialc.planning.counting import counted, counted_call
from partialc.planning.family import Option
from partialc.planning.preference import LONGEST, Preference
from partialc.planning.realisation import Chained, FlatCall, Realisation, WrittenOut
from partialc.printing import ModuleScope
from partialc.realise.chain import Chain
from partialc.realise.combine import combined, has_combinations
from partialc.realise.execute import (
    flat_call,
    input_names,
    kernel_types,
    trace_flat,
    trace_program,
)
from partialc.realise.point import Point
from partialc.realise.writer import ChainText, write
from partialc.request.parts import values_of
from partialc.request.resolved import Kernel
from partialc.sampling.domain import EVERYWHERE, Ranges

Way = TypeVar("Way", bound=Realisation)
Written = TypeVar("Written", bound=WrittenOut)

LONG_TRACE: Final = 20_000
"""A chain of more equations is written out in one regime first: to trace it in the
others takes seconds."""


class Tracer:
    """Writes, traces, counts and finishes the chains of one kernel; remembers traces.

    Attributes:
        kernel: What the chains deliver.
        primal: The function.
        matrices: The matrices of its derivatives.
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
        matrices: Matrices | None = None,
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
            matrices: Matrices of the function, when several kernels share them.
        """
        self.kernel = kernel
        self.primal = primal
        self.matrices = matrices or Matrices()
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
        found = Chained(
            title,
            chain=chain,
            text=text,
            run=call,
            trace=partial(self._traced, chain, call),
        )
        try:
            found = replace(found, burden=self._burden(found))
            return self._trained(found) if self._differentiable else found
        except (InternalError, NameError, SyntaxError):
            raise
        except Exception as error:
            return replace(found, refusal=_refusal(error))

    def _burden(self, chained: Chained) -> Burden:
        chain = chained.chain
        if chain.kernel is not self.kernel:
            run = chained.call(Regime.WIDE)
            work = counted_call(run, chain.kernel, self.primal)
        elif self.primal.program.generic is not None:
            work = counted([chained.widest])
        else:
            work = counted(self.programs(chained).variants.values())
        read = self._statements(chained)
        return Burden(work.cost, work.operations, read, is_chain=True)

    def _trained(self, way: Way) -> Way:
        """A way with what the gradient of its results takes.

        Raises:
            Exception: Whatever JAX raises.
        """
        kernel, burden = way.origin.chain.kernel, way.burden
        assert burden is not None, "what JAX refuses has no gradient"
        types = kernel_types(kernel, self.primal.signature)
        run = way.call(Regime.WIDE)
        gradient = _gradient(run, [kind.dtype for kind in types])
        work = counted_call(gradient, kernel, self.primal)
        training = replace(burden, cost=work.cost, operations=work.operations)
        return replace(way, training=training)

    def _statements(self, realisation: Realisation) -> int:
        scope = ModuleScope(self._taken)
        kernel = realisation.origin.chain.kernel
        return statements(realisation.body(kernel, self.primal.signature, scope), scope)

    def finish(
        self, chained: Chained, variant: Variant, rivals: Preference | None = None
    ) -> WrittenOut:
        """A chain written out: its program in all regimes, after all passes.

        The cost is that of what ships: where the regimes' programs differ, of the
        heaviest.

        Args:
            chained: The chain.
            variant: The passes.
            rivals: What its text must not be too long beside. Of a very long chain the
                widest regime alone then tells, before the others are traced.
        """
        written = WrittenOut(chained.title, of=chained, variant=variant)
        if rivals is not None and size(chained.widest) > LONG_TRACE:
            alone = Program(chained.widest.name, {Regime.WIDE: chained.widest})
            widest = self.lowered(written, alone)
            refusal = rivals.refusal(widest)
            if refusal is not None:
                return replace(written, refusal=refusal, alone=widest.burden)
        try:
            traced = self.programs(chained)
        except (InternalError, NameError, SyntaxError):
            raise
        except Exception as error:
            return replace(written, refusal=_refusal(error))
        return self.lowered(written, traced)

    def lowered(self, written: Written, traced: Program) -> Written:
        """A way to deliver the kernel after its passes, with what it takes.

        Args:
            written: The way, and its passes.
            traced: Its program before them.
        """
        regrouped: dict[str, None] = {}

        def note(step: Pass, before: Function, after: Function) -> None:
            if step.grade is Grade.REASSOCIATING and after is not before:
                regrouped[step.name] = None

        regions = self._ranges.by_leaf(self.primal.signature)
        passes = knowing_limits(
            keeping_values(written.variant.passes, values_of(self.kernel)),
            tuple(region.limits for region in regions),
        )
        program = run_program(traced, passes, after=note)
        distinct = list(dict.fromkeys(program.variants.values()))
        written = replace(written, program=program, regrouped=tuple(regrouped))
        try:
            read = self._statements(written)
        except UnsupportedError as error:
            return replace(written, program=None, refusal=str(error).partition("\n")[0])
        burden = Burden(
            max(map(cost_of, distinct), key=weight), max(map(size, distinct)), read
        )
        written = replace(written, burden=burden)
        if not self._differentiable or read > LONGEST:
            return written
        try:
            return self._trained(written)
        except (InternalError, NameError, SyntaxError):
            raise
        except Exception as error:
            return replace(written, burden=None, refusal=_refusal(error))

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
                chained.widest,
            )
        return self._programs[key]

    def derivatives(self, chained: Chained) -> Program:
        """A chain as it is traced before its derivatives are combined.

        Raises:
            Exception: Whatever JAX raises in a regime other than the widest.
        """
        if not has_combinations(self.kernel):
            return self.programs(chained)
        assert chained.text is not None, f"{chained.title!r} was never written"
        run = self._run(chained.text, chained.chain.kernel, combined=False)
        return trace_program(run, self.kernel, self.primal.signature)

    def combination(self, derivatives: Function) -> Program:
        """What becomes of derivatives, as a program of the flat inputs and of these.

        Args:
            derivatives: The program whose outputs they are.
        """
        given = kernel_types(self.kernel, self.primal.signature)
        found = tuple(atom.type for atom in derivatives.outputs)
        names = input_names(self.kernel, self.primal.signature)

        def run(*arrays: jax.Array) -> Sequence[jax.Array]:
            point = Point.of(self.primal, self.kernel, arrays[: len(given)])
            return combined(self.kernel, arrays[len(given) :], point)

        return trace(
            run,
            (*given, *found),
            name=self.kernel.name,
            input_names=(*names, *["derivative"] * len(found)),
            rules=False,
        )

    def _traced(self, chain: Chain, call: FlatCall, regime: Regime) -> Function:
        """A chain as it was traced in one regime.

        The widest is that of the trace alone, float64 throughout, whether or not one
        program serves all regimes: there numbers are folded as the chain itself does.

        Raises:
            Exception: Whatever JAX raises in a regime other than the widest.
        """
        if regime is not Regime.WIDE and chain.key in self._programs:
            return self._programs[chain.key].variants[regime]
        key = chain.key, regime
        if key not in self._traces:
            self._traces[key] = trace_flat(
                call, chain.kernel, self.primal.signature, regime
            )
        return self._traces[key]

    def single(self, option: Option) -> float:
        """The weight of one part's option on its own; infinite when JAX refuses it."""
        chain = Chain(replace(self.kernel, fields=()), (option.read,))
        candidate = self.candidate(option.family.value, chain)
        burden = candidate.weighed
        return float("inf") if burden is None else weight(burden.cost)

    def _run(
        self, text: ChainText, kernel: Kernel, *, combined: bool = True
    ) -> FlatCall:
        return flat_call(
            text,
            kernel,
            self.primal.signature,
            self._function,
            self.primal.call,
            given=self._constants,
            combined=combined,
        )


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

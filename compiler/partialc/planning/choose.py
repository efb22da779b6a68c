"""Choosing a chain: every candidate is written, traced, counted; the lightest wins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from partialc.errors import FrontendError, InternalError, PartialcError
from partialc.frontends.primal import Primal
from partialc.ir.dtypes import DType
from partialc.ir.program import Function
from partialc.ir.structure import all_equations
from partialc.lowering.pipeline import REASSOCIATING, SPECIALISED, Pass, run
from partialc.ops.cost import cost_of
from partialc.planning.cost import count, weight
from partialc.planning.family import Option
from partialc.planning.merge import merge
from partialc.planning.options import options
from partialc.planning.plan import Candidate, KernelPlan, score
from partialc.planning.proposals import proposals
from partialc.planning.reference import References
from partialc.planning.zeros import zero_warnings
from partialc.realise.chain import Basis, Chain, Path
from partialc.realise.execute import flat_call, kernel_types, trace_flat
from partialc.realise.writer import ChainText, write
from partialc.request.resolved import Block, Coordinates, Kernel, Product
from partialc.sampling.domain import EVERYWHERE, Ranges
from partialc.spec.model import Form

STATEMENT: Final = 24
"""Characters that an operation takes in a written-out kernel, on average."""

SHORT: Final = 30 * STATEMENT
"""Kernels up to this length are written out whenever that makes them lighter."""

LONG: Final = 150 * STATEMENT
WORTH_READING: Final = 1.5
"""Kernels from `LONG` on are written out when the work shrinks at least by this factor,
those in between by one in proportion: what a person has to read must be worth it."""

LONG_PROGRAM: Final = 2000
"""Of programs with more equations a pass back is not tried where one tangent does."""

OUTDONE: Final = "not tried: it takes more than one tangent does, and long to trace"

MAX_EXPANDED: Final = 3
"""So many of the lightest chains are written out, when that is asked for."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What planning is to respect.

    Attributes:
        form: The form asked for; `auto` leaves the choice.
        differentiable: Whether the kernel's own gradient is what has to be cheap.
        taken: Names that local variables may not have.
        constants: The position arrays the module defines for the kernel, by name.
        passes: What turns a chain's program into what is written out.
    """

    form: Form
    differentiable: bool
    taken: frozenset[str]
    constants: Mapping[str, NDArray[np.int64]]
    passes: Sequence[Pass] = SPECIALISED


def parts_of(kernel: Kernel) -> list[Block | Product]:
    """All parts of a kernel, in the order of `Chain.reads`."""
    return [part for field in kernel.fields for part in jax.tree.leaves(field.parts)]


def plan_kernel(
    kernel: Kernel,
    primal: Primal,
    function: str,
    wish: Wish,
    references: References | None = None,
    ranges: Ranges = EVERYWHERE,
) -> KernelPlan:
    """Choose how to deliver a kernel.

    Args:
        kernel: What is wanted.
        primal: The function.
        function: The name the generated module calls it by.
        wish: What to respect.
        references: The function's full references, when several kernels share them.
        ranges: Where the function may be evaluated.

    Raises:
        FrontendError: JAX cannot differentiate the function in any way that would do.
    """
    commute = not primal.has_custom_rules
    cotangent = _cotangent(kernel)
    choices = [
        options(part, primal.signature, commute=commute, cotangent=cotangent)
        for part in parts_of(kernel)
    ]
    counter = _Counter(kernel, primal, function, wish)
    written: dict[tuple[Path, ...], tuple[str, Chain]] = {}
    for title, reads in proposals(choices, counter.single):
        chain = Chain(kernel, merge(reads, commute=commute))
        written.setdefault(chain.paths, (title, chain))
    chains = sorted(_tried(written, counter, primal), key=_rank)
    if chains[0].cost is None:
        raise _refused(kernel, primal, chains)
    expanded = _expanded(chains, counter, primal)
    if wish.form == "expanded":
        chosen, *rejected = [*sorted(expanded, key=_rank), *chains]
    else:
        chosen, *rejected = sorted([*chains, *expanded], key=_rank)
    warnings = zero_warnings(
        counter.shipped(chosen),
        counter.flat(chosen),
        kernel,
        primal.signature,
        ranges.by_leaf(primal.signature),
    )
    return KernelPlan(
        kernel=kernel,
        chosen=chosen,
        rejected=tuple(rejected),
        reference=(references or References(primal)).cost(kernel),
        facts=(*_facts(primal, commute=commute), *counter.rounding_facts(chosen)),
        warnings=warnings,
    )


def _tried(
    written: Mapping[tuple[Path, ...], tuple[str, Chain]],
    counter: _Counter,
    primal: Primal,
) -> list[Candidate]:
    """The candidates, counted; of a long program not those that cannot win.

    A pass back takes the function forward too, and keeps what it computes.
    """
    found: dict[tuple[Path, ...], Candidate] = {}
    singles = [paths for paths in written if _is_one_tangent(paths)]
    for paths in singles:
        found[paths] = counter.candidate(*written[paths])
    is_outdone = (
        any(found[paths].cost for paths in singles)
        and not counter.wish.differentiable
        and _is_long(primal)
    )
    for paths, (title, chain) in written.items():
        if is_outdone and any(path.pull for path in paths):
            found[paths] = Candidate("chain", title, chain, None, None, 0, OUTDONE)
        elif paths not in found:
            found[paths] = counter.candidate(title, chain)
    return [found[paths] for paths in written]


def _is_one_tangent(paths: Sequence[Path]) -> bool:
    """Whether a chain is one tangent, pushed through the function."""
    if len(paths) != 1 or paths[0].pull is not None:
        return False
    pushes = paths[0].pushes
    return len(pushes) == 1 and not isinstance(pushes[0], Basis)


def _is_long(primal: Primal) -> bool:
    """Whether tracing a derivative takes seconds."""
    variants = primal.program.variants.values()
    return max(sum(1 for _ in all_equations(each)) for each in variants) > LONG_PROGRAM


def _cotangent(kernel: Kernel) -> tuple[Coordinates, ...]:
    for direction in kernel.directions:
        if direction.argument is None:
            return tuple(
                jax.tree.leaves(
                    direction.outputs, is_leaf=lambda x: isinstance(x, Coordinates)
                )
            )
    return ()


def _rank(candidate: Candidate) -> tuple[float, int]:
    """Lightest first, reading included; refused ones last."""
    return (score(candidate), candidate.length)


def _expanded(
    chains: Sequence[Candidate], counter: _Counter, primal: Primal
) -> list[Candidate]:
    """The lightest chains written out, as far as that is asked for or pays.

    Left to itself planning writes out what is short, and what saves much: a kernel of a
    few statements is better than any chain, one of hundreds is only read for a reason.
    Custom rules are gone from a written-out kernel, so it could not be differentiated
    again: that has to be asked for.
    """
    form = counter.wish.form
    if form == "chain":
        return []
    tried = [chain for chain in chains[:MAX_EXPANDED] if chain.cost is not None]
    if form == "expanded":
        return [counter.expanded(chain) for chain in tried]
    if counter.wish.differentiable or primal.has_custom_rules:
        return []
    first = counter.expanded(tried[0])
    if not _pays(first, tried[0]):
        return []
    others = [] if first.length <= SHORT else map(counter.expanded, tried[1:])
    return [first, *(other for other in others if _pays(other, tried[0]))]


def _pays(expanded: Candidate, chain: Candidate) -> bool:
    """Whether a person would rather have the written-out kernel."""
    excess = (expanded.length - SHORT) / (LONG - SHORT)
    wanted = 1 + (WORTH_READING - 1) * min(max(excess, 0), 1)
    return _gain(expanded, chain) >= wanted


def _gain(expanded: Candidate, chain: Candidate) -> float:
    """How much lighter a written-out kernel is than the lightest chain."""
    if expanded.cost is None or chain.cost is None:
        return 0.0
    return weight(chain.cost) / max(weight(expanded.cost), 1)


def _facts(primal: Primal, *, commute: bool) -> tuple[str, ...]:
    if commute:
        return ()
    return (
        f"{primal.signature.name} has custom derivative rules: mixed partials may "
        "depend on their order, so they are taken as written, and twins not merged",
    )


def _refused(
    kernel: Kernel, primal: Primal, candidates: Sequence[Candidate]
) -> PartialcError:
    reasons = "; ".join(
        f"{candidate.title}: {candidate.refusal}" for candidate in candidates
    )
    return FrontendError(
        f"no plan for the kernel {kernel.name!r}: JAX refuses every candidate",
        where=primal.origin,
        why=reasons,
        fix="ask for derivatives that the function's own rules allow, or change it: "
        "lax.scan instead of lax.while_loop, custom_jvp instead of custom_vjp",
    )


class _Counter:
    """Writes, traces and counts chains for one kernel."""

    def __init__(
        self, kernel: Kernel, primal: Primal, function: str, wish: Wish
    ) -> None:
        self.kernel = kernel
        self.primal = primal
        self.function = function
        self.wish = wish
        self._programs: dict[tuple[Path, ...], Function] = {}
        self._finished: dict[tuple[Path, ...], Function] = {}
        self._regrouped: dict[tuple[Path, ...], tuple[str, ...]] = {}

    def candidate(self, title: str, chain: Chain) -> Candidate:
        """A chain with its text and cost, or with the reason why there is none."""
        signature = self.primal.signature
        text = write(
            chain,
            signature,
            self.function,
            taken=self.wish.taken,
            given=self.wish.constants,
        )
        call = self.run(text, chain.kernel)
        if self.wish.differentiable:
            call = _gradient(
                call, [t.dtype for t in kernel_types(chain.kernel, signature)]
            )
        try:
            program = trace_flat(call, chain.kernel, signature)
        except (InternalError, NameError, SyntaxError):
            raise
        except Exception as error:
            reason = str(error).strip().split("\n")[0]
            return Candidate(
                "chain", title, chain, text, None, 0, f"JAX refuses it: {reason}"
            )
        if not self.wish.differentiable and chain.kernel is self.kernel:
            self._programs[chain.paths] = program
        length = sum(map(len, (*text.lines, *text.parts)))
        return Candidate("chain", title, chain, text, count(program), length)

    def expanded(self, candidate: Candidate) -> Candidate:
        """A chain written out: its program after all passes, counted as it stands."""
        program = self.program(candidate)
        regrouped: list[str] = []

        def note(name: str, after: Function) -> None:
            nonlocal program
            if name in REASSOCIATING and after is not program:
                regrouped.append(name)
            program = after

        finished = run(program, self.wish.passes, after=note)
        self._regrouped[candidate.chain.paths] = tuple(regrouped)
        self._finished[candidate.chain.paths] = finished
        length = STATEMENT * sum(1 for _ in all_equations(finished))
        return replace(
            candidate, form="expanded", cost=cost_of(finished), length=length
        )

    def rounding_facts(self, chosen: Candidate) -> tuple[str, ...]:
        """Which passes may have changed how a written-out kernel rounds."""
        names = self._regrouped.get(chosen.chain.paths, ())
        if chosen.form != "expanded" or not names:
            return ()
        return (
            f"sums and products are regrouped ({', '.join(names)}): rounding may"
            " differ; `reassociate = false` keeps their order",
        )

    def program(self, candidate: Candidate) -> Function:
        """A candidate's chain as it was traced, in the widest regime."""
        chain = candidate.chain
        if chain.paths not in self._programs:
            call = self.flat(candidate)
            program = trace_flat(call, chain.kernel, self.primal.signature)
            self._programs[chain.paths] = program
        return self._programs[chain.paths]

    def shipped(self, candidate: Candidate) -> Function:
        """A candidate's program, written out if the candidate is."""
        if candidate.form == "expanded":
            return self._finished[candidate.chain.paths]
        return self.program(candidate)

    def flat(self, candidate: Candidate) -> Callable[..., Sequence[jax.Array]]:
        """A candidate's chain as a function of the kernel's flat inputs."""
        if candidate.text is None:
            raise InternalError(f"the candidate {candidate.title!r} was never written")
        return self.run(candidate.text, candidate.chain.kernel)

    def run(
        self, text: ChainText, kernel: Kernel
    ) -> Callable[..., Sequence[jax.Array]]:
        """A written chain as a function of the kernel's flat inputs."""
        return flat_call(
            text,
            kernel,
            self.primal.signature,
            self.function,
            self.primal.call,
            given=self.wish.constants,
        )

    def single(self, option: Option) -> float:
        """The weight of one part's option on its own; infinite when JAX refuses it."""
        chain = Chain(_only_directions(self.kernel), (option.read,))
        candidate = self.candidate(option.family.value, chain)
        return float("inf") if candidate.cost is None else weight(candidate.cost)


def _only_directions(kernel: Kernel) -> Kernel:
    return replace(kernel, fields=())


def _gradient(
    run: Callable[..., Sequence[jax.Array]], dtypes: Sequence[DType]
) -> Callable[..., Sequence[jax.Array]]:
    """What a training step computes: the gradient of a scalar made of the results."""
    moved = tuple(number for number, dtype in enumerate(dtypes) if dtype.is_float)

    def total(*leaves: jax.Array) -> jax.Array:
        parts = run(*leaves)
        return sum((jnp.sum(part**2) for part in parts), start=jnp.zeros(()))

    def gradient(*leaves: jax.Array) -> Sequence[jax.Array]:
        result: Any = jax.grad(total, argnums=moved)(*leaves)
        return tuple(result)

    return gradient

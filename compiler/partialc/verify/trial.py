"""Runs the references at build time: which modes work, and where they are finite."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from partialc.errors import REFUSALS, PartialcWarning, UnsupportedError
from partialc.frontends.primal import Primal
from partialc.ir.jaxprs import MOST_COMPILED, Stepwise
from partialc.ir.structure import size
from partialc.reference.body import Names
from partialc.reference.derivatives import Policy
from partialc.reference.expected import Expected, expected_text
from partialc.request.resolved import Kernel
from partialc.sampling.domain import RANGES, Ranges
from partialc.sampling.loops import MOST_STEPS, Loops
from partialc.verify.branches import Observer, Outcome
from partialc.verify.executed import Axes, Trial
from partialc.verify.findings import Findings, Sample
from partialc.verify.hard import Hard, judged, refusal
from partialc.verify.rounding import digits_of, noted
from partialc.verify.symbolic import exact_values

_SAMPLES: Final = 3
_WIDE: Final = (-2.0, 2.0)
_SEARCHED: Final = (_WIDE, (0.5, 1.5), (-10.0, 10.0), (0.0, 0.1), (-100.0, 100.0))
_MOST_FOR_BRANCHES: Final = 5
_MOST_FOR_SIGNS: Final = 3
_TRIES_FOR_SIGNS: Final = 30
_TRIES_FOR_BRANCHES: Final = 100
_SIGNED: Final = 64

_MOST_SEARCHED: Final = 100_000_000
"""Array elements that a search may compute in all, operations run apart included."""

_OPERATION: Final = 10_000
"""Array elements that take as long as one operation run on its own."""


def try_out(
    primal: Primal,
    kernels: Sequence[Kernel],
    names: Names,
    ranges: Ranges,
    *,
    work: int,
    text: str,
    folder: Path | None,
    batches: Mapping[str, Axes] | None = None,
) -> Findings:
    """Find modes, samples and noted values.

    Args:
        primal: The function.
        kernels: What is to be proven.
        names: Identifiers of the arguments.
        ranges: Where arguments are drawn from.
        work: Array elements that one evaluation of the function computes.
        text: The text of a test without any case.
        folder: The spec's folder, to import from.
        batches: The batch axes of every kernel's arguments, where hard points are
            tested too.

    Raises:
        UnsupportedError: JAX refuses every mode for a reference.
    """
    with jax.enable_x64(True), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the user's function warns of, it said
        trial = Trial(primal, text, folder)
        expected, slopes = {}, {}
        is_long = is_long_program(primal)
        for kernel in kernels:
            expected[kernel.name] = _accepted(trial, kernel, names, work)
            if not is_long:
                slopes[kernel.name] = trial.slope(kernel, (0, *RANGES[0]))
        results = _Results(trial, primal, kernels, work)
        samples, found = _samples(trial, primal, ranges, results)
        all_finite = all(map(results.is_finite, samples))
        exact = _exact(trial, primal, samples, folder)
        values = tuple(
            _noted(trial, primal, sample, None if exact is None else exact[number])
            for number, sample in enumerate(samples)
        )
        hard, refusals = _hard(trial, primal, expected, kernels, work, batches or {})
    remarks = []
    if found:
        last = "the last one takes" if found == 1 else f"the last {found} take"
        remarks.append(
            f"Of the samples, {last} further sides of the function's branches."
        )
    remarks += [
        f"Hard points are not tested ({', '.join(names)}): {reason}."
        for reason, names in refusals.items()
    ]
    findings = Findings(
        expected=expected,
        samples=samples,
        remarks=tuple(remarks),
        noted=values,
        slopes=slopes,
        hard=hard,
        is_exact=exact is not None,
    )
    if not all_finite:
        warnings.warn(
            PartialcWarning(
                f"the function {primal.signature.name} or a derivative of it is not "
                "finite where it is sampled: the generated test will fail; say where "
                "to sample in [module.domain]"
            ),
            stacklevel=2,
        )
    return findings


def is_long_program(primal: Primal) -> bool:
    """Whether a function has so many operations that it takes long to compile."""
    return size(primal.program.widest) > MOST_COMPILED


def _hard(
    trial: Trial,
    primal: Primal,
    expected: Mapping[str, Expected],
    kernels: Sequence[Kernel],
    work: int,
    batches: Mapping[str, Axes],
) -> tuple[dict[str, Hard], dict[str, list[str]]]:
    """How kernels are judged at hard points, and by reason those that are not."""
    found: dict[str, Hard] = {}
    refusals: dict[str, list[str]] = {}
    for kernel in kernels:
        if kernel.name not in batches:
            continue
        text = expected[kernel.name]
        why = refusal(primal, kernel, text, work)
        if why:
            refusals.setdefault(why, []).append(kernel.name)
            continue
        try:
            points = trial.hard_arguments(kernel, batches[kernel.name])
        except Exception:  # a class of the user's may refuse leaves of other shapes
            why = "its arguments cannot be made at many points at once"
            refusals.setdefault(why, []).append(kernel.name)
            continue
        found[kernel.name] = judged(
            kernel,
            primal.signature,
            trial.expected(kernel),
            points,
            forward=trial.takes_forward(kernel, text),
        )
    return found, refusals


def _accepted(trial: Trial, kernel: Kernel, names: Names, work: int) -> Expected:
    refusal: Exception | None = None
    for policy in Policy:
        expected = expected_text(kernel, names, policy=policy, work=work)
        function = trial.define(kernel, expected)
        try:
            jax.eval_shape(function, *trial.arguments(kernel, (0, *RANGES[0])))
        except REFUSALS as error:
            refusal = refusal or error
        else:
            return expected
    raise UnsupportedError(
        f"the kernel {kernel.name} cannot be proven: JAX refuses its full reference",
        where=names.signature.name,
        why=str(refusal).partition("\n")[0],
        fix="ask for derivatives that JAX can take of this function in some mode",
    )


class _Results:
    """The function and all references at a sample, compiled together if not too long.

    Attributes:
        work: What one evaluation computes, in array elements.
    """

    def __init__(
        self, trial: Trial, primal: Primal, kernels: Sequence[Kernel], work: int
    ) -> None:
        def everything(point: Any, calls: Mapping[str, Any]) -> Any:
            return trial.call(*point), {
                kernel.name: trial.traced(kernel)(*calls[kernel.name])
                for kernel in kernels
            }

        self._trial, self._kernels = trial, kernels
        first = (0, *RANGES[0])
        self._run = Stepwise(everything, trial.point(first), self._calls(first))
        apart = _OPERATION * self._run.operations
        self.work = max(work, self._run.elements) + apart
        self._loops = Loops(primal.program)
        self._ending: dict[Sample, bool] = {}
        self._known: dict[Sample, list[NDArray[Any]]] = {}

    def _calls(self, sample: Sample) -> dict[str, Any]:
        return {
            kernel.name: self._trial.arguments(kernel, sample)
            for kernel in self._kernels
        }

    def ends(self, sample: Sample) -> bool:
        """Whether the function comes to an end there."""
        if sample not in self._ending:
            arrays = jax.tree.leaves(self._trial.point(sample))
            self._ending[sample] = self._loops.end_at(arrays)
        return self._ending[sample]

    def leaves(self, sample: Sample) -> list[NDArray[Any]]:
        """All real or complex results."""
        if sample not in self._known:
            results = self._run(self._trial.point(sample), self._calls(sample))
            found = jax.tree.leaves(results)
            reals = [leaf for leaf in found if jnp.issubdtype(leaf.dtype, jnp.inexact)]
            self._known[sample] = [np.ravel(np.asarray(leaf)) for leaf in reals]
        return self._known[sample]

    def is_finite(self, sample: Sample) -> bool:
        """Whether all of them are finite, which they are not where a loop goes on."""
        return self.ends(sample) and all(
            bool(np.isfinite(leaf).all()) for leaf in self.leaves(sample)
        )

    def signs(self, sample: Sample) -> set[Outcome]:
        """The signs of the first elements of each: `abs` of a kernel must not pass."""
        if not self.ends(sample):
            return set()
        return {
            (-1 - number * _SIGNED - place, int(sign))
            for number, leaf in enumerate(self.leaves(sample))
            for place, sign in enumerate(np.sign(leaf[:_SIGNED].real))
            if np.isfinite(sign) and sign
        }


def _samples(
    trial: Trial, primal: Primal, ranges: Ranges, results: _Results
) -> tuple[tuple[Sample, ...], int]:
    """Samples where everything is finite, and how many were added for branches."""
    count = max(_SAMPLES, ranges.count)
    base = RANGES[0]
    for candidate in RANGES:
        if all(results.is_finite((seed, *candidate)) for seed in range(count)):
            base = candidate
            break
    samples: list[Sample] = [(seed, *base) for seed in range(count)]
    if not all(map(results.ends, samples)):
        raise UnsupportedError(
            f"the function {primal.signature.name} does not come to an end where it is "
            "sampled",
            where=primal.signature.name,
            why=f"a while loop takes more than {MOST_STEPS:,} steps (float32 counts, "
            "unless the arguments are declared as float64)",
            fix="say in [module.domain] where to sample, or bound the loop's steps",
        )
    is_free = any(
        leaf.type.dtype.is_inexact and name not in {*ranges.ranges, *ranges.given}
        for name, leaf in primal.signature.leaves
    )
    affordable = _MOST_SEARCHED // results.work
    if is_free and affordable and results.is_finite((count - 1, *_WIDE)):
        samples[-1] = (count - 1, *_WIDE)
    searched = _SEARCHED if is_free else (base,)
    tries = min(_TRIES_FOR_SIGNS, affordable)
    _search(samples, searched[:3], _MOST_FOR_SIGNS, tries, results.signs, results)
    before = len(samples)
    observer = Observer(primal.program.widest)
    if observer.has_branches:

        def outcomes(sample: Sample) -> set[Outcome]:
            if not results.ends(sample):
                return set()
            return observer.outcomes(jax.tree.leaves(trial.point(sample)))

        tries = min(_TRIES_FOR_BRANCHES, affordable)
        _search(samples, searched, _MOST_FOR_BRANCHES, tries, outcomes, results)
    return tuple(samples), len(samples) - before


def _search(
    samples: list[Sample],
    ranges: Sequence[tuple[float, float]],
    most: int,
    tries: int,
    outcomes: Callable[[Sample], set[Outcome]],
    results: _Results,
) -> None:
    """Add the samples that show most of what the others do not."""
    if not tries:
        return
    seen: set[Outcome] = set()
    for sample in samples:
        seen |= outcomes(sample)
    first = len(samples)
    candidates = [
        (first + number, *ranges[number % len(ranges)]) for number in range(tries)
    ]
    shown = {sample: outcomes(sample) for sample in candidates}
    for _ in range(most):
        useful = [
            sample
            for sample in candidates
            if shown[sample] - seen and results.is_finite(sample)
        ]
        if not useful:
            return
        best = max(useful, key=lambda sample: len(shown[sample] - seen))
        seen |= shown[best]
        samples.append(best)


def _exact(
    trial: Trial, primal: Primal, samples: Sequence[Sample], folder: Path | None
) -> list[NDArray[Any]] | None:
    """What SymPy computes at every sample; None where it cannot, or need not."""
    evaluate = exact_values(primal, folder)
    if evaluate is None:
        return None
    try:
        return [evaluate(trial.point(sample)) for sample in samples]
    except (TypeError, ValueError):  # something stays symbolic
        return None


def _noted(
    trial: Trial, primal: Primal, sample: Sample, exact: NDArray[Any] | None
) -> list[Any]:
    point = trial.point(sample)
    leaves = jax.tree.leaves(trial.call(*point) if exact is None else exact)
    neighbours = jax.tree.leaves(trial.call(*trial.nudged(point)))
    kinds = [leaf.type.dtype for leaf in primal.signature.result.leaves]
    return [
        noted(leaf, neighbour, digits_of(kind))
        for leaf, neighbour, kind in zip(leaves, neighbours, kinds, strict=True)
    ]

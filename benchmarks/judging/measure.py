"""One formula: its kernels built, judged, and compared with their chains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import jax

from formulas import Formula
from judging.errors import rms_errors
from judging.modes import Step, nested, pushed, steps_of
from judging.modules import CHAIN, FORMS, TOGETHER, Built, build
from judging.points import fresh_points, judged_points, points_beyond, shapes
from judging.row import Row
from judging.running import Compiled, Runner
from partialc.accuracy.contract import Breach, Judgement
from partialc.accuracy.scalars import Scalars
from partialc.accuracy.truth import Truth
from partialc.ir.dtypes import DType, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType

WIDTHS: Final = ("float32", "float64")
POINTS: Final = 300
LIMIT_FRESH: Final = 200_000
LIMIT_BEYOND: Final = 50_000
"""Scalar operations spent on the truth of what is only reported."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a formula is measured.

    Attributes:
        forms: Of `auto` and `expanded`.
        widths: Of `float32` and `float64`.
        kernels: As `Formula.requests` names them; empty for all.
        together: Whether a list kernel of all orders is measured too.
        points: How many points a kernel is judged at.
    """

    forms: Sequence[str] = FORMS
    widths: Sequence[str] = WIDTHS
    kernels: Sequence[str] = ()
    together: bool = False
    points: int = POINTS


def measure(formula: Formula, wanted: Wanted) -> list[Row]:
    """Measure all kernels of a formula.

    A formula that cannot be built gives one row, which says why.
    """
    names = tuple(wanted.kernels or formula.requests())
    forms = (CHAIN, *wanted.forms)
    try:
        built = build(formula, forms, names, together=wanted.together)
    except Exception as error:
        failure = f"{type(error).__name__}: {error}".partition("\n")[0]
        return [Row(formula.name, "all", "all", "both", failure=failure)]
    subject = _Subject(formula, names, wanted)
    return [row for form in wanted.forms for row in subject.rows(form, built[form])]


@dataclass(frozen=True)
class _Subject:
    """A formula's truth and references, made once for all forms."""

    formula: Formula
    names: tuple[str, ...]
    wanted: Wanted
    _truths: dict[str, Truth] = field(default_factory=dict)
    _modes: dict[str, list[Compiled]] = field(default_factory=dict)
    _known: dict[tuple[Any, ...], Row] = field(default_factory=dict)

    def rows(self, form: str, built: Built) -> Iterator[Row]:
        """A row for each kernel and width; of list kernels for each field."""
        whole = [(TOGETHER, order) for order in self.names]
        each = [(order, order) for order in self.names]
        for name, order in each + (whole if self.wanted.together else []):
            for width in self.wanted.widths:
                yield self.row(form, built, name, order, width)

    def row(self, form: str, built: Built, name: str, order: str, width: str) -> Row:
        """One row; what does the same as a kernel measured before is not run again."""
        label = order if name == order else f"{name}.{order}"
        row = Row(self.formula.name, label, form, width)
        if name in built.chains:
            return replace(row, is_chain=True)
        kernel, chain = built.kernels[name], built.replaced[name]
        key = built.texts[name], chain, name, order, width
        if key not in self._known:
            part = 0 if name == order else self.names.index(order)
            self._known[key] = self.measured(
                row, kernel.part(part), chain.part(part), order
            )
        return replace(self._known[key], form=form)

    def measured(self, row: Row, kernel: Runner, chain: Runner, order: str) -> Row:
        """A row with its figures."""
        count, width = self.wanted.points, row.width
        points = judged_points(self.formula, width, count)
        fresh = fresh_points(self.formula, width, count)
        beyond = points_beyond(self.formula, width, count)
        truth = self.truth(order)
        references = [chain, *(mode.part(0) for mode in self.modes(order))]
        values = (0,) if order == "order_0" else ()
        held = partial(
            Judgement,
            kernel,
            references,
            truth,
            width=width,
            wide=chain,
            values=values,
        )
        breaches = list(held(points=points).breaches())
        others = list(held(points=fresh, limit=truth.work + LIMIT_FRESH).breaches())
        farther: list[Breach] = []
        if beyond:
            farther = list(
                held(points=beyond, limit=truth.work + LIMIT_BEYOND).breaches()
            )
        errors = rms_errors(kernel, references, truth, fresh)
        return replace(
            row,
            breaches=len(breaches),
            fresh=len(others),
            beyond=len(farther),
            worst=self.sentence(breaches[0]) if breaches else "",
            error=None if errors is None else errors[0],
            chain_error=None if errors is None else errors[1],
        )

    def truth(self, order: str) -> Truth:
        """What a derivative truly is."""
        if order not in self._truths:
            derivative = pushed(self.formula.function, self.steps(order))
            wide = DType.fixed("float64")
            traced = trace_one(
                lambda *leaves: [derivative(*leaves)],
                [ArrayType(wide, shape) for shape in shapes(self.formula)],
                Regime.WIDE,
                name=order,
                input_names=self.formula.arguments,
            )
            self._truths[order] = Truth(Scalars(traced))
        return self._truths[order]

    def modes(self, order: str) -> list[Compiled]:
        """Nested forward mode, and forward over reverse; of a value neither."""
        if order not in self._modes:
            steps = self.steps(order)
            innermost = (jax.jacfwd, jax.jacrev) if steps else ()
            self._modes[order] = [
                Compiled(nested(self.formula.function, steps, mode))
                for mode in innermost
            ]
        return self._modes[order]

    def steps(self, order: str) -> list[Step]:
        """The differentiations of one kernel."""
        return steps_of(self.formula, self.formula.requests()[order])

    def sentence(self, breach: Breach) -> str:
        """A breach in words: `x=-30: nan, true -9.36e-14, allowed 1e-20`."""
        place = ", ".join(
            f"{name}={_number(leaf.tolist())}"
            for name, leaf in zip(self.formula.arguments, breach.point, strict=True)
        )
        return (
            f"{place}: {breach.kernel:.6g}, true {breach.truth:.6g}, "
            f"allowed {breach.allowed:.2g}"
        )


def _number(item: float | list[float]) -> str:
    """A number, or a list of them, as text."""
    if isinstance(item, list):
        return f"[{', '.join(map(_number, item))}]"
    return f"{item:.9g}"

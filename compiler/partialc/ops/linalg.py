"""Matrix factorisations and solvers of `jax.lax.linalg`: rows of a table.

Most primitives have a public function of the same meaning; a row names it, its keyword
parameters, and the cube of which dimension the work grows with. Parameters that older
versions of JAX do not have may only hold the value that means "as ever".
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jax import lax

from partialc.ir.program import Equation, Param
from partialc.ops.cost import traffic
from partialc.ops.lanes import LaneAxes, Lanes, by_axes
from partialc.ops.registry import (
    Arrays,
    Cost,
    CostRule,
    Evaluate,
    Layout,
    Op,
    Source,
    SourceContext,
    register,
)
from partialc.ops.template import arrays, as_expr, call
from partialc.ops.triangles import TRIANGULAR, batch_axes
from partialc.ops.unknown import unprintable


@dataclass(frozen=True, slots=True)
class Row:
    """One primitive of linear algebra.

    Attributes:
        name: The primitive, and unless `function` is given, the function in
            `jax.lax.linalg`.
        factor: Operations per `m * n * min(m, n)` of the first operand's matrices.
        summary: One line for the supported-ops page.
        keywords: Parameters handed on under their own names, with the default that
            needs no writing.
        fixed: Keywords the primitive implies.
        usual: Parameters that must hold this value.
        layout: Where the primitive's results stand among the function's.
        function: The function's name.
        cores: How many axes of each operand are one member's of a batch; the leading
            ones are the batch.
    """

    name: str
    factor: float
    summary: str
    keywords: Mapping[str, Param] = field(default_factory=dict)
    fixed: Mapping[str, bool] = field(default_factory=dict)
    usual: Mapping[str, Param] = field(default_factory=dict)
    layout: tuple[int, ...] | None = None
    function: str | None = None
    cores: tuple[int, ...] = (2,)


_ROWS: Final = (
    Row("cholesky", 1 / 3, "Cholesky factor", fixed={"symmetrize_input": False}),
    Row("cholesky_update", 1.0, "rank-one update of a Cholesky factor", cores=()),
    Row(
        "eig",
        25.0,
        "eigenvalues and eigenvectors of a general matrix",
        keywords={
            "compute_left_eigenvectors": True,
            "compute_right_eigenvectors": True,
        },
        usual={"implementation": None, "enable_eigvec_derivs": False},
    ),
    Row(
        "eigh",
        9.0,
        "eigenvalues and eigenvectors of a symmetric matrix",
        keywords={"lower": True, "sort_eigenvalues": True, "subset_by_index": None},
        fixed={"symmetrize_input": False},
        usual={"algorithm": None, "implementation": None},
    ),
    Row("hessenberg", 10 / 3, "reduction to Hessenberg form"),
    Row(
        "householder_product",
        4 / 3,
        "product of Householder reflections",
        cores=(2, 1),
    ),
    Row("lu", 2 / 3, "LU factorisation with row pivots"),
    Row(
        "qr",
        4 / 3,
        "QR factorisation",
        keywords={"pivoting": False, "full_matrices": True},
        usual={"use_magma": None},
    ),
    Row(
        "schur",
        25.0,
        "Schur form",
        keywords={"compute_schur_vectors": True, "sort_eig_vals": False},
        usual={"select_callable": None},
    ),
    Row(
        "svd",
        21.0,
        "singular values and vectors",
        keywords={
            "full_matrices": True,
            "compute_uv": True,
            "subset_by_index": None,
        },
        usual={"algorithm": None},
        layout=(1, 0, 2),
    ),
    Row(
        "symmetric_product",
        1.0,
        "alpha x xᵀ + beta c",
        keywords={"alpha": None, "beta": None},
        cores=(2, 2),
    ),
    Row(
        "triangular_solve",
        1.0,
        "solution of triangular systems",
        keywords={
            "left_side": False,
            "lower": False,
            "transpose_a": False,
            "conjugate_a": False,
            "unit_diagonal": False,
        },
    ),
    Row(
        "tridiagonal",
        4 / 3,
        "reduction to tridiagonal form",
        keywords={"lower": True},
    ),
)


def _function(row: Row) -> str:
    return row.function or row.name


def _keywords(row: Row, equation: Equation) -> dict[str, Any]:
    """The keyword arguments, those at their default left out."""
    for name, value in row.usual.items():
        if equation.params.get(name, value) != value:
            raise unprintable(
                equation,
                f"`{row.name}` with {name}={equation.params[name]!r} is not supported",
                f"generated modules run on versions of JAX without `{name}`",
                f"leave `{name}` at its default",
            )
    chosen = {
        name: equation.params[name]
        for name, default in row.keywords.items()
        if name in equation.params and equation.params[name] != default
    }
    return {**row.fixed, **chosen}


def _evaluate(row: Row) -> Evaluate:
    run: Callable[..., Any] = getattr(lax.linalg, _function(row))

    def evaluate(equation: Equation, operands: Arrays) -> Arrays:
        results = run(*operands, **_keywords(row, equation))
        if len(equation.outputs) == 1:
            return [results[0] if isinstance(results, (tuple, list)) else results]
        if row.layout is None:
            return list(results)
        return [results[place] for place in row.layout]

    return evaluate


def _source(row: Row) -> Source:
    def source(
        equation: Equation, operands: Sequence[ast.expr], context: SourceContext
    ) -> ast.expr:
        keywords = {
            name: as_expr(value) for name, value in _keywords(row, equation).items()
        }
        expression = call(
            f"lax.linalg.{_function(row)}",
            *arrays(equation, operands, context),
            **keywords,
        )
        if len(equation.outputs) == 1 and row.name in _TUPLES:
            return ast.Subscript(expression, ast.Constant(0), ast.Load())
        return expression

    return source


_TUPLES: Final = frozenset({"eig", "schur"})
"""Functions that return a tuple even when it has one entry."""


def _cost(factor: float) -> CostRule:
    def cost(equation: Equation) -> Cost:
        kind = equation.inputs[0].type
        smallest = min(kind.shape[-2:], default=1)
        columns = equation.inputs[-1].type.size / max(kind.shape[-1], 1)
        solves = equation.op == "triangular_solve"
        work = kind.size * (columns if solves else smallest)
        return Cost(factor * work, 0.0, traffic(equation))

    return cost


def _layout(row: Row) -> Callable[[Equation], Layout] | None:
    places = row.layout
    if places is None:
        return None

    def layout(equation: Equation) -> Layout:
        count = len(equation.outputs)
        return places if count == len(places) else tuple(range(count))

    return layout


def _lanes(row: Row) -> Lanes | None:
    """By member of the batch; triangular systems also by right-hand side."""
    if row.name == "triangular_solve":
        return TRIANGULAR
    if not row.cores:
        return None

    def axes(equation: Equation) -> LaneAxes | None:
        return batch_axes(equation, row.cores)

    return by_axes(axes)


for _row in _ROWS:
    register(
        Op(
            _row.name,
            _evaluate(_row),
            _source(_row),
            _cost(_row.factor),
            summary=_row.summary,
            layout=_layout(_row),
            lanes=_lanes(_row),
            is_call=True,
        )
    )

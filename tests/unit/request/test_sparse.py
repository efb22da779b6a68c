"""Sparse matrices: what is asked of the pattern, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

from partialc.errors import InternalError, RequestError
from partialc.ir.patterns import Pattern
from partialc.request.annotations import annotation
from partialc.request.resolve import resolve_kernel
from partialc.request.resolved import (
    Coordinates,
    Field,
    Kernel,
    Matrix,
    WeightedSum,
)
from partialc.request.shapes import part_shape, result_numbers, result_shapes
from partialc.request.signature import Signature

Signatures = Callable[..., Signature]


class Asked:
    """A provider of patterns that notes what it is asked for.

    Attributes:
        entries: The rows and columns it gives.
        calls: The arguments of every call.
    """

    def __init__(self, *entries: tuple[int, int]) -> None:
        self.entries = np.array(entries, np.int64).reshape(-1, 2)
        self.calls: list[tuple[Any, Any, int]] = []

    def __call__(
        self, outputs: tuple[Coordinates, ...], wrt: tuple[Coordinates, ...], order: int
    ) -> Pattern:
        self.calls.append((outputs, wrt, order))
        columns = sum(int(np.prod(each.shape)) for each in wrt)
        rows = sum(int(np.prod(each.shape)) for each in outputs)
        shape = (rows if order == 1 else columns, columns)
        return Pattern.of(shape, self.entries[:, 0], self.entries[:, 1])


def resolved(text: Any, signature: Signature, patterns: Any) -> Kernel:
    return resolve_kernel(
        "k", text, signature, load_object=lambda _: None, patterns=patterns
    )


def matrix_of(field: Field) -> Matrix:
    assert isinstance(field.parts, Matrix)
    return field.parts


@pytest.fixture
def mapped(array: Any, signature: Signatures) -> Signature:
    """Outputs of shapes (3,), (2,) and (), of a vector, a matrix and a scalar."""
    return signature(
        {"a": array("float", 3), "b": array("float", 2), "e": array("float")},
        x=array("float", 4),
        y=array("float", 2, 2),
        t=array("float"),
        n=array("int32", 4),
    )


def test_rows_run_over_all_outputs_and_columns_over_all_arguments(
    mapped: Signature,
) -> None:
    asked = Asked((5, 8), (0, 1), (4, 0), (2, 6), (0, 1), (5, 3))
    field = resolved("sparse(jacobian(x, y, t))", mapped, asked).fields[0]
    ((outputs, wrt, order),) = asked.calls
    assert [each.leaf for each in outputs] == [0, 1, 2]
    assert [each.leaf for each in wrt] == [0, 1, 2]
    assert order == 1
    matrix = matrix_of(field)
    assert matrix.pattern.shape == (6, 9)
    first, second, scalar = matrix.blocks
    assert [first.output.leaf, second.output.leaf, scalar.output.leaf] == [0, 1, 2]
    assert first.layout.outputs.tolist() == [0, 2]
    assert first.layout.inputs.tolist() == [[1], [6]]
    assert second.layout.outputs.tolist() == [1]
    assert second.layout.inputs.tolist() == [[0]]
    assert scalar.layout.outputs is None
    assert scalar.layout.inputs.tolist() == [[3], [8]]
    assert {block.layout.kind for block in matrix.blocks} == {"sparse"}
    shapes = [part_shape(block, mapped) for block in jax.tree.leaves(matrix)]
    assert shapes == [(2,), (1,), (2,)]
    assert result_shapes(field, mapped) == [(5,)]


def test_outputs_without_nonzeros_have_no_block(mapped: Signature) -> None:
    field = resolved("sparse(jacobian(x))", mapped, Asked((3, 1), (4, 0))).fields[0]
    (block,) = matrix_of(field).blocks
    assert block.output.leaf == 1
    assert block.layout.outputs.tolist() == [0, 1]


@pytest.mark.parametrize("format", ["values", "dense"])
def test_a_matrix_of_zeros_has_one_block_without_entries(
    format: str, mapped: Signature
) -> None:
    text = f'sparse(jacobian(x), format="{format}")'
    field = resolved(text, mapped, Asked()).fields[0]
    (block,) = matrix_of(field).blocks
    assert part_shape(block, mapped) == (0,)
    assert result_shapes(field, mapped) == [(6, 4) if format == "dense" else (0,)]
    assert field.constants["ROWS"].shape == (0,)


def test_a_hessian_over_two_arguments_is_the_whole_one(mapped: Signature) -> None:
    asked = Asked((4, 4), (0, 3), (3, 0))
    text = 'sparse(hessian(x, t, of=out["e"]))'
    (block,) = matrix_of(resolved(text, mapped, asked).fields[0]).blocks
    ((outputs, wrt, order),) = asked.calls
    assert [each.leaf for each in outputs] == [2]
    assert [each.leaf for each in wrt] == [0, 2]
    assert order == 2
    assert block.axes == (wrt, wrt)
    assert block.layout.inputs.tolist() == [[0, 3], [3, 0], [4, 4]]
    assert block.layout.outputs is None


def test_the_hessian_along_one_argument_twice_is_that_along_it(
    mapped: Signature,
) -> None:
    asked = Asked((0, 0))
    field = resolved('sparse(hessian(x, x, of=out["e"]))', mapped, asked).fields[0]
    assert matrix_of(field).pattern.shape == (4, 4)
    assert field.name == "sparse_hessian_x_out_e"


def test_lower_leaves_out_what_is_above_the_diagonal(mapped: Signature) -> None:
    asked = Asked((0, 0), (0, 3), (3, 0), (3, 3))
    text = 'sparse(lower(hessian(x, of=out["e"])))'
    field = resolved(text, mapped, asked).fields[0]
    matrix = matrix_of(field)
    assert matrix.is_lower
    assert matrix.blocks[0].layout.inputs.tolist() == [[0, 0], [3, 0], [3, 3]]
    assert field.name == "sparse_lower_hessian_x_out_e"


def test_a_weighted_hessian_is_one_matrix_of_all_outputs(mapped: Signature) -> None:
    asked = Asked((0, 0), (0, 3), (3, 0))
    text = "sparse(lower(weighted(hessian(x))))"
    kernel = resolved([text], mapped, asked)
    (field,) = kernel.fields
    (block,) = matrix_of(field).blocks
    (((weighted,), _, order),) = asked.calls
    assert isinstance(weighted, WeightedSum)
    assert [each.leaf for each in weighted.outputs] == [0, 1, 2]
    assert order == 2
    assert matrix_of(field).outputs == (weighted,)
    assert block.output == weighted
    assert block.layout.inputs.tolist() == [[0, 0], [3, 0]]
    assert [each.name for each in kernel.directions] == ["out_cotangent"]
    assert field.name == "sparse_lower_weighted_hessian_x"


def test_a_weighted_second_derivative_is_no_matrix(mapped: Signature) -> None:
    with pytest.raises(RequestError, match=r"ask for weighted\(hessian\(t\)\)"):
        resolved("sparse(weighted(hessian(t)))", mapped, Asked())


def test_parts_of_arguments_and_of_the_result(mapped: Signature) -> None:
    asked = Asked((1, 0))
    text = 'sparse(jacobian(x[1:3], y[0], of=out["a"][0:2]))'
    field = resolved(text, mapped, asked).fields[0]
    ((outputs, wrt, _),) = asked.calls
    assert [each.index for each in outputs] == [(slice(0, 2, 1),)]
    assert [each.index for each in wrt] == [(slice(1, 3, 1),), (0, slice(0, 2, 1))]
    assert matrix_of(field).pattern.shape == (2, 4)


@pytest.mark.parametrize(
    ("format", "names", "kind", "shape"),
    [
        ("values", ["ROWS", "COLS", "SHAPE"], "jax.Array", (3,)),
        ("csr", ["ROWS", "COLS", "SHAPE", "INDPTR"], "jax.Array", (3,)),
        ("bcoo", ["ROWS", "COLS", "SHAPE"], "BCOO", (3, 4)),
        ("dense", ["ROWS", "COLS", "SHAPE"], "jax.Array", (3, 4)),
    ],
)
def test_formats(
    format: str, names: list[str], kind: str, shape: tuple[int, ...], mapped: Signature
) -> None:
    text = f'sparse(jacobian(x, of=out["a"]), format="{format}")'
    field = resolved(text, mapped, Asked((2, 3), (0, 1), (2, 0))).fields[0]
    assert list(field.constants) == names
    assert field.constants["ROWS"].tolist() == [0, 2, 2]
    assert field.constants["COLS"].tolist() == [1, 0, 3]
    assert field.constants["SHAPE"] == (3, 4)
    if format == "csr":
        assert field.constants["INDPTR"].tolist() == [0, 1, 1, 3]
    assert annotation(field.parts) == kind
    assert result_shapes(field, mapped) == [shape]


def test_the_blocks_of_a_matrix_share_one_array_of_the_result(
    mapped: Signature,
) -> None:
    requests = ["value", 'sparse(jacobian(x), format="bcoo")', "jacobian(t)"]
    kernel = resolved(requests, mapped, Asked((0, 0), (3, 0), (5, 0)))
    assert result_numbers(kernel) == (0, 1, 2, 3, 3, 3, 4, 5, 6)
    assert result_numbers(kernel, whole=True) == (0, 1, 2, 3, 3, 3, 5, 6, 7)


BAD = [
    ("sparse(jacobian(n))", "n", "integers"),
    ("sparse(jacobian(x, n))", "n", "integers"),
    ("sparse(jacobian(x, x[1]))", "x[1]", "named twice"),
    (
        'sparse(jacobian(t, of=out["e"]))',
        'sparse(jacobian(t, of=out["e"]))',
        'partial(t, of=out["e"])',
    ),
    (
        'sparse(hessian(x[0], of=out["e"]))',
        'sparse(hessian(x[0], of=out["e"]))',
        'partial(x[0], x[0], of=out["e"])',
    ),
    ("sparse(hessian(x))", "hessian(x)", 'sparse(hessian(x, of=out["e"]))'),
    (
        'sparse(lower(hessian(x, t, of=out["a"])))',
        'out["a"]',
        'sparse(lower(hessian(x, t, of=out["a"][0])))',
    ),
]


@pytest.mark.parametrize(
    ("text", "fault", "message"), BAD, ids=[each[0] for each in BAD]
)
def test_refusals(text: str, fault: str, message: str, mapped: Signature) -> None:
    with pytest.raises(RequestError) as caught:
        resolved(text, mapped, Asked())
    error = caught.value
    assert error.snippet is not None
    assert error.snippet[slice(*error.span)] == fault
    assert message in str(error)
    assert isinstance(error.where, str)
    assert "column" in error.where


def test_integer_outputs_are_to_be_left_out(tree_result: Signature) -> None:
    with pytest.raises(RequestError, match=r'leave it out: of=out\["energy"\]'):
        resolved("sparse(jacobian(x))", tree_result, Asked())


def test_without_a_provider_entries_have_to_be_listed(mapped: Signature) -> None:
    with pytest.raises(RequestError, match=r"entries\(jacobian\(x\), \[\.\.\.\]\)"):
        resolved("sparse(jacobian(x))", mapped, None)
    assert resolved("jacobian(x)", mapped, None).fields


def test_far_too_many_entries_are_refused_before_they_are_copied(
    mapped: Signature,
) -> None:
    many = np.broadcast_to(np.int64(0), (20_000_001,))
    known = np.broadcast_to(np.bool_(False), many.shape)

    def patterns(*_: Any) -> Pattern:
        return Pattern((6, 4), many, many, known)

    with pytest.raises(RequestError, match="20,000,001 of its entries") as caught:
        resolved("sparse(jacobian(x))", mapped, patterns)
    assert caught.value.fix == "name fewer coordinates, or fewer outputs"


def test_the_pattern_of_another_matrix_is_a_mistake_of_the_provider(
    mapped: Signature,
) -> None:
    nothing = np.zeros(0, np.int64)
    other = Pattern.of((2, 2), nothing, nothing)
    with pytest.raises(InternalError, match=r"is \(2, 2\), not \(6, 4\)"):
        resolved("sparse(jacobian(x))", mapped, lambda *_: other)

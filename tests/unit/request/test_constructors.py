"""The Python form of requests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from partialc.errors import RequestError
from partialc.request import constructors as c
from partialc.request.syntax import Coordinate, Range, Subscript

x = c.arg("x")


def test_selectors_are_values() -> None:
    assert x[0] == c.arg("x")[0]
    assert x[0] != x[1]
    assert len({x[0], c.arg("x")[0], x.name}) == 2
    assert str(x["w"][0, 1:4].position) == 'x["w"][0, 1:4].position'
    assert repr(x[0]) == "<coordinate x[0]>"


def test_attributes_of_the_tree_are_never_hidden() -> None:
    assert str(x.name.steps.origin) == "x.name.steps.origin"


def test_numpy_integers_are_integers() -> None:
    expected = Coordinate("x", (Subscript((3, Range(1, 2, None))),))
    assert c.partial(x[np.int64(3), np.int32(1) : 2]).wrt == (expected,)


def test_iteration_is_refused() -> None:
    with pytest.raises(TypeError):
        list(x)


def test_selectors_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        x.name = 3


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: c.arg("x[0]"), "cannot be the name"),
        (lambda: c.arg(3), "cannot be the name"),
        (lambda: c.partial("x[0]"), "no coordinate"),
        (lambda: c.partial(), "at least 1"),
        (lambda: c.hessian(x, x, x), "at most 2"),
        (lambda: c.gradient(x, of=x[0]), "part of the result"),
        (lambda: c.vjp(x), "part of the result"),
        (lambda: c.weighted(c.jacobian(x)), r"give it hessian\(x\)"),
        (
            lambda: c.lower(c.jacobian(x)),
            r"give it hessian\(x\) or weighted\(hessian\(x\)\)",
        ),
        (lambda: c.derivatives(x, order=0), "order=0"),
        (lambda: c.derivatives(x, order=1.5), "no integer"),
        (lambda: c.derivatives(order=1), "at least 1"),
        (lambda: c.diagonal(c.gradient(x)), "diagonal cannot be taken"),
        (lambda: c.lower(c.jacobian(x)), "lower cannot be taken"),
        (lambda: c.sparse(c.jacobian(x), format="coo"), "format"),
        (lambda: c.entries(c.hessian(x), []), "no entry"),
        (lambda: c.entries(c.hessian(x), [x[0]]), "no pair"),
        (lambda: c.entries(c.hessian(x), [(x[0], 1)]), "no coordinate"),
        (lambda: x[1.5], "no integer"),
        (lambda: x[True], "no integer"),
        (lambda: x[None], "no integer"),
        (lambda: x["a":"b"], "no integer"),
    ],
)
def test_bad_calls(build: Callable[[], object], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        build()

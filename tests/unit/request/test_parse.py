"""Texts into nodes and back, and what is said about texts that are no requests."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partialc.errors import Location, RequestError
from partialc.request import constructors as c
from partialc.request.parse import REQUESTS, parse

x, y, t, params, state = map(c.arg, ("x", "y", "t", "params", "state"))
out = c.out

GOOD = [
    ("value", c.value()),
    ("value()", c.value()),
    ("value(of=out[2])", c.value(of=out[2])),
    ("partial(x[0], x[2], x[4])", c.partial(x[0], x[2], x[4])),
    (" partial( t,x[ 1 ] ,of = out[2] )\n", c.partial(t, x[1], of=out[2])),
    ("partial(\n  x[0],\n  x[-1],\n)", c.partial(x[0], x[-1])),
    ("partial(x[0][2])", c.partial(x[0][2])),
    ("partial(x[+1, 0x10])", c.partial(x[1, 16])),
    ("gradient(x)", c.gradient(x)),
    ("gradient(x, of=out)", c.gradient(x)),
    ('gradient(params["w"])', c.gradient(params["w"])),
    ("gradient(params['w'])", c.gradient(params["w"])),
    ("jacobian(x[1:4], y[::2, ...])", c.jacobian(x[1:4], y[::2, ...])),
    ("jacobian(x, of=out[0:3, 1])", c.jacobian(x, of=out[0:3, 1])),
    ('jacobian(x, of=out["energy"][0])', c.jacobian(x, of=out["energy"][0])),
    ("jacobian(x, of=out[1].pressure)", c.jacobian(x, of=out[1].pressure)),
    ("hessian(x)", c.hessian(x)),
    ("hessian(state.position[2], t)", c.hessian(state.position[2], t)),
    ("derivatives(x, y, order=3)", c.derivatives(x, y, order=3)),
    ("diagonal(hessian(x))", c.diagonal(c.hessian(x))),
    ("diagonal(jacobian(x), -1)", c.diagonal(c.jacobian(x), -1)),
    ("diagonal(jacobian(x), k=1)", c.diagonal(c.jacobian(x), 1)),
    ("lower(hessian(x, of=out[1]))", c.lower(c.hessian(x, of=out[1]))),
    (
        "entries(hessian(x), [(x[0], x[1]), (x[3], x[3])])",
        c.entries(c.hessian(x), [(x[0], x[1]), (x[3], x[3])]),
    ),
    (
        "entries(jacobian(x), [(out[0], x[2])])",
        c.entries(c.jacobian(x), [(out[0], x[2])]),
    ),
    ('entries(hessian(x), "pkg.mod:LIST")', c.entries(c.hessian(x), "pkg.mod:LIST")),
    ("sparse(lower(hessian(x)))", c.sparse(c.lower(c.hessian(x)))),
    ('sparse(jacobian(x), format="bcoo")', c.sparse(c.jacobian(x), format="bcoo")),
    ('sparse(jacobian(x), format="csr")', c.sparse(c.jacobian(x), format="csr")),
    ("jvp(x, y)", c.jvp(x, y)),
    ("hvp(x)", c.hvp(x)),
    ("weighted(hessian(x))", c.weighted(c.hessian(x))),
    ("weighted(hessian(x, y, of=out[1]))", c.weighted(c.hessian(x, y, of=out[1]))),
    ("lower(weighted(hessian(x)))", c.lower(c.weighted(c.hessian(x)))),
    ("diagonal(weighted(hessian(x)), 1)", c.diagonal(c.weighted(c.hessian(x)), 1)),
    (
        "entries(weighted(hessian(x)), [(x[0], x[1])])",
        c.entries(c.weighted(c.hessian(x)), [(x[0], x[1])]),
    ),
    (
        'sparse(lower(weighted(hessian(x))), format="csr")',
        c.sparse(c.lower(c.weighted(c.hessian(x))), format="csr"),
    ),
    ("sparse(weighted(hessian(x)))", c.sparse(c.weighted(c.hessian(x)))),
    ("vjp(out)", c.vjp(out)),
    ("vjp(out[2], x)", c.vjp(out[2], x)),
    ("laplacian(x)", c.laplacian(x)),
    ("divergence(x)", c.divergence(x)),
    ("curl(x)", c.curl(x)),
    ("biharmonic(x, of=out[0])", c.biharmonic(x, of=out[0])),
    ("laplacian(x, t)", c.laplacian(x, t)),
    ("euler_lagrange(x, y)", c.euler_lagrange(x, y)),
    ("jvp(x, order=2)", c.jvp(x, order=2)),
    ("polylaplacian(x, power=3)", c.polylaplacian(x, power=3)),
    (
        'expression("v", v="out[\'p\'][0]")',
        c.expression("v", v=out["p"][0]),
    ),
    ('expression("Derivative(u, t)")', c.expression("Derivative(u, t)")),
]


@pytest.mark.parametrize(("text", "expected"), GOOD, ids=[text for text, _ in GOOD])
def test_text_and_constructors_agree(text: str, expected: object) -> None:
    assert parse(text) == expected
    assert hash(parse(text)) == hash(expected)
    assert parse(str(expected)) == expected


def test_every_request_is_tried() -> None:
    assert {type(node).keyword for _, node in GOOD} == set(REQUESTS)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("partial(x[ 0 ],t)", "partial(x[0], t)"),
        ("jacobian(x[1:4:1, :])", "jacobian(x[1:4:1, :])"),
        ("gradient(p['a\"b'])", 'gradient(p["a\\"b"])'),
        ("gradient(p['ü'], of=out)", 'gradient(p["ü"])'),
        ("diagonal(jacobian(x), 0)", "diagonal(jacobian(x))"),
        ("sparse(jacobian(x), format='values')", "sparse(jacobian(x))"),
        ("entries(hessian(x), ((x[0], x[1]),))", "entries(hessian(x), [(x[0], x[1])])"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical


# What is wrong, the text that is underlined, a word that must be in the message.
BAD = [
    ("", "", "empty"),
    ("   ", "", "empty"),
    ("partal(x)", "partal", "did you mean partial"),
    ("Gradient(x)", "Gradient", "did you mean gradient"),
    ("nonsense(x)", "nonsense", "the requests are value, partial"),
    ("gradiant", "gradiant", "did you mean gradient"),
    ("gradient", "gradient", "without its arguments"),
    ("x[0]", "x[0]", "is a coordinate"),
    ("x", "x", "is a coordinate"),
    ("3", "3", "not a request"),
    ("partial(x[0]) + 1", "partial(x[0]) + 1", "not a request"),
    ('["value", "gradient(x)"]', '["value", "gradient(x)"]', "several requests"),
    ("jax.grad(x)", "jax.grad(x)", "not a request"),
    ("partial()", "partial()", "at least 1 argument"),
    ("partial(x[0]", "(", "never closed"),
    ("partial(x[0]))", ")", "unmatched"),
    ("partial(x[0] x[1])", "x[0] x[1]", "not written correctly"),
    ("partial(x[i])", "i", "neither an index nor a key"),
    ("partial(x[0.5])", "0.5", "neither an index nor a key"),
    ("partial(x[True])", "True", "neither an index nor a key"),
    ("partial(x[None])", "None", "neither an index nor a key"),
    ("partial(x[0, 1 + 1])", "1 + 1", "never evaluated"),
    ("partial(x[1:n])", "n", "integer literal"),
    ("partial(x[()])", "()", "empty"),
    ("partial(f(x))", "f(x)", "not a coordinate"),
    ("partial(x[0], 3)", "3", "not a coordinate"),
    ('partial("x[0]")', '"x[0]"', "not a coordinate"),
    ("partial(f(x)[0])", "f(x)", "not a coordinate"),
    ("partial(*x)", "*x", "never evaluated"),
    ("partial(**x)", "**x", "never evaluated"),
    ("partial(x[0], off=out[0])", "off=out[0]", "did you mean of=?"),
    ("gradient(x, order=2)", "order=2", "keywords it takes: of="),
    ("lower(hessian(x), of=out[0])", "of=out[0]", "keywords it takes: none"),
    ("jacobian(x, of=y[0])", "y[0]", "no part of the result"),
    ("vjp(x)", "x", "no part of the result"),
    ("hessian(x, y, z)", "z", "at most 2 arguments"),
    ("hvp(x, y)", "y", "at most 1 argument"),
    ("derivatives(x)", "derivatives(x)", "order"),
    ("derivatives(x, order=0)", "0", "no derivative of order 0"),
    ("derivatives(x, order=-1)", "-1", "no derivative of order -1"),
    ("derivatives(x, order=k)", "k", "integer literal"),
    ("diagonal(x)", "x", "no matrix"),
    ("diagonal(gradient(x))", "gradient(x)", "cannot stand here"),
    ("diagonal(jacobian(x), 1, k=1)", "1", "given twice"),
    (
        "lower(jacobian(x))",
        "jacobian(x)",
        "write hessian(x) or weighted(hessian(x)) in its place",
    ),
    ("weighted(x)", "x", "no matrix"),
    ("weighted", "weighted", "write weighted(hessian(x))"),
    ("weighted(hessian(x), y)", "y", "at most 1 argument"),
    ("weighted(jacobian(x, of=out[2]))", "jacobian(x, of=out[2])", "vjp(out[2], x)"),
    ("weighted(jacobian(x))", "jacobian(x)", "is a vjp: vjp(out, x)"),
    ("weighted(weighted(hessian(x)))", "weighted(hessian(x))", "weigh once"),
    ("weighted(lower(hessian(x)))", "lower(hessian(x))", "lower(weighted(hessian(x)))"),
    ("weighted(gradient(x))", "gradient(x)", "write weighted(hessian(x))"),
    ("sparse(gradient(x))", "gradient(x)", "cannot stand here"),
    ('sparse(jacobian(x), format="coo")', '"coo"', "no format"),
    ("entries(hessian(x))", "entries(hessian(x))", "at least 2 arguments"),
    ("entries(hessian(x), [])", "[]", "no entry"),
    ("entries(hessian(x), [x[0]])", "x[0]", "pair"),
    ("entries(hessian(x), [(x[0],)])", "(x[0],)", "(x[0], x[1])"),
    ("entries(jacobian(x), [(x[0],)])", "(x[0],)", "(out[0], x[2])"),
    ("entries(hessian(x), LIST)", "LIST", "no list"),
    ("expression(u + 1)", "u + 1", "not in quotes"),
    ("lower(hesian(x))", "hesian", "did you mean hessian"),
    ("gradient(x)\ngradient(y)", "gradient", "not written correctly"),
    ("partial(\n  x[0],\n  x[a])", "a", "line 3, column 5"),
    ('partial(p["äöü"], x[a])', "a", "column 21"),
    ('partial(\n  p["äöü"], x[a])', "a", "line 2, column 15"),
    ("  partial(x[a])", "a", "column 13"),
    ("partial(x[0]\0)", None, "request"),
]


@pytest.mark.parametrize(
    ("text", "fault", "message"), BAD, ids=[repr(b[0]) for b in BAD]
)
def test_bad_text(text: str, fault: str | None, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse(text)
    error = caught.value
    assert message in str(error)
    if fault:
        assert error.snippet is not None
        assert error.snippet[slice(*error.span)].startswith(fault)
        assert error.snippet in text.replace("\r", "\n")


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    with pytest.raises(RequestError):
        parse("diagonal(" * 100_000)


def test_span_is_of_the_second_of_two_equal_texts() -> None:
    with pytest.raises(RequestError) as caught:
        parse("partial(x[0], x[i], x[i])")
    assert caught.value.span == (16, 17)


@pytest.mark.parametrize(
    ("location", "where"),
    [
        (None, "column 11 of the request"),
        (Location("p.toml"), "p.toml, column 11 of the request"),
        (Location("p.toml", 7), "p.toml:7, column 11 of the request"),
        (Location("p.toml", 7, 20), "p.toml:7:30"),
    ],
)
def test_where(location: Location | None, where: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse("partial(x[i])", location)
    assert str(caught.value.where) == where


def test_where_on_a_later_line() -> None:
    with pytest.raises(RequestError) as caught:
        parse("partial(\n x[i])", Location("p.toml", 7, 20))
    assert caught.value.where == Location("p.toml", 8, 4)


def test_nodes_know_where_they_stand() -> None:
    text = 'entries(jacobian(x), [(out["ä"][0], state.position[2, 1:3])])'
    request = parse(text)
    (row, column) = request.items[0]
    at = lambda origin: text[origin.start : origin.stop]  # noqa: E731
    assert at(request.origin) == text
    assert at(request.matrix.origin) == "jacobian(x)"
    assert at(row.origin) == 'out["ä"][0]'
    assert at(row.steps[0].origins[0]) == '"ä"'
    assert at(column.steps[0].origin) == "position"
    assert [at(origin) for origin in column.steps[1].origins] == ["2", "1:3"]


names = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name)
)
fields = names.filter(lambda name: not name.startswith("_"))
integers = st.integers(-12, 12)
bounds = st.none() | integers
keys = (
    integers
    | st.builds(slice, bounds, bounds, bounds)
    | st.just(...)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
)


@st.composite
def coordinates(draw: st.DrawFn, root: c.Selector | None = None) -> c.Selector:
    found = root if root is not None else c.arg(draw(names))
    for _ in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            found = found[tuple(draw(st.lists(keys, min_size=1, max_size=3)))]
        else:
            found = getattr(found, draw(fields))
    return found


selections = st.none() | coordinates(out)
several = st.lists(coordinates(), min_size=1, max_size=4)
pairs = st.lists(st.tuples(coordinates(), coordinates()), min_size=1, max_size=3)
jacobians = st.builds(lambda w, of: c.jacobian(*w, of=of), several, selections)
hessians = st.builds(lambda w, of: c.hessian(*w[:2], of=of), several, selections)
squares = hessians | st.builds(c.weighted, hessians)
matrices = jacobians | squares
requests = st.one_of(
    st.builds(lambda of: c.value(of=of), selections),
    *(
        st.builds(lambda w, of, make=make: make(*w, of=of), several, selections)
        for make in (
            *(c.partial, c.gradient),
            *(c.laplacian, c.divergence, c.curl, c.biharmonic),
        )
    ),
    st.builds(
        lambda w, k, of: c.jvp(*w, order=k, of=of),
        several,
        st.integers(1, 4),
        selections,
    ),
    st.builds(
        lambda w, k, of: c.polylaplacian(*w, power=k, of=of),
        several,
        st.integers(1, 4),
        selections,
    ),
    *(
        st.builds(lambda w, of, make=make: make(w, of=of), coordinates(), selections)
        for make in (c.hvp,)
    ),
    matrices,
    st.builds(
        lambda w, k, of: c.derivatives(*w, order=k, of=of),
        several,
        st.integers(1, 5),
        selections,
    ),
    st.builds(c.diagonal, matrices, integers),
    st.builds(c.lower, squares),
    st.builds(c.entries, matrices, pairs | st.just("pkg.mod:LIST")),
    st.builds(
        lambda m, f: c.sparse(m, format=f),
        matrices | st.builds(c.lower, squares),
        st.sampled_from(["values", "csr", "bcoo", "dense"]),
    ),
    st.builds(lambda o, w: c.vjp(o, *w), coordinates(out), several),
    st.builds(c.expression, st.text(st.characters(exclude_categories=["Cs"]))),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(requests)
def test_parse_undoes_str(request: object) -> None:
    text = str(request)
    assert parse(text) == request
    assert str(parse(text)) == text


@settings(deadline=None)
@given(st.text(alphabet='partialx[]()0,:"of=out.\n ü-', max_size=30))
def test_any_text_parses_or_is_refused_with_a_place(text: str) -> None:
    error = refusal(text)
    if error is None:
        assert parse(str(parse(text))) == parse(text)
        return
    assert error.snippet is not None
    start, stop = error.span
    assert 0 <= start < stop
    assert start <= len(error.snippet)


def refusal(text: str) -> RequestError | None:
    try:
        parse(text)
    except RequestError as error:
        return error
    return None

"""What becomes of programs that are taken apart, rule by rule."""

import jax.numpy as jnp
import numpy as np
import pytest

import partialc
from partialc.ir.check import check
from partialc.ir.text import parse
from partialc.lowering.light_cone import light_cone, taken_apart
from partialc.lowering.scalar.sharing import FEWEST
from partialc.ops.evaluation import evaluate


def operations(body, result, inputs="x: float, y: float, z: float"):
    """The operations that are left of a body, without views."""
    lines = "\n".join(f"    {line}" for line in body.split("; "))
    cone = taken_apart(parse(f"def f({inputs}):\n{lines}\n    return {result}\n"))
    check(cone)
    views = {"slice", "squeeze", "broadcast_in_dim", "reshape"}
    return [e.op for e in cone.equations if e.op not in views]


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ("a: float = add(x, float(0.0))", []),
        ("a: float = mul(x, float(1.0))", []),
        ("a: float = mul(x, float(0.0))", []),
        ("a: float = mul(x, float(-1.0))", ["neg"]),
        ("a: float = sub(x, x)", []),
        ("a: float = div(x, x)", []),
        ("b: float = neg(x); a: float = neg(b)", []),
        ("b: float = neg(y); a: float = sub(x, b)", ["add"]),
        ("b: float = neg(x); a: float = cos(b)", ["cos"]),
        ("b: float = neg(x); c: float = sin(b); a: float = neg(c)", ["sin"]),
        ("a: float = exp(float(0.0))", []),
        ("a: float = pow(x, float(0.0))", []),
        ("a: float = pow(x, float(1.0))", []),
        ("a: float = pow(x, float(2.5))", ["pow"]),
        ("a: float = exp(float(1.0))", ["exp"]),
        ("a: float = select_n(bool(True), x, y)", []),
        ("b: float = integer_pow(x, y=2); a: float = mul(b, x)", ["integer_pow"]),
        ("b: float = div(x, z); c: float = div(y, z); a: float = div(b, c)", ["div"]),
        ("b: float = sub(x, y); c: float = sub(y, x); a: float = add(b, c)", []),
    ],
)
def test_algebra(body, left):
    assert operations(body, "a") == left


def test_equal_addends_become_one():
    body = "a: float = mul(x, y); b: float = mul(y, x); c: float = add(a, b)"
    assert operations(body, "c") == ["mul", "mul"]


def test_common_factors_are_taken_out():
    body = "a: float = mul(x, y); b: float = mul(x, z); c: float = add(a, b)"
    assert operations(body, "c") == ["add", "mul"]


@pytest.mark.parametrize("much", ["float(1e16)", "y"])
def test_what_is_added_and_taken_away_again_stays(much):
    body = f"a: float = add(x, {much}); b: float = sub(a, {much})"
    assert operations(body, "b") == ["add", "sub"]


@pytest.mark.parametrize(
    "body",
    [
        "a: float = sub(x, y); b: float = sub(z, u); c: float = add(b, a)",
        "a: float = sub(x, y); b: float = add(z, a); c: float = sub(b, u)",
        "a: float = sub(x, y); b: float = sub(u, z); c: float = sub(a, b)",
        "a: float = sub(x, y); b: float = add(a, u); c: float = sub(z, b)",
        "a: float = sub(x, y); b: float = neg(u); d: float = add(a, b); "
        "c: float = add(z, d)",
    ],
)
def test_differences_are_taken_as_they_are_written(body):
    """x - y is exact where they are close; (z + x) - y is not."""
    lines = "\n".join(f"    {line}" for line in body.split("; "))
    inputs = "x: float, y: float, z: float, u: float"
    function = parse(f"def f({inputs}):\n{lines}\n    return c\n")
    point = [1e14 + 1, 1e14, 1e-3, 0.0]
    expected, found = (
        float(evaluate(each, point)[0]) for each in (function, taken_apart(function))
    )
    assert abs(abs(found) - 1) > 5e-4
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_values_that_are_used_twice_are_not_written_out_twice():
    body = "a: float = add(x, y); b: float = add(a, z); c: float = sin(a)"
    assert sorted(operations(body, "b, c")) == ["add", "add", "sin"]


def test_long_sums_are_reductions_of_slices():
    body = "a: float[20] = mul(x, x); b: float = reduce_sum(a, axes=(0,))"
    left = operations(body, "b", inputs="x: float[20]")
    assert left == ["integer_pow", "reduce_sum"]


def test_diagonals_are_padded_vectors():
    body = (
        "a: float[20] = exp(x); "
        "b: float[400] = pad(a, float(0.0), padding_config=((0, 0, 20),)); "
        "c: float[20, 20] = reshape(b, new_sizes=(20, 20), dimensions=None)"
    )
    left = operations(body, "c", inputs="x: float[20]")
    assert left == ["exp", "pad"]


def test_operations_without_a_rule_are_carried_whole():
    body = (
        "a: float[4] = mul(x, float[4]([1.0, 1.0, 1.0, 1.0])); "
        "b: float[4] = sort(a, dimension=0, is_stable=True, num_keys=1)"
    )
    assert operations(body, "b", inputs="x: float[4]") == ["sort"]


def test_cones_that_are_no_less_work_are_left_alone():
    function = parse("""
def f(x: float[50]):
    a: float[50] = exp(x)
    b: float = reduce_max(a, axes=(0,))
    return b
""")
    assert light_cone(function) is function


def test_cones_that_are_too_large_are_left_alone():
    function = parse("""
def f(x: float[50]):
    a: float[50] = exp(x)
    return a
""")
    assert taken_apart(function, limit=10) is None


def chain(count):
    """Sums of products of `count` sines, each used over and over."""
    lines = []
    for n in range(count):
        slices = f"start_indices=({n},), limit_indices=({n + 1},), strides=None"
        lines.append(f"s{n}: float[1] = slice(x, {slices})")
        lines.append(f"e{n}: float = squeeze(s{n}, dimensions=(0,))")
        lines.append(f"t{n}: float = sin(e{n})")
    last = "t0"
    for n in range(60):
        lines.append(f"m{n}: float = mul({last}, t{n % count})")
        lines.append(f"a{n}: float = add(m{n}, t{(n + 1) % count})")
        last = f"a{n}"
    return "; ".join(lines), last


def test_shared_transcendentals_stand_behind_one_barrier():
    body, result = chain(FEWEST)
    left = operations(body, result, inputs=f"x: float[{FEWEST}]")
    assert left.count("optimization_barrier") == 1
    assert left.count("sin") == 1  # one vector of them


def test_few_shared_transcendentals_are_left_to_xla():
    body, result = chain(FEWEST - 1)
    left = operations(body, result, inputs=f"x: float[{FEWEST - 1}]")
    assert "optimization_barrier" not in left


def test_what_vectors_alone_share_is_not_computed_as_scalars_too():
    """Every exponential is used twice, and all but those at the ends by vectors."""

    def residual(x):
        left = jnp.concatenate([jnp.zeros_like(x[:1]), x[:-1]])
        right = jnp.concatenate([x[1:], jnp.ones_like(x[:1])])
        return x**2 * (left - 2.0 * x + right) + jnp.exp(-x) * left * right

    module = partialc.compile(
        residual,
        args={"x": "float[60]"},
        kernels={
            "band": {
                "lower": "diagonal(jacobian(x), -1)",
                "main": "diagonal(jacobian(x))",
                "upper": "diagonal(jacobian(x), 1)",
            }
        },
        name="band",
    )
    assert "written out" in module.source
    assert "unstack" not in module.source

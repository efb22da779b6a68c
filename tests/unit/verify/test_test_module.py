"""The text of a generated test, and what it accepts and refuses."""

from __future__ import annotations

import ast
import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jinja2 import Environment, nodes

from partialc.emit.templates import templates_folder
from partialc.errors import PartialcWarning, UnsupportedError
from partialc.frontends.load import load_primal
from partialc.printing.formatting import format_source
from partialc.spec.arguments import ObjectText
from partialc.spec.model import Options
from tests.unit.verify.building import Running, proof_of, text_of

ALLOWED = {"jax", "numpy", "pytest", *sys.stdlib_module_names}


def product(x: Any) -> Any:
    return jnp.prod(x)


def guarded(function: Callable[..., Any], *shapes: tuple[int, ...]) -> Any:
    """A kernel that refuses wrong arguments, as generated ones do."""

    def kernel(*arguments: Any) -> Any:
        for argument, shape in zip(arguments, shapes, strict=True):
            real = isinstance(argument, jax.Array) and jnp.issubdtype(
                argument.dtype, jnp.floating
            )
            if not real or argument.shape != shape:
                raise TypeError("wrong arguments")
        return function(*arguments)

    return jax.jit(kernel)


@pytest.fixture(scope="module")
def running() -> Running:
    proof = proof_of(product, {"x": "float[5]"}, {"d3": "partial(x[0], x[2], x[4])"})
    return Running(proof, d3=guarded(lambda x: x[1] * x[3], (5,)))


def test_a_right_kernel_passes_everything(running: Running) -> None:
    assert running.passes("test_function")
    for test in (
        "test_values",
        "test_jit_and_vmap",
        "test_differentiated_again",
        "test_refuses_wrong_arguments",
    ):
        assert running.passes(test, "d3"), test


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x: x[1] * x[3] * 1.001,
        lambda x: x[1] * x[2],
        lambda x: -x[1] * x[3],
        lambda x: x[1] * x[3] + 1e-9,
        lambda x: (x[1] * x[3])[None],
        lambda x: (x[1] * x[3]).astype("float32"),
        lambda x: x[1] * x[3] * jnp.nan,
        lambda x: jnp.abs(x[1] * x[3]),
        lambda x: (x[1] * x[3],),
    ],
)
def test_a_wrong_kernel_fails(running: Running, wrong: Callable[..., Any]) -> None:
    running.space["generated"]().d3 = guarded(wrong, (5,))
    assert not running.passes("test_values", "d3")


def test_a_kernel_without_guards_fails(running: Running) -> None:
    running.space["generated"]().d3 = jax.jit(lambda x: x[1] * x[3])
    assert not running.passes("test_refuses_wrong_arguments", "d3")


def test_a_kernel_that_loses_its_derivative_fails(running: Running) -> None:
    stopped = guarded(lambda x: jax.lax.stop_gradient(x[1] * x[3]), (5,))
    running.space["generated"]().d3 = stopped
    assert running.passes("test_values", "d3")
    assert not running.passes("test_differentiated_again", "d3")


def test_a_derivative_that_is_nothing_but_rounding_may_differ() -> None:
    proof = proof_of(
        lambda x: jnp.log(jnp.exp(3.0 * x)), {"x": "float"}, {"d": "partial(x)"}
    )

    def off_by(slope: float) -> Callable[..., Any]:
        return guarded(lambda x: 3.0 + slope * (x - jax.lax.stop_gradient(x)), ())

    assert Running(proof, d=off_by(0.0)).passes("test_differentiated_again", "d")
    running = Running(proof, d=off_by(1e-12))
    assert running.passes("test_values", "d")
    assert not running.passes("test_differentiated_again", "d")


def test_a_wrong_copy_of_the_function_fails() -> None:
    proof = proof_of(product, {"x": "float[3]"}, {"g": "gradient(x)"})
    assert Running(proof).passes("test_function")
    wrong = Running(proof, product=lambda x: jnp.prod(x) * 1.001)
    assert not wrong.passes("test_function")


def test_the_text_is_formatted_deterministic_and_needs_nothing_else() -> None:
    requests: dict[str, str | list[str]] = {
        "entries": "entries(hessian(x), [(x[0], x[1])])",
        "both": ["value", "hessian(x)", "derivatives(x, order=2)"],
        "row": "vjp(out)",
    }
    first, again = (
        text_of(proof_of(product, {"x": "float[3]"}, requests)) for _ in range(2)
    )
    assert first == again == format_source(first)
    for node in ast.walk(ast.parse(first)):
        if isinstance(node, ast.Import):
            assert {alias.name.partition(".")[0] for alias in node.names} <= ALLOWED
        if isinstance(node, ast.ImportFrom):
            assert str(node.module).partition(".")[0] in ALLOWED
    assert str(Path.cwd()) not in first
    assert "jax._src" not in first


def test_the_text_has_no_lint(tmp_path: Path) -> None:
    file = tmp_path / "test_m.py"
    proof = proof_of(product, {"x": "float[3]"}, {"h": "hessian(x)", "j": "jvp(x)"})
    file.write_text(text_of(proof))
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", str(file)]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_template_is_a_skeleton() -> None:
    """Loops and tests of names only: the rest comes from code that is tested."""
    source = (templates_folder() / "test_module.py.jinja").read_text()
    tree = Environment(trim_blocks=True).parse(source)
    plain = (nodes.Name, nodes.Or)
    for condition in tree.find_all(nodes.If):
        assert isinstance(condition.test, plain)
    for loop in tree.find_all(nodes.For):
        assert isinstance(loop.iter, nodes.Name)
    refused = (nodes.Macro, nodes.Assign, nodes.Call, nodes.Filter, nodes.Include)
    assert not list(tree.find_all(refused))


def test_batched_kernels_get_all_samples_at_once() -> None:
    def row(x: Any, t: Any) -> Any:
        return jnp.sum(x) * t

    options = {"k": Options(batch=("x",)), "j": Options(batch=("x",))}
    proof = proof_of(
        row,
        {"x": "float[3]", "t": "float"},
        {"k": "partial(t)", "j": "jvp(x)"},
        options=options,
    )
    text = text_of(proof)
    assert "in_axes=(0, None)" in text
    assert "in_axes=(0, None, 0)" in text
    running = Running(
        proof,
        k=jax.jit(lambda x, t: jnp.sum(x, axis=1)),
        j=jax.jit(lambda x, t, v: jnp.sum(v, axis=1) * t),
    )
    assert running.passes("test_values", "k")
    assert running.passes("test_jit_and_vmap", "j")


def test_references_of_lists_import_what_they_use() -> None:
    def ring(x: Any) -> Any:
        return jnp.concatenate([x[1:], x[:1]]) * x

    proof = proof_of(ring, {"x": "float[40]"}, {"d": "diagonal(jacobian(x), 1)"})
    for value in Running(proof).expected("d"):
        assert value.shape == (39,)


def test_bundled_kernels_are_checked_by_field_names() -> None:
    proof = proof_of(product, {"x": "float[2]"}, {"k": ["value", "gradient(x)"]})

    class Bundle(tuple[Any, ...]):
        __slots__ = ()
        _fields = ("value", "gradient_x")

    def kernel(x: Any) -> Any:
        return Bundle((jnp.prod(x), jnp.prod(x) / x))

    assert Running(proof, k=kernel).passes("test_values", "k")
    Bundle._fields = ("gradient_x", "value")
    assert not Running(proof, k=kernel).passes("test_values", "k")


def test_reverse_only_and_forward_only_functions_get_references() -> None:
    @jax.custom_vjp
    def through(x: Any) -> Any:
        return jnp.round(x) ** 2

    through.defvjp(lambda x: (through(x), x), lambda x, c: (2 * x * c,))
    text = text_of(
        proof_of(lambda x: jnp.sum(through(x)), {"x": "float[2]"}, {"h": "hessian(x)"})
    )
    assert "jax.jacrev(jax.jacrev(reference))(x)" in text

    def loop(x: Any) -> Any:
        return jax.lax.while_loop(lambda v: v < 8, lambda v: v * 1.5, jnp.sum(x))

    text = text_of(proof_of(loop, {"x": "float[2]"}, {"h": "hessian(x)"}))
    assert "jax.jacfwd(jax.jacfwd(reference))(x)" in text
    assert "jacrev(" not in text.partition("# --- from here")[0]


def test_samples_avoid_where_a_loop_does_not_end() -> None:
    def doubled(x: Any) -> Any:
        return jax.lax.while_loop(lambda v: v < 8, lambda v: v * 1.5, x)

    proof = proof_of(doubled, {"x": "float"}, {"d": "partial(x)"})
    for value in Running(proof).expected("d"):
        assert float(value) > 1


def test_a_loop_that_ends_nowhere_is_an_error() -> None:
    def forever(x: Any) -> Any:
        return jax.lax.while_loop(lambda v: v < 1e3, lambda v: v - jnp.sin(v), x)

    with pytest.raises(UnsupportedError, match="does not come to an end"):
        proof_of(forever, {"x": "float"}, {"d": "partial(x)"})


def test_a_loop_that_ends_in_float64_alone_is_an_error() -> None:
    def halves(x: Any) -> Any:
        def goes_on(state: Any) -> Any:
            low, high = state
            return high - low > 1e-12 * x

        def step(state: Any) -> Any:
            low, high = state
            middle = (low + high) / 2
            inside = middle**2 < x + 1
            return jnp.where(inside, middle, low), jnp.where(inside, high, middle)

        low, _ = jax.lax.while_loop(goes_on, step, (x * 0, x + 2))
        return low * x

    with pytest.raises(UnsupportedError, match="does not come to an end"):
        proof_of(halves, {"x": "float"}, {"d": "partial(x)"})
    fixed = proof_of(halves, {"x": "f64"}, {"d": "partial(x)"})
    assert len(fixed.findings.samples) >= 3


def test_a_reference_that_nobody_can_take_is_an_error() -> None:
    @jax.custom_vjp
    def through(x: Any) -> Any:
        return x * 2

    through.defvjp(lambda x: (through(x), x), lambda x, c: (2 * c,))

    def function(x: Any) -> Any:
        return jax.lax.while_loop(lambda v: v < 8, lambda v: v * 1.5, through(x))

    with pytest.raises(UnsupportedError, match="cannot be proven"):
        proof_of(function, {"x": "float"}, {"d": "partial(x)"})


def test_samples_avoid_where_the_function_is_not_finite() -> None:
    def inverse(x: Any) -> Any:
        return jnp.arcsin(x) * jnp.log(x)

    proof = proof_of(inverse, {"x": "float"}, {"d": "partial(x)"})
    assert (0, 0.1, 0.9) in proof.findings.samples
    for value in Running(proof).expected("d"):
        assert np.isfinite(value)


def test_a_function_that_is_finite_nowhere_warns_and_fails() -> None:
    def nowhere(x: Any) -> Any:
        return jnp.sqrt(-jnp.exp(x))

    with pytest.warns(PartialcWarning, match=r"\[module.domain\]"):
        proof = proof_of(nowhere, {"x": "float"}, {"d": "partial(x)"})
    running = Running(proof, d=jax.grad(nowhere))
    assert not running.passes("test_values", "d")


def test_both_signs_of_a_result_are_sampled() -> None:
    proof = proof_of(lambda x: jnp.sin(x), {"x": "float"}, {"d": "partial(x)"})
    references = Running(proof).expected("d")
    assert {float(np.sign(value)) for value in references} == {-1.0, 1.0}


def test_the_domain_is_kept() -> None:
    domain = {"x": (50.0, 60.0)}
    proof = proof_of(product, {"x": "float[2]"}, {"d": "value"}, domain=domain)
    for value in Running(proof).expected("d"):
        assert 2500 <= float(value) <= 3600


def test_listed_points_stand_in_the_test(tmp_path: Path) -> None:
    (tmp_path / "listed_points.py").write_text(
        "POINTS = [[1.0, 2.0], [3.0, 4.0]]\n"
        "def whole():\n    return [{'x': [1.0, 2.0]}, {'x': [5.0, 4.0]}]\n"
    )
    for domain, second in (
        ({"x": ObjectText("listed_points:POINTS")}, 12.0),
        (ObjectText("listed_points:whole"), 20.0),
    ):
        proof = proof_of(
            product, {"x": "float[2]"}, {"d": "value"}, domain=domain, folder=tmp_path
        )
        values = {float(value) for value in Running(proof).expected("d")}
        assert values == {2.0, second}


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize(
    ("kind", "narrow", "wide"),
    [
        ("int", "int32", "int64"),
        ("uint", "uint32", "uint64"),
        ("int16", "int16", "int16"),
        ("bool", "bool", "bool"),
        ("float", "float32", "float32"),
        ("complex", "complex64", "complex64"),
    ],
)
def test_drawn_and_listed_points_have_the_dtype_of_the_argument(
    kind: str, narrow: str, wide: str, listed: bool, tmp_path: Path
) -> None:
    (tmp_path / "listed_kinds.py").write_text("POINTS = [[1, 0], [0, 1]]\n")
    proof = proof_of(
        lambda x, n: jnp.sum(x * jnp.real(n)),
        {"x": "float", "n": f"{kind}[2]"},
        {"d": "value"},
        domain={"n": ObjectText("listed_kinds:POINTS")} if listed else {},
        folder=tmp_path,
    )
    space = Running(proof).space
    for enabled, dtype in ((False, narrow), (True, wide)):
        with jax.enable_x64(enabled):
            n = space["point"](space["Draw"](0, 0.5, 1.5, "float32"))[1]
        assert n.dtype == dtype
        if listed:
            assert n.tolist() == [1, 0]


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class State:
    """A class of the user's."""

    position: Any
    velocity: Any


def kinetic(state: State) -> Any:
    return jnp.sum(state.velocity**2) * state.position[0]


def test_arguments_of_a_class_are_made_by_that_class() -> None:
    example = State(jnp.zeros(2), jnp.zeros(3))
    proof = proof_of(kinetic, {"state": example}, {"g": "gradient(state)"})
    text = text_of(proof)
    made = 'State")(position=draw.real(2),velocity=draw.real(3))'
    assert made in "".join(text.split())
    assert "return jacobian_state\n" in text


def test_a_class_that_names_its_children_as_nobody_does_is_an_error() -> None:
    class Odd:
        def __init__(self, value: Any) -> None:
            self.value = value

    jax.tree_util.register_pytree_with_keys(
        Odd, lambda odd: (((frozenset(), odd.value),), None), lambda _, c: Odd(*c)
    )
    with pytest.raises(UnsupportedError, match="cannot make the argument 'odd'"):
        proof_of(lambda odd: odd.value**2, {"odd": Odd(jnp.zeros(()))}, {"v": "value"})


def test_the_original_is_called_as_its_author_declared(tmp_path: Path) -> None:
    (tmp_path / "declared.py").write_text(
        "def f(a, x, /, scale, *, y):\n    return a * x * scale * y\n"
    )
    proof = proof_of(
        "declared:f",
        {"a": 2.0, "x": "float", "scale": 3, "y": "float"},
        {"d": "partial(x)"},
        folder=tmp_path,
    )
    text = text_of(proof)
    assert 'found("declared", "f")' in text
    assert "return original(2.0, x, 3, y=y)" in text


def test_a_function_given_directly_is_proven_by_its_copy() -> None:
    proof = proof_of(lambda x: x**2, {"x": "float"}, {"d": "partial(x)"})
    text = text_of(proof)
    assert "the original cannot be imported" in text
    assert "import_module" not in text


def test_fixed_widths_are_respected() -> None:
    proof = proof_of(lambda x: x * 2, {"x": "f32[2]"}, {"d": "jacobian(x)"})
    assert 'dtype="float32"' in text_of(proof)
    assert "test_float32_beside_float64" not in text_of(proof)
    assert {leaf.dtype for leaf in Running(proof).expected("d")} == {
        np.dtype("float32")
    }


def test_the_primal_and_its_call_agree_in_the_trial() -> None:
    """The noted values are those of the function itself."""
    proof = proof_of(product, {"x": "float[2]"}, {"d": "value"})
    primal = load_primal(product, {"x": "float[2]"}, name="product")
    running = Running(proof)
    for sample, noted in zip(proof.findings.samples, proof.findings.noted, strict=True):
        draw = running.space["Draw"](*sample, "float32")
        (value,) = noted[0]
        result = float(primal.call(*running.space["point"](draw)))
        assert value == pytest.approx(result, rel=1e-4)

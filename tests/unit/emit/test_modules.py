"""Generated modules as text: what a reviewer relies on."""

import ast
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import partialc


def product(x: jax.Array) -> jax.Array:
    """The product of all components."""
    return jnp.prod(x)


def energy(params: dict[str, jax.Array], x: jax.Array) -> jax.Array:
    """A scalar of a tree and a vector."""
    return jnp.sum(jnp.tanh(params["w"] @ x + params["b"]) ** 2)


def compiled(kernels: dict[str, Any], **options: Any) -> partialc.Module:
    return partialc.compile(product, {"x": "float[5]"}, kernels, "product", **options)


FOUNDING = {"d3": "partial(x[0], x[2], x[4])"}


def test_the_founding_example() -> None:
    module = compiled(FOUNDING).load()
    assert module.d3(jnp.arange(1.0, 6.0)) == 8.0
    rows = jnp.arange(1.0, 31.0).reshape(6, 5)
    expected = [8.0, 63.0, 168.0, 323.0, 528.0, 783.0]
    assert jax.vmap(module.d3)(rows).tolist() == expected
    batched = compiled(FOUNDING, batch=["x"]).load()
    assert batched.d3(rows).tolist() == expected


def test_same_input_same_bytes() -> None:
    first, second = compiled(FOUNDING), compiled(FOUNDING)
    assert first.source == second.source
    assert first.test_source == second.test_source


def test_a_module_imports_documented_packages_only() -> None:
    module = ast.parse(compiled({**FOUNDING, "v": ["value", "hessian(x)"]}).source)
    imported = set()
    for node in module.body:
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            imported.add(str(node.module))
    assert imported <= {"jax", "jax.numpy", "numpy", "typing"}


def test_everything_public_is_exported_and_nothing_else() -> None:
    loaded = compiled({**FOUNDING, "both": ["value", "gradient(x)"]}).load()
    assert loaded.__all__ == ["Both", "both", "d3", "product"]
    result = loaded.both(jnp.arange(1.0, 6.0))
    assert result._fields == ("value", "gradient_x")
    assert type(result).__name__ == "Both"


def test_docstrings_tell_mathematics_shape_and_plan() -> None:
    text = compiled(FOUNDING).load().d3.__doc__
    assert "`d3 product / dx[0] dx[2] dx[4]`" in text
    assert "Result: a scalar." in text
    assert "Plan: 3 nested JVPs, written out: 1 flop (full reference: " in text
    chain = compiled(FOUNDING, form="chain").load().d3.__doc__
    assert "Plan: 3 nested JVPs: " in chain


def test_what_is_short_written_out_is_written_out() -> None:
    assert "return x[1] * x[3]" in compiled(FOUNDING).source
    assert "jax.jvp" in compiled(FOUNDING, form="chain").source
    trained = compiled(FOUNDING, differentiable=True)
    assert "return x[1] * x[3]" in trained.source
    gradient = jax.grad(lambda x: trained.load().d3(x))(jnp.arange(1.0, 6.0))
    assert gradient.tolist() == [0.0, 4.0, 0.0, 2.0, 0.0]


def test_a_function_with_the_name_of_a_kernel_gets_an_underscore() -> None:
    loaded = compiled({"product": "gradient(x)"}).load()
    assert loaded.product(jnp.ones(5)).shape == (5,)
    assert loaded._product(jnp.full(5, 2.0)) == 32.0
    assert loaded.__all__ == ["product"]


def test_source_with_names_of_the_module_is_printed_instead(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "clashing.py").write_text(
        "import jax.numpy as jnp\n"
        "def _checked(x):\n    return jnp.sin(x)\n"
        "def f(x):\n    return jnp.sum(_checked(x)) * x[0] ** 3\n"
    )
    module = partialc.compile(
        "clashing:f", {"x": "float[2]"}, {"d": "gradient(x)"}, "m"
    )
    assert module.source.count("def _checked(") == 1
    assert "it defines _checked" in str(module.plan)
    x = jnp.array([0.5, 1.0])
    expected = jax.grad(lambda x: jnp.sum(jnp.sin(x)) * x[0] ** 3)(x)
    np.testing.assert_allclose(module.load().d(x), expected, rtol=1e-6)


def test_a_kernel_nests_in_jit_vmap_and_grad() -> None:
    module = partialc.compile(
        energy,
        {"params": {"w": "float[2,3]", "b": "float[2]"}, "x": "float[3]"},
        {"step": ["value", "gradient(params)"]},
        "energy",
    ).load()
    params = {"w": jnp.full((2, 3), 0.1), "b": jnp.full(2, 0.2)}
    x = jnp.array([1.0, 2.0, 3.0])
    value, gradient = jax.value_and_grad(energy)(params, x)
    result = jax.jit(module.step)(params, x)
    np.testing.assert_allclose(result.value, value, 1e-6)
    assert jax.tree.structure(result.gradient_params) == jax.tree.structure(gradient)
    jax.tree.map(
        lambda got, want: np.testing.assert_allclose(got, want, 1e-5),
        result.gradient_params,
        gradient,
    )
    slope = jax.grad(lambda x: module.step(params, x).value)(x)
    np.testing.assert_allclose(slope, jax.grad(energy, 1)(params, x), 1e-5)


@pytest.mark.parametrize(
    "arguments",
    [
        (jnp.ones(4),),
        (jnp.ones((6, 5)),),
        (jnp.arange(5),),
        ([1.0, 2.0, 3.0, 4.0, 5.0],),
        (jnp.ones(5, jnp.bfloat16),),
    ],
)
def test_a_kernel_refuses_what_it_was_not_built_for(arguments: tuple[Any]) -> None:
    module = compiled(FOUNDING).load()
    with pytest.raises(TypeError):
        module.d3(*arguments)


def test_integer_leaves_of_a_requested_tree_give_none() -> None:
    def f(data: dict[str, jax.Array]) -> jax.Array:
        return jnp.sum(data["x"][data["index"]] ** 2)

    args = {"data": {"x": "float[3]", "index": "int32[2]"}}
    module = partialc.compile(f, args, {"g": "gradient(data)"}, "f").load()
    data = {"x": jnp.array([1.0, 2.0, 3.0]), "index": jnp.array([0, 2])}
    gradient = module.g(data)
    assert gradient["index"] is None
    assert gradient["x"].tolist() == [2.0, 0.0, 6.0]


def test_expanded_equals_chain() -> None:
    kernels = {"h": "hessian(x)", "v": ["value", "gradient(x)"]}
    chain = compiled(kernels, form="chain").load()
    expanded = compiled(kernels, form="expanded").load()
    x = jnp.array([0.5, 1.5, -0.7, 1.1, 0.9])
    np.testing.assert_allclose(expanded.h(x), chain.h(x), 1e-6, 1e-6)
    np.testing.assert_allclose(expanded.v(x)[1], chain.v(x)[1], 1e-6)


def test_a_kernel_that_would_be_wrong_when_differentiated_raises() -> None:
    def f(x: jax.Array) -> jax.Array:
        return jnp.sum(jax.nn.relu(x) ** 2)

    args = {"x": "float[3]"}
    module = partialc.compile(f, args, {"g": "gradient(x)"}, "f", form="expanded")
    loaded = module.load()
    x = jnp.array([-1.0, 0.0, 2.0])
    assert loaded.g(x).tolist() == jax.grad(f)(x).tolist()
    with pytest.raises(TypeError, match="cannot be differentiated"):
        jax.jacfwd(loaded.g)(x)


def test_large_constants_stand_beside_the_module_and_are_guarded(tmp_path: Any) -> None:
    data = np.linspace(0.0, 1.0, 5000)

    class Model:
        """Holds data."""

        def __call__(self, x: jax.Array) -> jax.Array:
            return jnp.sum(jnp.cos(x * data))

    module = partialc.compile(Model(), {"x": "float"}, {"d": "partial(x)"}, "model")
    path = module.write(tmp_path / "model.py")
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "model.npz",
        "model.py",
        "test_model.py",
    ]
    loaded = module.load()
    expected = -float(np.sum(np.sin(0.5 * data) * data))
    assert float(loaded.d(0.5)) == pytest.approx(expected, rel=1e-5)
    (tmp_path / "model.npz").write_bytes(b"something else")
    namespace: dict[str, Any] = {"__file__": str(path)}
    with pytest.raises(ValueError, match="build again"):
        exec(path.read_text(), namespace)


@pytest.mark.parametrize(("count", "stands_beside"), [(3, False), (12, True)])
def test_many_tables_of_some_length_stand_beside_the_module(
    count: int, stands_beside: bool
) -> None:
    tables = np.random.default_rng(0).normal(size=(count, 100))

    def weighed(x: Any) -> Any:
        return sum(jnp.sum(jnp.asarray(each) * jnp.sin(x)) ** 2 for each in tables)

    module = partialc.compile(weighed, {"x": "float[100]"}, {"g": "gradient(x)"}, "m")
    assert (module.compiled.arrays is not None) == stands_beside
    assert ("np.array(\n" not in module.source) == stands_beside


def test_a_batched_kernel_refuses_what_has_no_rows() -> None:
    module = compiled(FOUNDING, batch=["x"]).load()
    for wrong in (jnp.ones(()), 2.0, jnp.ones(5), jnp.ones((2, 2, 5))):
        with pytest.raises(TypeError):
            module.d3(wrong)


@pytest.mark.parametrize("kind", ["int", "uint", "int32", "bool"])
def test_integer_arguments_are_taken(kind: str) -> None:
    module = partialc.compile(
        lambda x, n: jnp.sum(x**2 * n),
        {"x": "float[2]", "n": f"{kind}[2]"},
        {"g": "gradient(x)"},
        "scaled",
    ).load()
    n = jnp.asarray([1, 0], {"int": int, "uint": "uint32"}.get(kind, kind))
    assert module.g(jnp.ones(2), n).tolist() == [2.0, 0.0]

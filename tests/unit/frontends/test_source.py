"""Carried source: what comes along, what it looks like, and what is refused."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.frontends.load import load_primal
from partialc.frontends.source import execute

CORPUS = Path(__file__).parents[2] / "cases" / "carrying"
LAYERS = [{"w": "float[4,2]", "b": "float[4]"}, {"w": "float[1,4]", "b": "float[1]"}]
FUNCTIONS = {
    "product": {"x": "float[5]"},
    "ruled": {"x": "float[2]"},
    "model": {"x": "float[]", "p": {"w": "float"}},
    "jitted": {"x": "float[2]", "n": 4},
    "with_partial": {"x": "float[2]"},
    "dicts": {"state": {"a": "float[3]", "b": "float[3]"}},
    "branches": {"x": "float[3]", "y": "float"},
    "loops": {"x": "float[3]"},
    "conditional": {"x": "float"},
    "black_scholes": {"S": "float", "rate": 0.05},
    "mlp": {"params": LAYERS, "x": "float[2]"},
    "arm": {"q": "float[2]"},
    "recursive": {"x": "float"},
    "noisy": {"key": "key[]", "x": "float[2]"},
    "comprehension": {"x": "float[3]"},
    "matrix": {"x": "float[4]"},
    "rematerialised": {"x": "float"},
    "unusual": {"x": "float[2]"},
}


def load(name, args, folder=CORPUS, module="carry_corpus"):
    return load_primal(f"{module}:{name}", args, name="m", folder=folder)


def carried(name, args, folder=CORPUS, module="carry_corpus"):
    primal = load(name, args, folder, module)
    assert primal.source is not None, primal.source_refusal
    return primal


def arguments(primal):
    """Random arguments of a function, in its own trees."""
    rng = np.random.default_rng(7)
    return [
        jax.tree_util.tree_unflatten(
            tree.structure,
            [
                jax.random.key(1)
                if leaf.type.dtype.is_key
                else jnp.asarray(rng.uniform(0.3, 0.9, leaf.type.shape))
                for leaf in tree.leaves
            ],
        )
        for tree in primal.signature.arguments.values()
    ]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_same_numbers(name):
    primal = carried(name, FUNCTIONS[name])
    values = arguments(primal)
    expected = primal.call(*values)
    actual = execute(primal.source, primal.signature.name)(*values)
    jax.tree.map(np.testing.assert_array_equal, actual, expected)


def test_carried_text():
    source = carried("model", FUNCTIONS["model"]).source
    assert source.imports == ("import math",)
    assert source.names == (
        *("R", "WEIGHTS", "_scale", "weighted"),
        *("square", "POWERS", "clip", "clip_jvp", "model"),
    )
    for expected in (
        "# the gas constant, J/(mol K)\nR = 8.314  # exact enough\n",
        "WEIGHTS = np.array([1.0, 2.0, 3.0]) * R\n_scale = 2 * jnp.pi\n",
        "def weighted(x: Any, n: Any=3) -> Any:\n",
        "    total: Any = 0.0\n",
        "WEIGHTS[i]  # weighted\n",
        "def square(x: Any) -> Any:\n    return x**2\n",
        "@jax.custom_jvp\ndef clip(x: Any) -> jax.Array:\n",
        "def model(x: jax.Array, p: dict[str, jax.Array], n: int = 2) -> jax.Array:\n",
        '    """The model.\n\n    With a second paragraph.\n    """\n',
        "    # a comment of its own\n    y = weighted(x)\n",
        '        return c * p["w"] + R, None\n',
        "    return jax.nn.softplus(clip(out)) * math.pi\n",
    ):
        assert expected in source.text, source.text
    assert "type: ignore" not in source.text


def test_static_argument_becomes_the_default():
    assert "n: int=4" in carried("jitted", FUNCTIONS["jitted"]).source.text


def test_rules_come_along():
    primal = carried("ruled", FUNCTIONS["ruled"])
    assert primal.has_custom_rules
    text = primal.source.text
    assert text.index("def scaled(") < text.index(
        "scaled.defvjp(scaled_fwd, scaled_bwd)"
    )
    assert "@clip.defjvp\n" in text


@pytest.mark.slow
def test_strict_type_checker_linter_and_formatter(passes_tools):
    passes_tools({name: carried(name, args).source for name, args in FUNCTIONS.items()})


def test_lambda_given_directly():
    offset = 2.5
    primal = load_primal(
        lambda x, y: (jnp.sum(x) + offset) * y,
        {"x": "float[3]", "y": "float"},
        name="m",
    )
    assert primal.source.text == (
        "offset = 2.5\n\n\n"
        "def m(x: jax.Array, y: jax.Array) -> jax.Array:\n"
        "    return (jnp.sum(x) + offset) * y\n"
    )


def test_nested_function_is_dedented():
    power = 3

    def cubed(x):
        # three times
        return x**power

    text = load_primal(cubed, {"x": "float"}, name="m").source.text
    assert text.startswith(
        "power = 3\n\n\ndef cubed(x: jax.Array) -> jax.Array:\n    # three"
    )


def test_names_within_f_strings(tmp_path):
    (tmp_path / "fs_text.py").write_text(
        "import jax.numpy as np\n\ndef f(x):\n"
        "    assert x.ndim == 0, (f'{x.ndim}, '\n        f'{np.shape(x)}')\n"
        "    return x\n"
    )
    source = carried("f", {"x": "float"}, tmp_path, "fs_text").source
    assert "f'{jnp.shape(x)}'" in source.text


# --- refusals ------------------------------------------------------------------------

REFUSALS = {
    "class": (
        "class C:\n    def f(self, x): return x\n\ndef f(x):\n    return C().f(x)\n",
        "it uses the class C",
    ),
    "other library": (
        "import scipy.constants as sc\n\ndef f(x):\n    return x * sc.g\n",
        "it uses the library scipy",
    ),
    "bound twice": (
        "A = 1\nA = 2\n\ndef f(x):\n    return x * A\n",
        "binds 'A' more than",
    ),
    "conditional": (
        "try:\n    A = 1\nexcept KeyError:\n    pass\n\ndef f(x):\n    return x * A\n",
        "'A' is not bound at the top",
    ),
    "global": (
        "A = 1\n\ndef g():\n    global A\n    A = 2\n\ndef f(x):\n    return x * A\n",
        "binds 'A' more than once",
    ),
    "decorator": (
        "def twice(g):\n    def inner(x):\n        return 2 * g(x)\n"
        "    return inner\n\n"
        "@twice\ndef h(x):\n    return x\n\ndef f(x):\n    return h(x)\n",
        "'h' has the decorator twice",
    ),
    "wrapped": (
        "import functools\n\ndef twice(g):\n    @functools.wraps(g)\n"
        "    def inner(x):\n        return 2 * g(x)\n"
        "    return inner\n\n@twice\ndef f(x):\n    return x\n",
        "it is wrapped by a decorator",
    ),
    "import within": (
        "def f(x):\n    import math\n    return x * math.pi\n",
        "'f' imports within a function",
    ),
    "nonlocal": (
        "def f(x):\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n"
        "        return n\n    return x * g()\n",
        "'f' declares a nonlocal",
    ),
    "random constant": (
        "import jax\nW = jax.random.normal(jax.random.key(0), (2,))\n\n"
        "def f(x):\n    return x * W[0]\n",
        "a module constant is drawn at random",
    ),
    "numpy random": (
        "import numpy as np\nW = np.random.default_rng(0).normal()\n\n"
        "def f(x):\n    return x * W\n",
        "it uses numpy.random, which draws random numbers",
    ),
    "experimental": (
        "from jax.experimental.ode import odeint\nimport jax.numpy as jnp\n\n"
        "def f(x):\n"
        "    return odeint(lambda y, t: -y, x, jnp.array([0.0, 1.0]))[1]\n",
        "it uses jax.experimental, which is not stable",
    ),
    "name of the module": (
        "def lax(x):\n    return x\n\ndef f(x):\n    return lax(x)\n",
        "it defines 'lax'",
    ),
    "two of one name": (
        "from fs_other import scale as other\n\ndef scale(x):\n    return x\n\n"
        "def f(x):\n    return scale(other(x))\n",
        "two different things are called 'scale'",
    ),
    "local hides": (
        "import jax.numpy as np\n\ndef f(x):\n    jnp = 2.0\n"
        "    return np.sin(x) * jnp\n",
        "a local of it is called 'jnp'",
    ),
    "changed after": (
        "T = [1.0]\nT.append(2.0)\n\ndef f(x):\n    return x * len(T)\n",
        "traces to a different program",
    ),
    "open": (
        "def g():\n    return open\n\ndef f(x):\n    g()\n    return x\n",
        "it uses open",
    ),
    "several statements": (
        "A = 1; B = 2\n\ndef f(x):\n    return x * A\n",
        "several statements",
    ),
    "module as a value": (
        "import fs_other\n\ndef f(x):\n    return getattr(fs_other, 'scale')(x)\n",
        "passes the module 'fs_other' around",
    ),
}


@pytest.mark.parametrize(("text", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_refusals(tmp_path, text, reason):
    (tmp_path / "fs_other.py").write_text("def scale(x):\n    return 3 * x\n")
    (tmp_path / "fs_model.py").write_text(text)
    primal = load("f", {"x": "float"}, tmp_path, "fs_model")
    assert primal.source is None
    assert reason in primal.source_refusal


class Method:
    factor = 2.0

    def __call__(self, x):
        return self.factor * x

    def method(self, x):
        return self.factor * x


def closes_over(array):
    def inner(x):
        return x * array

    return inner


GENERATED = {}
exec("def generated(x):\n    return 2 * x\n", GENERATED)

OBJECTS = {
    "object": (Method(), {"x": "float"}, "it is an object of type Method"),
    "method": (Method().method, {"x": "float"}, "it is a bound method"),
    "closure": (closes_over(np.ones(2)), {"x": "float[2]"}, "closes over 'array'"),
    "generated": (
        GENERATED["generated"],
        {"x": "float"},
        "not defined in a file of yours",
    ),
    "library": (jax.nn.softplus, {"x": "float"}, "not defined in a file of yours"),
    "keyword only": (lambda *, x: x, {"x": "float"}, "not its first positional"),
    "static object": (
        lambda x, g=None: g(x),
        {"x": "float", "g": jnp.sin},
        "static argument 'g' is of type",
    ),
    "static first": (
        lambda n, x: n * x,
        {"n": 2, "x": "float"},
        "not its first positional",
    ),
}


@pytest.mark.parametrize(("function", "args", "reason"), OBJECTS.values(), ids=OBJECTS)
def test_refused_objects(function, args, reason):
    primal = load_primal(function, args, name="m")
    assert primal.source is None
    assert reason in primal.source_refusal

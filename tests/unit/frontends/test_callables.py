"""Callables of every kind, and every way in which one cannot be taken."""

import functools
import re
import sys
import threading
from dataclasses import dataclass
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.errors import FrontendError, PartialcError
from partialc.frontends.load import load_primal
from partialc.ir.dtypes import Regime


def load(function, args, **more):
    return load_primal(function, args, name="module", **more)


def product(x):
    """The product of all elements.

    Of all of them.
    """
    return jnp.prod(x)


def power(x, n=2, *, scale=1.0):
    return scale * x**n


def unrolled(x, n=3):
    for _ in range(n):
        x = jnp.sin(x)
    return x


@jax.tree_util.register_dataclass
@dataclass
class Layer:
    w: jax.Array
    b: jax.Array

    def __call__(self, x):
        """Apply the layer."""
        return jax.nn.relu(self.w @ x + self.b)

    def norm(self, x):
        return jnp.sum(self.w @ x)


LAYER = Layer(jnp.ones((2, 3), jnp.float32), jnp.zeros(2, jnp.float32))


def test_function():
    primal = load(product, {"x": "float[5]"})
    assert primal.signature.name == "product"
    assert list(primal.signature.arguments) == ["x"]
    assert str(primal.signature.result.leaves[0].type) == "float[]"
    assert primal.signature.result.is_array
    assert primal.doc == "The product of all elements."
    assert not primal.has_custom_rules
    assert primal.program.generic is not None
    assert set(primal.program.variants) == set(Regime)
    np.testing.assert_array_equal(primal.call(jnp.arange(1.0, 6.0)), 120.0)


def test_lambda_takes_the_module_name():
    primal = load(lambda x: jnp.sum(x), {"x": "float[5]"})
    assert primal.signature.name == "module"
    assert not primal.importable


def test_origin_of_an_importable_function():
    primal = load(jax.nn.softplus, {"x": "float[2]"})
    assert primal.signature.name == "softplus"
    assert primal.has_custom_rules


def test_static_and_default_parameters():
    primal = load(power, {"x": "float[2]", "n": 3})
    assert primal.static == {"n": 3, "scale": 1.0}
    assert list(primal.signature.arguments) == ["x"]
    np.testing.assert_array_equal(primal.call(jnp.array([1.0, 2.0])), [1.0, 8.0])


def test_keyword_only_parameter_varies():
    primal = load(power, {"x": "float[2]", "scale": "float"})
    assert list(primal.signature.arguments) == ["x", "scale"]
    np.testing.assert_array_equal(
        primal.call(jnp.ones(2), jnp.float32(3.0)), [3.0, 3.0]
    )


def test_default_of_a_jitted_function_stays_static():
    primal = load(jax.jit(unrolled, static_argnames="n"), {"x": "float"})
    assert primal.signature.name == "unrolled"


def test_static_argument_of_a_jitted_function():
    jitted = jax.jit(unrolled, static_argnums=1)
    primal = load(jitted, {"x": "float", "n": 2})
    np.testing.assert_allclose(primal.call(0.5), np.sin(np.sin(0.5)), rtol=1e-6)


def test_partial():
    primal = load(functools.partial(power, n=3), {"x": "float[2]"})
    assert primal.signature.name == "power"
    np.testing.assert_array_equal(primal.call(jnp.array([2.0, 1.0])), [8.0, 1.0])


def test_bound_method_captures_constants():
    primal = load(LAYER.norm, {"x": "float[3]"})
    assert primal.signature.name == "norm"
    np.testing.assert_array_equal(primal.call(jnp.ones(3)), 6.0)


def test_callable_object_by_path(tmp_path):
    (tmp_path / "fc_net.py").write_text(
        "import jax.numpy as jnp\n"
        "class Net:\n"
        "    def __init__(self):\n"
        "        self.w = jnp.ones((2, 3))\n"
        "    def __call__(self, x):\n"
        "        return jnp.tanh(self.w @ x)\n"
        "net = Net()\n"
    )
    primal = load("fc_net:net", {"x": "float[3]"}, folder=tmp_path)
    assert primal.signature.name == "net"
    assert primal.origin == "fc_net:net"
    assert primal.importable
    assert primal.signature.result.leaves[0].type.shape == (2,)


def test_callable_object_without_a_path():
    primal = load(LAYER, {"x": "float[3]"})
    assert primal.signature.name == "module"
    assert primal.doc == "Apply the layer."
    assert primal.has_custom_rules


def test_module_as_an_argument():
    def apply(layer, x):
        return layer(x)

    primal = load(apply, {"layer": LAYER, "x": "float[3]"})
    assert [leaf.keystr for leaf in primal.signature.arguments["layer"].leaves] == [
        ".w",
        ".b",
    ]


def test_key_argument():
    def noisy(key, x):
        return x + jax.random.normal(key, x.shape)

    primal = load(noisy, {"key": "key[]", "x": "float[3]"})
    key = jax.random.key(3)
    expected = jnp.ones(3) + jax.random.normal(key, (3,))
    np.testing.assert_array_equal(primal.call(key, jnp.ones(3)), expected)


def test_result_trees_and_dtypes():
    def many(x):
        return {"a": (x, jnp.int32(1)), "b": [jnp.zeros(2), x[0] > 0]}

    leaves = load(many, {"x": "float[2]"}).signature.result.leaves
    assert {leaf.keystr: str(leaf.type) for leaf in leaves} == {
        "['a'][0]": "float[2]",
        "['a'][1]": "int32[]",
        "['b'][0]": "default_float[2]",
        "['b'][1]": "bool[]",
    }


def test_fixed_wide_input_has_no_narrow_regime():
    primal = load(product, {"x": "f64[3]"})
    assert set(primal.program.variants) == {Regime.WIDE}
    assert str(primal.signature.result.leaves[0].type) == "float64[]"


def test_python_numbers_as_results():
    assert (
        load(lambda x: (x, 1.0), {"x": "float"}).signature.result.leaves[1].type.shape
        == ()
    )


def test_variadic_keywords():
    def total(**terms):
        return terms["a"] + 2 * terms["b"]

    primal = load(total, {"a": "float", "b": "float"})
    assert float(primal.call(1.0, 2.0)) == 5.0


# --- what is refused -----------------------------------------------------------------

COUNT = 0
SEEN = []
LOG = []


def prints(x):
    print("evaluating at", x.shape)  # noqa: T201
    return x


def counts(x):
    global COUNT
    COUNT += 1
    return x


def appends(x):
    LOG.append(1)
    return x


TABLE = {"calls": 0}
OPEN = SimpleNamespace(calls=0)


class Counter:
    """Keeps state, in several ways."""

    def __init__(self):
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        return x

    def method(self, x):
        return self(x)


COUNTER = Counter()


def replaces(x):
    TABLE["calls"] = TABLE["calls"] + 1
    return x


def sets_an_attribute(x):
    OPEN.calls += 1
    return x


def sets_its_own_attribute(x):
    sets_its_own_attribute.calls = getattr(sets_its_own_attribute, "calls", 0) + 1
    return x


def calls_what_counts(x):
    return COUNTER.method(jnp.sin(x))


def has_a_helper_that_counts(x):
    return counts(jnp.sin(x))


def closes_over_a_counter():
    calls = 0

    def inner(x):
        nonlocal calls
        calls += 1
        return x

    return inner


def leaks(x):
    SEEN.append(jnp.sin(x))
    return x


def random(x):
    return x * np.random.default_rng().normal()


@jax.jit
def jitted_random(x):
    return x * np.random.default_rng().normal()


def branches(x):
    if x > 0:
        return x
    return -x


def uses_numpy(x):
    return np.sin(x)


def needs_an_integer(x, n):
    return sum(x for _ in range(n))


def masks(x):
    return x[x > 0]


def wrong_shape(x):
    return x @ jnp.ones((4, 4))


def debug(x):
    jax.debug.print("x = {}", x)
    return x


def calls_back(x):
    return jax.pure_callback(np.sin, x, x)


def shape_follows_width(x):
    return jnp.zeros(x.dtype.itemsize)


def tree_follows_width(x):
    return (x,) if x.dtype == jnp.float32 else x


REFUSED = {
    "unknown argument": (product, {"y": "float"}, r"no parameter 'y'.*\n.*\n.*'x'"),
    "near miss": (power, {"x": "float", "scal": 1}, r"did you mean 'scale'"),
    "missing": (needs_an_integer, {"x": "float"}, r"args lacks 'n'"),
    "order": (power, {"n": 2, "x": "float"}, r"order(.|\n)*x, n"),
    "keyword as a name": (product, {"lambda": "float"}, r"keyword of Python"),
    "variadic": (lambda *xs: xs[0], {"xs": "float"}, r"'\*xs' of 'module' collects"),
    "nothing varies": (power, {"x": 2.0}, r"no argument that varies"),
    "not callable": (3, {"x": "float"}, r"of type int, not a function"),
    "no signature": (max, {"x": "float"}, r"no signature"),
    "prints": (
        prints,
        {"x": "float[2]"},
        r"prints(.|\n)*test_callables.py:\d+(.|\n)*evaluating",
    ),
    "global counter": (counts, {"x": "float"}, r"changes the global 'COUNT'"),
    "global list": (appends, {"x": "float"}, r"changes the global 'LOG'"),
    "global dict": (replaces, {"x": "float"}, r"changes the global 'TABLE'"),
    "attribute": (sets_an_attribute, {"x": "float"}, r"changes the global 'OPEN'"),
    "own attribute": (
        sets_its_own_attribute,
        {"x": "float"},
        r"changes the global 'sets_its_own_attribute'",
    ),
    "state of an object": (
        calls_what_counts,
        {"x": "float"},
        r"changes the global 'COUNTER'",
    ),
    "counting helper": (
        has_a_helper_that_counts,
        {"x": "float"},
        r"changes the global 'COUNT'",
    ),
    "counting closure": (
        closes_over_a_counter(),
        {"x": "float"},
        r"changes the variable 'calls' that it closes over",
    ),
    "counting object": (Counter(), {"x": "float"}, r"changes the object"),
    "counting method": (Counter().method, {"x": "float"}, r"changes the object"),
    "partial of what counts": (
        functools.partial(counts),
        {"x": "float"},
        r"changes the global 'COUNT'",
    ),
    "leak": (leaks, {"x": "float"}, r"stores a traced array"),
    "random": (random, {"x": "float"}, r"different program each time"),
    "random under jit": (jitted_random, {"x": "float"}, r"different program each time"),
    "branch on a value": (
        branches,
        {"x": "float"},
        r"test_callables.py:\d+(.|\n)*jax\.lax\.cond",
    ),
    "numpy on a tracer": (uses_numpy, {"x": "float"}, r"jax\.numpy"),
    "integer from a tracer": (
        needs_an_integer,
        {"x": "float", "n": "int32"},
        r"static",
    ),
    "boolean mask": (masks, {"x": "float[3]"}, r"jnp\.where"),
    "shapes": (wrong_shape, {"x": "float[3]"}, r"test_callables.py:\d+(.|\n)*shapes"),
    "debug print": (debug, {"x": "float"}, r"side effects"),
    "callback": (calls_back, {"x": "float[2]"}, r"side effects"),
    "None": (lambda x: None, {"x": "float"}, r"returns no array"),
    "string": (
        lambda x: {"a": x, "b": "s"},
        {"x": "float"},
        r"type str(.|\n)*out\['b'\]",
    ),
    "donated": (
        jax.jit(lambda x: x + 1, donate_argnums=0),
        {"x": "float[3]"},
        r"donates its arguments",
    ),
    "shape follows width": (shape_follows_width, {"x": "float"}, r"float width"),
    "tree follows width": (tree_follows_width, {"x": "float"}, r"different structure"),
    "exit": (lambda x: exit(), {"x": "float"}, r"SystemExit"),
}


@pytest.mark.parametrize(("function", "args", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(function, args, message):
    with pytest.raises(PartialcError) as caught:
        load(function, args)
    assert re.search(message, str(caught.value)), str(caught.value)
    assert isinstance(caught.value, FrontendError) or "side effects" in message
    SEEN.clear()


# --- what others change meanwhile ----------------------------------------------------

EVENTS = []
TICKS = 0
MEMO = {}


def on_event(frame, event, argument):
    """What a profiler does."""
    EVENTS.append(event)


def ticks(stop):
    """What a thread does."""
    global TICKS
    while not stop.is_set():
        TICKS += 1


def remembers(x):
    """Fills a memo, which is full after the first call."""
    MEMO.setdefault("weights", np.ones(3))
    return x * MEMO["weights"]


def reads(x):
    """Refers to what a thread changes."""
    return x if TICKS >= 0 else -x


def test_what_a_hook_changes_is_not_blamed_on_the_function():
    before = sys.getprofile()
    sys.setprofile(on_event)
    try:
        load(product, {"x": "float[3]"})
    finally:
        sys.setprofile(before)
    assert EVENTS


@pytest.mark.parametrize("function", [product, reads])
def test_what_a_thread_changes_is_not_blamed_on_the_function(function):
    stop = threading.Event()
    thread = threading.Thread(target=ticks, args=(stop,))
    thread.start()
    try:
        load(function, {"x": "float"})
    finally:
        stop.set()
        thread.join()


def test_a_memo_that_settles_is_no_side_effect():
    load(remembers, {"x": "float[3]"})

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from partialc.errors import PartialcError
from partialc.ir.check import check
from partialc.ir.dtypes import DType
from partialc.ir.jaxprs import trace
from partialc.ir.program import ArrayType, Constant, Equation, Function, Value
from partialc.ir.structure import digest, same
from partialc.ir.text import parse, program_text, to_text

FLOAT = DType.parse("float")
SQUARE = ArrayType(FLOAT, (4, 4))


def traced(call):
    return trace(call, [SQUARE], name="f", input_names=["x"])


PROGRAMS = {
    "empty": lambda x: [],
    "identity": lambda x: [x, x],
    "elementwise": lambda x: [jnp.where(x > 0, jnp.log(x), ~(x < -1) * x)],
    "keywords": lambda x: [(x > 0) & (x < 1) | ~(x > 2)],
    "scan": lambda x: list(lax.scan(lambda c, t: (c + t, c @ x), x[0], x)),
    "while": lambda x: [lax.while_loop(lambda c: c[0, 0] < 9, lambda c: c + 1, x)],
    "cond": lambda x: [lax.switch(1, [jnp.sin, jnp.cos, lambda t: 2 * t], x)],
    "sort": lambda x: list(lax.sort((x, -x), num_keys=2)),
    "gather": lambda x: [x[jnp.array([0, 1])], x.at[1:, 2].add(1.0)],
    "dot": lambda x: [jnp.einsum("ij,kj->ik", x, x, precision="highest")],
    "linalg": lambda x: [jnp.linalg.solve(x, x[0]), *jnp.linalg.qr(x)],
    "custom_jvp": lambda x: [jax.nn.relu(x), jax.nn.softplus(x)],
    "constants": lambda x: [
        x * np.pi,
        x + np.linspace(0.0, 1.0, 4, dtype=np.float32),
        x * jnp.inf,
        x + 1j,
    ],
    "large constant": lambda x: [x + np.arange(400.0).reshape(100, 4)[:4] * 0.1],
    "random": lambda x: [x + jax.random.normal(jax.random.key(3), (4,), x.dtype)],
    "half": lambda x: [x.astype("bfloat16") * 0.1, x.astype("float16") / 3],
    "fft": lambda x: [jnp.fft.fft(x).real],
    "derivative": lambda x: [jax.grad(lambda t: jnp.sum(jnp.tanh(t @ t)))(x)],
}


@pytest.mark.parametrize("call", PROGRAMS.values(), ids=PROGRAMS)
def test_what_is_written_is_read_back(call):
    for function in traced(call).variants.values():
        text = to_text(function)
        read = parse(text)
        check(read)
        assert same(read, function), text
        assert to_text(read) == text


READABLE = """\
def sin(x: float[4, 4]):
    sin_1: float[4, 4] = sin(x)
    return sin_1


def double(x: float[4, 4]):
    add_1: float[4, 4] = add(x, x)
    return add_1


def f(x: float[4, 4], flag: bool):
    index: int32 = convert_element_type(flag, new_dtype=dtype("int32"))
    cond_1: float[4, 4] = cond(index, x, branches=(sin, double))
    top_k_1: float[4, 2]
    top_k_2: int32[4, 2]
    top_k_1, top_k_2 = top_k(x, axis=1, k=2)
    mul_1: float[4, 4] = mul(cond_1, float(0.5))
    and_1: bool = and_(flag, bool(True))
    return mul_1, top_k_1, top_k_2, and_1
"""


def test_the_text_is_python_a_person_can_read():
    assert to_text(parse(READABLE)) == READABLE


def test_values_without_a_hint_are_named_after_their_operation():
    x, y, z = (Value(SQUARE) for _ in range(3))
    equations = (
        Equation("scatter-add", (x,), {}, (y,)),
        Equation("not", (y,), {}, (z,)),
    )
    assert to_text(Function("f", (x,), equations, (z,))).splitlines() == [
        "def f(x: float[4, 4]):",
        "    scatter_add_1: float[4, 4] = scatter_add(x)",
        "    not_1: float[4, 4] = not_(scatter_add_1)",
        "    return not_1",
    ]


@pytest.mark.parametrize(
    "data",
    [
        np.array([np.inf, -np.inf, np.nan, -0.0, 5e-324]),
        np.array(0.1, dtype=np.float32),
        np.array([1 / 3, 2**-149, 3.4e38], dtype=np.float32),
        np.array([[1.5, -2.25]], dtype=np.float16),
        np.array([np.uint64(2**64 - 1)]),
        np.array([-(2**63)]),
        np.array([True, False]),
        np.array([1 + 2j, -0.5j]),
        np.array([complex(np.nan, 1)]),
        np.frombuffer(np.uint64(0xFFF8DEADBEEF0001).tobytes(), dtype=np.float64),
        np.zeros((0, 3)),
        np.arange(1000.0) / 7,
    ],
    ids=str,
)
def test_constants_keep_every_bit(data):
    kind = ArrayType(DType.fixed(str(data.dtype)), data.shape)
    function = Function("f", (), (), (Constant(kind, data),))
    (read,) = parse(to_text(function)).outputs
    assert read.type == kind
    assert read.data.tobytes() == data.tobytes()


def test_small_constants_are_numbers_and_large_ones_can_be_left_out():
    kind = ArrayType(FLOAT, (2,))
    small = Function("f", (), (), (Constant(kind, np.array([0.1, 2.0])),))
    assert to_text(small) == "def f():\n    return float[2]([0.1, 2.0])\n"
    large = ArrayType(FLOAT, (100,))
    left_out = Function("f", (), (), (Constant(large, np.arange(100.0)),))
    text = to_text(left_out, elide=True)
    assert text == "def f():\n    return float[100](...)\n"
    with pytest.raises(PartialcError, match="elements of the constant are missing"):
        parse(text)


def test_names_do_not_clash():
    kind = ArrayType(FLOAT, ())
    x, y = Value(kind, "x"), Value(kind, "x")
    z = Value(kind)
    body = Function("x", (x, y), (Equation("add", (x, y), {}, (z,)),), (z,))
    read = parse(to_text(body))
    assert same(read, body)


def test_a_dtype_without_a_name_of_its_own_is_read_back():
    odd = DType("int32", "int64", "int32")
    x = Value(ArrayType(odd, (2,)), "x")
    read = parse(to_text(Function("f", (x,), (), (x,))))
    assert read.inputs[0].type == x.type


def test_variants_are_written_apart_under_their_regimes():
    program = traced(lambda x: [x + jnp.finfo(x.dtype).eps])
    text = program_text(program)
    assert text.startswith("# narrow, mixed\ndef f(x: float32[4, 4]):")
    assert "# wide\ndef f(x: float64[4, 4]):" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(x: float:\n    return x", "no Python"),
        ("x = 1", "only functions"),
        ("def f(x: float):\n    y = x + 1\n    return y", "not an equation"),
        ("def f(x: float):\n    y: float = sin(z)\n    return y", "'z' is not defined"),
        ("def f(x: 3):\n    return x", "a type is written"),
        (
            "def f(x: float):\n    y: float = x.sin()\n    return y",
            "called by its name",
        ),
        ("def f(x: float):\n    y: float = sin(x)", "ends with `return`"),
        ("def f(x: float):\n    y: float = sin(x, a=b)\n    return y", "not a number"),
        ("def f(x: float):\n    return x + 1", "a name or a constant"),
        ("", "holds no function"),
    ],
)
def test_what_is_not_in_the_language_is_refused(text, message):
    with pytest.raises(PartialcError, match=message):
        parse(text)


def test_the_digest_is_the_same_in_another_process():
    function = traced(PROGRAMS["custom_jvp"]).generic
    script = (
        "import sys\n"
        "from partialc.ir.structure import digest\n"
        "from partialc.ir.text import parse\n"
        "print(digest(parse(sys.stdin.read())))"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", script],
            input=to_text(function),
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert answers == {digest(function)}

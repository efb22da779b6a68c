from partialc.ir.structure import (
    all_equations,
    constant_key,
    digest,
    equation_key,
    functions_of,
    has_custom_rules,
    has_unprintable_rules,
    hides_derivatives,
    same,
)
from partialc.ir.text import parse

TEXT = """
def g(a: float):
    b: float = sin(a)
    return b

def f(x: float, y: float):
    u: float = call(x, function=g)
    v: float = mul(u, float(2.0))
    return v, y
"""


def test_names_do_not_count():
    renamed = TEXT.replace("def g", "def helper").replace("=g)", "=helper)")
    renamed = renamed.replace("v", "result").replace("x", "position")
    assert "position" in renamed
    assert same(parse(TEXT), parse(renamed))


def test_every_other_difference_counts():
    original = parse(TEXT)
    for old, new in [
        ("sin", "cos"),
        ("2.0", "-2.0"),
        ("mul(u, float(2.0))", "mul(float(2.0), u)"),
        ("call(x", "call(y"),
        ("return v, y", "return v, x"),
        ("return v, y", "return y, v"),
        ("y: float", "y: float32"),
        ("function=g)", "function=g, extra=1)"),
    ]:
        assert old in TEXT
        assert not same(original, parse(TEXT.replace(old, new))), (old, new)


def test_zeros_of_unlike_sign_and_numbers_of_unlike_type_differ():
    texts = ["float(0.0)", "float(-0.0)", "float32(0.0)", "int32(0)", "float[1]([0.0])"]
    functions = [parse(f"def f():\n    return {text}") for text in texts]
    assert len({digest(function) for function in functions}) == len(texts)
    keys = {constant_key(function.outputs[0]) for function in functions}
    assert len(keys) == len(texts)


def test_an_equations_key_leaves_its_operands_out():
    f = parse(
        """
def f(x: float[3], y: float[3]):
    a: float = reduce_sum(x, axes=(0,))
    b: float = reduce_sum(y, axes=(0,))
    c: float[3] = reduce_sum(y, axes=())
    return a, b, c
"""
    )
    first, second, third = (equation_key(equation) for equation in f.equations)
    assert first == second != third


def test_true_is_not_one():
    text = "def f(x: float):\n    y: float = op(x, flag={})\n    return y"
    assert not same(parse(text.format("True")), parse(text.format("1")))
    assert not same(parse(text.format("1.0")), parse(text.format("1")))


def test_held_functions_are_found_wherever_they_are():
    f = parse(
        """
def p(x: float):
    return x

def q(x: float):
    y: float = custom_jvp_call(x, function=p, jvp=None)
    return y

def f(i: int32, x: float):
    y: float = cond(i, x, branches=(p, q))
    z: float = call(y, function=q)
    return z
"""
    )
    cond, call = f.equations
    assert [held.name for held in functions_of(cond)] == ["p", "q"]
    assert functions_of(call)[0] is functions_of(cond)[1]
    assert [e.op for e in all_equations(f)].count("custom_jvp_call") == 1
    assert has_custom_rules(f)
    assert has_unprintable_rules(f)
    assert not has_custom_rules(functions_of(cond)[0])


def test_what_is_computed_does_not_tell_every_derivative():
    def program(op):
        return parse(f"def f(x: float):\n    y: float = {op}(x)\n    return y\n")

    assert hides_derivatives(program("stop_gradient"))
    assert not hides_derivatives(program("sin"))

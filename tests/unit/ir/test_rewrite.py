import gc

from partialc.ir.check import check
from partialc.ir.program import Function
from partialc.ir.rewrite import (
    everywhere,
    map_functions,
    splice,
    with_inputs,
    without_dead_equations,
)
from partialc.ir.structure import same
from partialc.ir.text import parse

TEXT = """
def g(a: float):
    b: float = sin(a)
    return b

def h(a: float):
    b: float = call(a, function=g)
    return b

def f(i: int32, x: float):
    dead: float = exp(x)
    y: float = cond(i, x, branches=(g, h))
    return y
"""


def test_unchanged_things_are_returned_as_they_are():
    function = parse(TEXT)
    cond = function.equations[1]
    assert with_inputs(cond, {}) is cond
    assert map_functions(cond, lambda held: held) is cond
    assert everywhere(function, lambda body: body) is function
    live = without_dead_equations(function)
    assert without_dead_equations(live) is live


def test_dead_equations_go_and_live_ones_stay():
    live = without_dead_equations(parse(TEXT))
    assert [equation.op for equation in live.equations] == ["cond"]
    check(live)


def test_everywhere_changes_the_innermost_first_and_the_shared_once():
    seen = []

    def rename(function):
        seen.append(function.name)
        return Function(
            function.name.upper(),
            function.inputs,
            function.equations,
            function.outputs,
        )

    changed = everywhere(parse(TEXT), rename)
    assert seen == ["g", "h", "f"]
    first, second = changed.equations[1].params["branches"]
    assert first.name == "G"
    assert second.equations[0].params["function"] is first


def test_splicing_twice_defines_new_values():
    g = parse(TEXT.split("def h")[0])
    (x,) = g.inputs
    equations = []
    (first,) = splice(g, [x], equations)
    (second,) = splice(g, [first], equations)
    both = Function("f", (x,), tuple(equations), (second,))
    check(both)
    expected = parse(
        """
def f(x: float):
    a: float = sin(x)
    b: float = sin(a)
    return b
"""
    )
    assert same(both, expected)


def test_what_changes_nothing_leaves_no_cycles_to_collect():
    f = parse(TEXT)
    gc.collect()
    gc.disable()
    try:
        for equation in f.equations:
            assert map_functions(equation, lambda held: held) is equation
        assert everywhere(f, lambda body: body) is f
        assert gc.collect() == 0
    finally:
        gc.enable()

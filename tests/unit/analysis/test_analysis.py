"""Supports, sensitive values and demand of small programs."""

import numpy as np
import pytest

from partialc.analysis.demand import find_demand
from partialc.analysis.facts import find_facts
from partialc.analysis.sensitive import in_context, sensitive_values
from partialc.ir.text import parse


def facts_of(function):
    return find_facts(function, lambda equation, arrays: None)


def results(function):
    return [value for equation in function.equations for value in equation.outputs]


def supports(text):
    function = parse(text)
    facts = facts_of(function)
    return [list(facts.support(value).listed()) for value in results(function)]


def test_products_with_a_one_hot_are_zero_elsewhere():
    text = """
def f(x: float[4]):
    a: float[4] = mul(x, float[4]([0.0, 0.0, 1.0, 0.0]))
    b: float[4] = sin(a)
    c: float[4] = cos(a)
    d: float[2, 4] = broadcast_in_dim(b, shape=(2, 4), broadcast_dimensions=(1,))
    e: float[2] = reduce_sum(d, axes=(1,))
    return e
"""
    assert supports(text) == [[2], [2], [0, 1, 2, 3], [2, 6], [0, 1]]


def test_contractions_that_cannot_meet_are_zero():
    text = """
def f(x: float[3], y: float[3]):
    a: float[3] = mul(x, float[3]([1.0, 0.0, 0.0]))
    b: float[3] = mul(y, float[3]([0.0, 1.0, 1.0]))
    c: float = dot_general(a, b, dimension_numbers=dot(lhs_contracting=(0,),
        rhs_contracting=(0,), lhs_batch=(), rhs_batch=()), precision=None,
        preferred_element_type=None, out_sharding=None)
    d: float = dot_general(b, b, dimension_numbers=dot(lhs_contracting=(0,),
        rhs_contracting=(0,), lhs_batch=(), rhs_batch=()), precision=None,
        preferred_element_type=None, out_sharding=None)
    return c, d
"""
    assert supports(text) == [[0], [1, 2], [], [0]]


def test_nothing_is_said_of_operations_without_a_rule():
    text = """
def f(r: float[2, 2], x: float[2]):
    a: float[2] = mul(x, float[2]([1.0, 0.0]))
    b: float[2, 2] = cholesky_update(r, a)
    return b
"""
    assert supports(text) == [[0], [0, 1, 2, 3]]


def test_solutions_are_zero_where_right_hand_sides_are():
    text = """
def f(l: float[3, 3], x: float[3, 3]):
    a: float[3, 3] = mul(x, float[3, 3]([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0]]))
    b: float[3, 3] = triangular_solve(l, a, conjugate_a=False, left_side=True,
        lower=True, transpose_a=False, unit_diagonal=False)
    c: float[3, 3] = triangular_solve(l, a, conjugate_a=False, left_side=True,
        lower=True, transpose_a=True, unit_diagonal=False)
    d: float[3, 3] = triangular_solve(l, a, conjugate_a=False, left_side=False,
        lower=True, transpose_a=False, unit_diagonal=False)
    return b, c, d
"""
    assert supports(text) == [[4], [4, 7], [1, 4], [3, 4]]


def test_solutions_that_decide_are_not_taken_for_zero():
    text = """
def f(l: float[2, 2], x: float[2, 1]):
    a: float[2, 1] = mul(x, float[2, 1]([[0.0], [1.0]]))
    b: float[2, 1] = triangular_solve(l, a, conjugate_a=False, left_side=True,
        lower=True, transpose_a=False, unit_diagonal=False)
    c: bool[2, 1] = is_finite(b)
    return c
"""
    assert supports(text) == [[0, 1], [0, 1], [0, 1]]


@pytest.mark.parametrize(
    ("line", "sensitive"),
    [
        ("b: bool = lt(a, float(1.0))", True),
        ("b: bool = is_finite(a)", True),
        ("b: float = atan2(a, float(1.0))", True),
        ("b: float = sort(a, dimension=0, is_stable=True, num_keys=1)", True),
        ('b: int32 = convert_element_type(a, new_dtype=dtype("int32"))', True),
        ('b: float32 = convert_element_type(a, new_dtype=dtype("float32"))', False),
        ("b: float = max(a, float(1.0))", False),
    ],
)
def test_what_decides_is_sensitive(line, sensitive):
    function = parse(f"""
def f(x: float):
    a: float = mul(x, float(0.0))
    {line}
    return b
""")
    a, _ = results(function)
    assert (a in sensitive_values(function)) == sensitive
    assert facts_of(function).support(a).is_none != sensitive


def decided_in(text):
    """Which results of each function are decided upon, the innermost first."""
    seen = []

    def look(function, decided):
        seen.append(set(decided))
        return function

    function = parse(text)
    assert in_context(function, look) is function
    return seen


@pytest.mark.parametrize(
    ("state", "asked"), [("b", {0}), ("c", {1}), ("d", {2}), ("x", set())]
)
def test_what_is_decided_after_a_loop_is_decided_in_its_body(state, asked):
    assert decided_in(f"""
def body(s: float, t: float, q: float):
    u: float = add(s, q)
    v: float = mul(t, q)
    w: float = mul(q, q)
    return u, v, w

def f(x: float, y: float[5]):
    b: float
    c: float
    r: float[5]
    b, c, r = scan(
        x, x, y, function=body, length=5, num_consts=0, num_carry=2, reverse=False
    )
    d: float = reduce_sum(r, axes=(0,))
    e: bool = eq({state}, float(0.0))
    return e, b, c
""") == [asked, set()]


def test_what_the_next_round_decides_by_is_decided_in_this_one():
    assert decided_in("""
def body(s: float, t: float, q: float):
    u: float = add(t, q)
    v: float = mul(t, q)
    w: bool = lt(s, q)
    return u, v, w

def f(x: float, y: float[5]):
    b: float
    c: float
    r: bool[5]
    b, c, r = scan(
        x, x, y, function=body, length=5, num_consts=0, num_carry=2, reverse=False
    )
    return b, c, r
""") == [{0, 1}, set()]


def test_branches_inherit_what_is_decided():
    assert decided_in("""
def one(s: float):
    u: float = sin(s)
    v: float = cos(s)
    return u, v

def other(s: float):
    u: float = cos(s)
    return u, s

def f(i: int32, x: float):
    b: float
    c: float
    b, c = cond(i, x, branches=(one, other))
    e: bool = eq(c, float(0.0))
    return e, b
""") == [{1}, {1}, set()]


def test_what_a_decision_depends_on_reads_zeros_too():
    text = """
def f(x: float[3]):
    a: float[3] = mul(x, float[3]([0.0, 1.0, 0.0]))
    b: float = reduce_sum(a, axes=(0,))
    c: {kind} = {op}(b, float(1.0))
    return c
"""
    needed = []
    for kind, op in (("bool", "lt"), ("float", "add")):
        function = parse(text.format(kind=kind, op=op))
        demand = find_demand(function, facts_of(function), limit=1000)
        needed.append(list(demand.needed[results(function)[0]]))
    assert needed == [[0, 1, 2], [1]]


def test_only_what_a_result_reads_is_needed():
    function = parse("""
def f(x: float[5, 5], y: float[5, 5]):
    a: float[5, 5] = mul(x, y)
    b: float[5, 5] = exp(a)
    c: float[1, 5] = slice(b, start_indices=(2, 0), limit_indices=(3, 5), strides=None)
    d: float[5] = squeeze(c, dimensions=(0,))
    e: float[5] = mul(d, float[5]([0.0, 1.0, 0.0, 0.0, 1.0]))
    g: float = reduce_sum(e, axes=(0,))
    return g
""")
    demand = find_demand(function, facts_of(function), limit=1000)
    needed = [list(demand.needed[value]) for value in results(function)]
    assert needed == [[11, 14], [11, 14], [1, 4], [1, 4], [1, 4], [0]]
    assert not demand.whole


def test_an_operation_without_a_rule_needs_all_it_reads():
    function = parse("""
def f(x: float[3]):
    a: float[3] = exp(x)
    b: float[3] = sort(a, dimension=0, is_stable=True, num_keys=1)
    c: float[1] = slice(b, start_indices=(1,), limit_indices=(2,), strides=None)
    return c
""")
    demand = find_demand(function, facts_of(function), limit=1000)
    a, b, c = results(function)
    assert [each.op for each in demand.whole] == ["sort"]
    assert list(demand.needed[a]) == [0, 1, 2]
    assert b not in demand.needed
    assert list(demand.needed[c]) == [0]


def test_demand_gives_up_beyond_its_limit():
    function = parse("""
def f(x: float[1000]):
    a: float[1000] = exp(x)
    return a
""")
    facts = facts_of(function)
    assert find_demand(function, facts, limit=100) is None
    assert find_demand(function, facts, limit=1000).size == 1000


def test_known_values_are_not_needed():
    function = parse("""
def f(x: float[2]):
    a: float[2] = add(float[2]([1.0, 2.0]), float[2]([1.0, 1.0]))
    b: float[2] = mul(a, x)
    return b
""")
    facts = find_facts(
        function,
        lambda equation, arrays: [np.add(*arrays)] if equation.op == "add" else None,
    )
    a, b = results(function)
    demand = find_demand(function, facts, limit=10)
    assert a not in demand.needed
    assert list(demand.needed[b]) == [0, 1]

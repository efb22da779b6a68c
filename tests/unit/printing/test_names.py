"""Names that are free."""

import pytest

from partialc.printing.names import RESERVED, Names, identifier


@pytest.mark.parametrize("word", ["lambda", "sum", "jnp", "np", "lax", "jax", "match"])
def test_reserved_words_are_never_given(word):
    assert word in RESERVED
    assert Names().allocate([word, "fallback"]) == "fallback"


def test_taken_names_and_names_around_are_not_given():
    outer = Names(["a"])
    outer.allocate(["b"])
    inner = outer.nested()
    assert inner.allocate(["a", "b", "c"]) == "c"
    assert outer.allocate(["c"]) == "c"


def test_integers_and_other_text_become_identifiers():
    assert identifier("3d") == "v3d"
    assert identifier("a b-c") == "a_b_c"
    assert identifier("()") == "value"

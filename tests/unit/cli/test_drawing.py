"""Pictures of patterns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialc.cli.drawing import ASCII, BLOCKS, WIDTH, draw
from partialc.ir.patterns import Pattern


def pattern_of(dense, is_constant=None) -> Pattern:
    dense = np.asarray(dense)
    rows, cols = np.nonzero(dense)
    return Pattern.of(dense.shape, rows, cols, is_constant)


def test_a_small_matrix_has_a_cell_for_each_entry() -> None:
    assert draw(pattern_of([[1, 1, 0], [0, 1, 0]])) == (
        "┌──────┐",
        "│████· │",
        "│· ██· │",
        "└──────┘",
    )


def test_constants_are_told_apart() -> None:
    lines = draw(pattern_of([[1, 1], [0, 1]], np.array([False, True, True])))
    assert lines == (
        "┌────┐",
        "│██▒▒│",
        "│· ▒▒│",
        "└────┘",
        "▒ constant, █ depends on the inputs",
    )


def test_more_than_twenty_columns_are_one_character_wide() -> None:
    lines = draw(pattern_of(np.eye(21)))
    assert lines[1] == "│█" + "·" * 20 + "│"
    assert len(lines) == 23


def test_a_cell_of_a_large_matrix_is_shaded_by_what_it_holds() -> None:
    dense = np.zeros((80, 80))
    dense[:4, :2] = 1  # all of the first cell
    dense[4:6, 2:4] = 1  # half of the next on the diagonal
    dense[79, 79] = 1
    lines = draw(pattern_of(dense))
    assert lines[1] == "│█" + " " * 39 + "│"
    assert lines[2] == "│ ▒" + " " * 38 + "│"
    assert lines[20] == "│" + " " * 39 + "░│"
    assert lines[22:] == ("a cell is 4 x 2 entries; █ where 100 % of them are nonzero",)


def test_shades_are_relative_to_the_fullest_cell() -> None:
    lines = draw(pattern_of(np.eye(400)))
    assert lines[1] == "│██" + " " * 38 + "│"
    assert lines[-1] == "a cell is 20 x 10 entries; █ where 5 % of them are nonzero"


def test_a_thin_matrix_keeps_its_columns() -> None:
    lines = draw(pattern_of(np.ones((900, 3))))
    assert lines[1] == "│███│"
    assert len(lines) < 30
    wide = draw(pattern_of(np.ones((3, 900))))
    assert wide[1:4] == ("│" + "█" * 40 + "│",) * 3


def test_a_matrix_without_entries() -> None:
    assert draw(pattern_of(np.zeros((2, 2)))) == (
        "┌────┐",
        "│· · │",
        "│· · │",
        "└────┘",
    )
    assert draw(pattern_of(np.zeros((0, 3)))) == ("(the matrix is empty)",)
    blank = draw(pattern_of(np.zeros((100, 100))))
    assert blank[1].strip("│").isspace()
    assert blank[-1][0] == "└"


def test_ascii() -> None:
    lines = draw(pattern_of([[1, 0], [0, 1]], np.array([True, False])), ASCII)
    assert lines == (
        "+----+",
        "|oo. |",
        "|. ##|",
        "+----+",
        "o constant, # depends on the inputs",
    )
    assert "\n".join(draw(pattern_of(np.eye(100)), ASCII)).isascii()


@given(st.integers(1, 300), st.integers(1, 300), st.randoms(use_true_random=False))
def test_pictures_are_small_and_hide_no_entry(rows, columns, random) -> None:
    place = random.randrange(rows), random.randrange(columns)
    dense = np.zeros((rows, columns), bool)
    dense[place] = True
    lines = draw(pattern_of(dense))
    framed = [line for line in lines if line[0] in "┌│└"]
    assert len({len(line) for line in framed}) == 1
    assert len(framed[0]) <= WIDTH + 2
    assert len(lines) <= WIDTH + 3
    assert sum(BLOCKS.shades[-1] in line for line in framed) == 1


@pytest.mark.parametrize("shape", [(10**6, 10**6), (10**6, 2), (2, 10**6)])
def test_huge_matrices(shape: tuple[int, int]) -> None:
    numbers = np.arange(10**6)
    rows, cols = numbers % shape[0], numbers % shape[1]
    lines = draw(Pattern.of(shape, rows, cols))
    assert len(lines) <= WIDTH + 3

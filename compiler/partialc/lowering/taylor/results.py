"""Derivatives in their layouts, from the coefficients of outputs."""

from __future__ import annotations

from partialc.ir.equations import sliced, squeezed, stacked
from partialc.ir.program import Atom
from partialc.lowering.taylor.partials import Partials
from partialc.ops.series import Series, SeriesArithmetic
from partialc.request.resolved import Coordinates
from partialc.tangents.arrays import Arrays


def assembled(part: Partials, series: Series, arithmetic: SeriesArithmetic) -> Atom:
    """One derivative of a kernel.

    Args:
        part: Which entries it has, and its shape.
        series: The series of the output leaf it is of.
        arithmetic: Writes the equations.
    """
    arrays = arithmetic.arrays
    kind = series[arithmetic.downset.zero].type
    known: dict[object, Atom] = {}
    for index in dict.fromkeys(part.indices):
        atom = series[index] if index in series else arithmetic.zeros(kind)
        known[index] = _selected(atom, part.output, arrays)
    entries = [known[index] for index in part.indices]
    if part.places is not None:
        pairs = zip(entries, part.places, strict=True)
        entries = [_element(atom, place, arrays) for atom, place in pairs]
    if len(entries) == 1:
        return arrays.reshaped(entries[0], part.shape)
    last = len(entries[0].type.shape)
    return arrays.reshaped(arrays.add(stacked(entries, last)), part.shape)


def _selected(atom: Atom, output: Coordinates, arrays: Arrays) -> Atom:
    """The elements of an array that an output selects."""
    box = tuple(
        range(entry.start, entry.stop, entry.step)
        if isinstance(entry, slice)
        else range(entry, entry + 1)
        for entry in output.index
    )
    if box != tuple(map(range, atom.type.shape)):
        atom = arrays.add(sliced(atom, box))
    gone = [n for n, entry in enumerate(output.index) if isinstance(entry, int)]
    return arrays.add(squeezed(atom, gone)) if gone else atom


def _element(atom: Atom, place: int, arrays: Arrays) -> Atom:
    """One element of an array, row-major."""
    flat = arrays.reshaped(atom, (atom.type.size,))
    if atom.type.size > 1:
        flat = arrays.add(sliced(flat, (range(place, place + 1),)))
    return arrays.reshaped(flat, ())

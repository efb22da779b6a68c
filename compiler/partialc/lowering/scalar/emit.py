"""From terms back to a function: scalars, slices, and vectors where terms run alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

import numpy as np

from partialc.ir.equations import (
    concatenated,
    padded,
    sliced,
    squeezed,
    turned,
    unstacked,
    with_elements,
)
from partialc.ir.program import (
    ArrayType,
    Atom,
    Constant,
    Function,
    Value,
)
from partialc.lowering.scalar.algebra import for_reading
from partialc.lowering.scalar.assembly import (
    LARGEST_BLOCK,
    Assembly,
    Part,
    in_rows,
    is_single,
    pieces,
)
from partialc.lowering.scalar.filling import filled_places
from partialc.lowering.scalar.program import (
    Array,
    Assembled,
    ScalarProgram,
)
from partialc.lowering.scalar.runs import (
    Checker,
    Run,
    Stretch,
    find_runs,
    find_strides,
    sorted_alike,
)
from partialc.lowering.scalar.sharing import shared_transcendentals
from partialc.lowering.scalar.terms import (
    ELEMENT,
    REDUCTIONS,
    Term,
    unknown,
)
from partialc.ops.cost import MOST_FUSED

SHORTEST_RUN: Final = 4
"""Fewer terms that run alike stay scalars."""
LARGEST_TABLE: Final = 1024
"""Longer arrays are not written element by element."""


def emit(program: ScalarProgram, like: Function) -> Function:
    """Write a scalar program as a function with the inputs and the name of another."""
    writer = _Writer(program)
    outputs = writer.outputs()
    shared = shared_transcendentals(program.roots(), writer.scalars)
    if shared:
        writer = _Writer(program, shared)
        outputs = writer.outputs()
    return replace(like, equations=tuple(writer.equations), outputs=outputs)


class _Writer(Assembly):
    def __init__(self, program: ScalarProgram, shared: Sequence[Term] = ()) -> None:
        super().__init__()
        self.program = program
        self.scalars: dict[Term, Atom] = {}
        self.vectors: dict[tuple[Term, ...], Atom] = {}
        self.flats: dict[Value, Atom] = {}
        self.arrays: dict[Value, Value] = {}
        self.shared = dict.fromkeys(shared)
        self.checker = Checker()

    # --- whole arrays

    def outputs(self) -> tuple[Atom, ...]:
        """All results, with whatever they need written before."""
        return tuple(map(self.array, self.program.outputs))

    def array(self, array: Array) -> Atom:
        """An array: as it is, or put together."""
        if isinstance(array, Constant):
            return array
        if isinstance(array, Value):
            return self.defined(array)
        if not array.type.shape:
            return self.scalar(array.terms[0])
        whole = _whole_array(array)
        if whole is not None:
            return self.reshaped(self.defined(whole), array.type.shape)
        filled = self.filled(array)
        if filled is not None:
            return filled
        rows = self.rows(array)
        if rows is not None:
            return rows
        vector = self.assembled(array.terms, array.type)
        return self.reshaped(vector, array.type.shape)

    def filled(self, array: Assembled) -> Atom | None:
        """A mostly empty array of scalars: these are set in zeros."""
        places = filled_places(array.terms)
        if places is None or find_strides(array.terms) is not None:
            return None
        terms = [array.terms[place] for place in places]
        if any(map(_is_computed, find_runs(array.terms, SHORTEST_RUN))):
            return None
        dtype = array.type.dtype
        kind = ArrayType(dtype, (len(array.terms),))
        zeros = Constant(kind, np.zeros(kind.shape, dtype.numpy()))
        values = self.assembled(terms, ArrayType(dtype, (len(terms),)))
        whole = self.write(with_elements(zeros, values, places))
        return self.reshaped(whole, array.type.shape)

    def rows(self, array: Assembled) -> Atom | None:
        """A small array by its axes, where its elements have little in common."""
        shape = array.type.shape
        if len(shape) < 2 or len(array.terms) > LARGEST_TABLE:
            return None
        runs = list(find_runs(array.terms, SHORTEST_RUN, self.checker))
        if min(shape) < 2 or len(runs) == 1 or any(map(_is_computed, runs)):
            return None
        if find_strides(array.terms, self.checker) is not None:
            return None
        if max(shape) <= MOST_FUSED and len(array.terms) <= LARGEST_BLOCK:
            return self.nested(list(map(self.scalar, array.terms)), shape)
        if len(shape) != 2:
            return None
        count, width = shape
        kind = ArrayType(array.type.dtype, (width,))
        rows = [
            self.assembled(array.terms[start : start + width], kind)
            for start in range(0, count * width, width)
        ]
        return self.stacked(rows)

    def defined(self, array: Value) -> Value:
        """An array that is no assembly, its operation written before."""
        carried = self.program.carried.get(array)
        if carried is None:
            return array
        if array not in self.arrays:
            operands = tuple(map(self.array, carried.operands))
            outputs = tuple(
                Value(value.type, value.hint) for value in carried.equation.outputs
            )
            self.equations.append(
                replace(carried.equation, inputs=operands, outputs=outputs)
            )
            self.arrays.update(zip(carried.equation.outputs, outputs, strict=True))
        return self.arrays[array]

    def assembled(self, terms: Sequence[Term], kind: ArrayType) -> Atom:
        """A vector of terms: runs that are vectors, and single scalars."""
        if not terms:
            empty = np.zeros(0, kind.dtype.numpy())
            return Constant(ArrayType(kind.dtype, (0,)), empty)
        kind = ArrayType(kind.dtype, (len(terms),))
        scattered = find_strides(terms, self.checker)
        if scattered is not None:
            return self.scattered(scattered, kind)
        is_long = len(terms) > MOST_FUSED
        parts = [
            part
            for run in find_runs(terms, SHORTEST_RUN, self.checker)
            for part in (
                [run.terms]
                if _is_computed(run) or (is_long and _is_constant(run))
                else zip(run.terms)
            )
        ]
        return self.reshaped(self.joined(parts, kind), kind.shape)

    def joined(self, parts: Sequence[Part], kind: ArrayType) -> Atom:
        """Vectors and single scalars one after the other; many of them in rows."""
        rows = in_rows(parts) if pieces(parts) > MOST_FUSED else None
        if rows is not None:
            line = ArrayType(kind.dtype, (kind.size // len(rows),))
            table = self.stacked([self.joined(row, line) for row in rows])
            return self.reshaped(table, kind.shape)
        atoms: list[Atom] = []
        for single, group in groupby(parts, key=is_single):
            if single:
                atoms.extend(self.listed([term for (term,) in group]))
            else:
                atoms.extend(map(self.vector, group))
        if len(atoms) == 1:
            return atoms[0]
        return self.write(concatenated(atoms, 0))

    def listed(self, terms: Sequence[Term]) -> Iterator[Atom]:
        """A vector of terms that are written one by one, if there are any."""
        if not terms:
            return
        if all(term is terms[0] for term in terms):
            yield self.repeated(self.scalar(terms[0]), len(terms))
        elif all(term.constant is not None for term in terms):
            yield self.vector(tuple(terms))
        elif len(terms) > LARGEST_TABLE:
            for same, group in groupby(terms):
                yield self.repeated(self.scalar(same), len(list(group)))
        else:
            yield self.stacked([self.scalar(term) for term in terms])

    def scattered(self, stretches: Sequence[Stretch], kind: ArrayType) -> Atom:
        """Vectors at regular distances in an array of zeros: their padded sum."""
        total: Atom | None = None
        zero = Constant.of(ArrayType(kind.dtype, ()), 0)
        (size,) = kind.shape
        for stretch in stretches:
            vector = self.vector(stretch.terms)
            last = stretch.start + (len(stretch.terms) - 1) * stretch.step
            config = ((stretch.start, size - 1 - last, stretch.step - 1),)
            part = self.write(padded(vector, zero, config))
            total = part if total is None else self.equation("add", [total, part], kind)
        assert total is not None
        return total

    # --- scalars

    def scalar(self, term: Term) -> Atom:
        """A term as a scalar."""
        for each in unknown([term], self.scalars):
            if each in self.shared and each not in self.scalars:
                self.share()
            elif each not in self.scalars:
                self.scalars[each] = self.written(each)
        return self.scalars[term]

    def share(self) -> None:
        """Compute what is shared behind one barrier: see `sharing`.

        As one array: XLA recomputes the entries of a tuple behind a barrier all the
        same.
        """
        terms = sorted_alike(tuple(self.shared), checker=self.checker)
        self.shared = {}
        pieces: list[Atom] = []
        for run in find_runs(terms, SHORTEST_RUN, self.checker):
            if run.is_vector:
                pieces.append(self.vector(run.terms))
                continue
            (term,) = run.terms
            operands = [self.scalar(arg) for arg in term.args]
            kind = ArrayType(term.dtype, ())
            alone = self.equation(term.op, operands, kind, term.params)
            pieces.append(self.repeated(alone, 1))
        kind = ArrayType(terms[0].dtype, (len(terms),))
        stacked = pieces[0]
        if len(pieces) > 1:
            stacked = self.write(concatenated(pieces, 0))
        kept = self.equation("optimization_barrier", [stacked], kind)
        outputs = tuple(Value(ArrayType(t.dtype, ()), _role(t)) for t in terms)
        self.equations.append(unstacked(kept, outputs))
        self.scalars.update(zip(terms, outputs, strict=True))

    def written(self, term: Term) -> Atom:
        if term.constant is not None:
            return term.constant
        if term.op == ELEMENT:
            return self.element(term)
        kind = ArrayType(term.dtype, ())
        if term.op in REDUCTIONS:
            vector = self.assembled(term.args, ArrayType(term.args[0].dtype, ()))
            return self.equation(term.op, [vector], kind, {"axes": (0,)})
        operands = [self.scalars[arg] for arg in for_reading(term)]
        return self.equation(term.op, operands, kind, term.params)

    def element(self, term: Term) -> Atom:
        assert term.array is not None
        array = self.defined(term.array)
        shape = array.type.shape
        if not shape:
            return array
        index = np.unravel_index(term.position, shape)
        box = tuple(range(int(place), int(place) + 1) for place in index)
        return self.write(squeezed(self.write(sliced(array, box)), range(len(shape))))

    # --- vectors

    def vector(self, terms: tuple[Term, ...]) -> Atom:
        """Terms that run alike as one vector: see `runs.find_runs`."""
        if terms not in self.vectors:
            self.vectors[terms] = self.new_vector(terms)
        return self.vectors[terms]

    def new_vector(self, terms: tuple[Term, ...]) -> Atom:
        first = terms[0]
        kind = ArrayType(first.dtype, (len(terms),))
        if all(term.constant is not None for term in terms):
            return Constant.of(kind, [term.number for term in terms])
        if all(term is first for term in terms):
            return self.repeated(self.scalar(first), len(terms))
        if first.op == ELEMENT:
            return self.strided(terms)
        reading = for_reading(first)
        order = [first.args.index(arg) for arg in reading]
        columns = [tuple(term.args[place] for term in terms) for place in order]
        operands = [
            self.scalar(column[0])
            if all(term is column[0] for term in column)
            else self.vector(column)
            for column in columns
        ]
        spread = [
            atom if atom.type.shape else self.repeated(atom, len(terms))
            for atom in operands
        ]
        return self.equation(first.op, spread, kind, first.params)

    def strided(self, terms: tuple[Term, ...]) -> Atom:
        """Elements at regular distances of one array."""
        start, step = terms[0].position, terms[1].position - terms[0].position
        count = len(terms)
        assert terms[0].array is not None
        flat = self.flat(self.defined(terms[0].array))
        if step < 0:
            start, step, backwards = start + (count - 1) * step, -step, True
        else:
            backwards = False
        stop = start + (count - 1) * step + 1
        vector = flat
        if (start, stop, step) != (0, flat.type.size, 1):
            vector = self.write(sliced(flat, (range(start, stop, step),)))
        return self.write(turned(vector, (0,))) if backwards else vector

    def flat(self, array: Value) -> Atom:
        if array.type.ndim == 1:
            return array
        if array not in self.flats:
            self.flats[array] = self.reshaped(array, (array.type.size,))
        return self.flats[array]


def _is_constant(run: Run) -> bool:
    """Whether a run is one number, again and again."""
    first = run.terms[0]
    return run.is_vector and first.constant is not None and set(run.terms) == {first}


def _is_computed(run: Run) -> bool:
    """Whether a run is a vector with something to compute for each of its elements."""
    if not run.is_vector or all(term is run.terms[0] for term in run.terms):
        return False
    return any(term.constant is None for term in run.terms)


def _role(term: Term) -> str | None:
    """A name for a function of an element: `sin_q2`; others are named when printed."""
    (arg,) = term.args
    if arg.array is None:
        return None
    place = str(arg.position) if arg.array.type.shape else ""
    return f"{term.op}_{arg.array.hint}{place}" if arg.array.hint else None


def _whole_array(array: Assembled) -> Value | None:
    """The array that an assembly is a copy of, element by element."""
    first = array.terms[0] if array.terms else None
    if first is None or first.op != ELEMENT or first.array is None:
        return None
    if first.array.type.size != len(array.terms):
        return None
    if any(
        term.array is not first.array or term.position != place
        for place, term in enumerate(array.terms)
    ):
        return None
    return first.array

"""From terms back to a function: scalars, slices, and vectors where terms run alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from partialc.ir.program import (
    ArrayType,
    Atom,
    Constant,
    Equation,
    Function,
    Param,
    Value,
)
from partialc.lowering.scalar.algebra import COMMUTATIVE
from partialc.lowering.scalar.program import (
    Array,
    Assembled,
    ScalarProgram,
)
from partialc.lowering.scalar.runs import (
    Run,
    Stretch,
    find_runs,
    find_strides,
    sorted_alike,
)
from partialc.lowering.scalar.sharing import shared_transcendentals
from partialc.lowering.scalar.terms import (
    ELEMENT,
    NO_PARAMS,
    REDUCTIONS,
    Term,
    reachable,
)

SHORTEST_RUN: Final = 4
"""Fewer terms that run alike stay scalars."""
LONGEST_STACK: Final = 32
"""More equal numbers in a row than this are one constant of the array."""


def emit(program: ScalarProgram, like: Function) -> Function:
    """Write a scalar program as a function with the inputs and the name of another."""
    writer = _Writer(program)
    outputs = tuple(writer.array(array) for array in program.outputs)
    return replace(like, equations=tuple(writer.equations), outputs=outputs)


class _Writer:
    def __init__(self, program: ScalarProgram) -> None:
        self.program = program
        self.equations: list[Equation] = []
        self.scalars: dict[Term, Atom] = {}
        self.vectors: dict[tuple[Term, ...], Atom] = {}
        self.flats: dict[Value, Atom] = {}
        self.arrays: dict[Value, Value] = {}
        shared = shared_transcendentals(program.roots())
        self.shared = dict.fromkeys(shared)

    # --- whole arrays

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
        vector = self.assembled(array.terms, array.type)
        return self.reshaped(vector, array.type.shape)

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
        scattered = find_strides(terms)
        if scattered is not None:
            return self.scattered(scattered, kind)
        pieces: list[Atom] = []
        for run in find_runs(terms, SHORTEST_RUN):
            pieces.extend(self.pieces(run))
        if len(pieces) == 1:
            return self.reshaped(pieces[0], kind.shape)
        return self.equation("concatenate", pieces, kind, {"dimension": 0})

    def pieces(self, run: Run) -> Iterator[Atom]:
        """One vector, or its elements: few constants are rather written one by one."""
        constant = all(term.constant is not None for term in run.terms)
        if run.is_vector and (not constant or len(run.terms) >= LONGEST_STACK):
            yield self.vector(run.terms)
            return
        for term in run.terms:
            yield self.repeated(self.scalar(term), 1)

    def scattered(self, stretches: Sequence[Stretch], kind: ArrayType) -> Atom:
        """Vectors at regular distances in an array of zeros: their padded sum."""
        total: Atom | None = None
        zero = Constant(ArrayType(kind.dtype, ()), np.zeros((), kind.dtype.numpy()))
        (size,) = kind.shape
        for stretch in stretches:
            vector = self.vector(stretch.terms)
            last = stretch.start + (len(stretch.terms) - 1) * stretch.step
            config = ((stretch.start, size - 1 - last, stretch.step - 1),)
            padded = self.equation(
                "pad", [vector, zero], kind, {"padding_config": config}
            )
            total = (
                padded if total is None else self.equation("add", [total, padded], kind)
            )
        assert total is not None
        return total

    # --- scalars

    def scalar(self, term: Term) -> Atom:
        """A term as a scalar."""
        for each in reachable([term]):
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
        terms = sorted_alike(tuple(self.shared))
        self.shared = {}
        pieces: list[Atom] = []
        for run in find_runs(terms, SHORTEST_RUN):
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
            stacked = self.equation("concatenate", pieces, kind, {"dimension": 0})
        kept = self.equation("optimization_barrier", [stacked], kind)
        outputs = tuple(Value(ArrayType(t.dtype, ()), _role(t)) for t in terms)
        self.equations.append(Equation("unstack", (kept,), {"axis": 0}, outputs))
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
        operands = [self.scalars[arg] for arg in _for_reading(term)]
        return self.equation(term.op, operands, kind, term.params)

    def element(self, term: Term) -> Atom:
        assert term.array is not None
        array = self.defined(term.array)
        shape = array.type.shape
        if not shape:
            return array
        index = np.unravel_index(term.position, shape)
        starts = tuple(int(place) for place in index)
        params: Mapping[str, Param] = {
            "start_indices": starts,
            "limit_indices": tuple(place + 1 for place in starts),
            "strides": None,
        }
        dtype = array.type.dtype
        piece = self.equation(
            "slice", [array], ArrayType(dtype, (1,) * len(shape)), params
        )
        dimensions = {"dimensions": tuple(range(len(shape)))}
        return self.equation("squeeze", [piece], ArrayType(dtype, ()), dimensions)

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
            data = np.array([term.number for term in terms], first.dtype.numpy())
            data.setflags(write=False)
            return Constant(kind, data)
        if all(term is first for term in terms):
            return self.repeated(self.scalar(first), len(terms))
        if first.op == ELEMENT:
            return self.strided(terms)
        reading = _for_reading(first)
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
        kind = ArrayType(flat.type.dtype, (count,))
        if (start, stop, step) == (0, flat.type.size, 1):
            vector = flat
        else:
            params: Mapping[str, Param] = {
                "start_indices": (start,),
                "limit_indices": (stop,),
                "strides": None if step == 1 else (step,),
            }
            vector = self.equation("slice", [flat], kind, params)
        if backwards:
            return self.equation("rev", [vector], kind, {"dimensions": (0,)})
        return vector

    def flat(self, array: Value) -> Atom:
        if array.type.ndim == 1:
            return array
        if array not in self.flats:
            self.flats[array] = self.reshaped(array, (array.type.size,))
        return self.flats[array]

    # --- equations

    def repeated(self, scalar: Atom, count: int) -> Atom:
        kind = ArrayType(scalar.type.dtype, (count,))
        params: Mapping[str, Param] = {"shape": (count,), "broadcast_dimensions": ()}
        return self.equation("broadcast_in_dim", [scalar], kind, params)

    def reshaped(self, atom: Atom, shape: tuple[int, ...]) -> Atom:
        if atom.type.shape == shape:
            return atom
        if isinstance(atom, Constant):
            data = atom.data.reshape(shape)
            return Constant(ArrayType(atom.type.dtype, shape), data)
        params: Mapping[str, Param] = {"new_sizes": shape, "dimensions": None}
        return self.equation(
            "reshape", [atom], ArrayType(atom.type.dtype, shape), params
        )

    def equation(
        self,
        op: str,
        operands: Sequence[Atom],
        kind: ArrayType,
        params: Mapping[str, Param] = NO_PARAMS,
        hint: str | None = None,
    ) -> Value:
        value = Value(kind, hint)
        self.equations.append(Equation(op, tuple(operands), params, (value,)))
        return value


def _role(term: Term) -> str | None:
    """A name for a function of an element: `sin_q2`; others are named when printed."""
    (arg,) = term.args
    if arg.array is None:
        return None
    place = str(arg.position) if arg.array.type.shape else ""
    return f"{term.op}_{arg.array.hint}{place}" if arg.array.hint else None


def _for_reading(term: Term) -> tuple[Term, ...]:
    """The operands in the order people write: `2 * x`, `x + 1`, `a * b * c`."""
    if term.op not in COMMUTATIVE:
        return term.args
    first, second = term.args
    if first.constant is not None or second.constant is not None:
        leads = (first.constant is not None) == (term.op == "mul")
        return (first, second) if leads else (second, first)
    if second.op == term.op and first.op != term.op:
        return second, first
    if first.array is not None and first.array is second.array:
        return (first, second) if first.position < second.position else (second, first)
    return first, second


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

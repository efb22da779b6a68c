"""What the results of loops and branches depend on: bodies multiplied symbolically."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

from partialc.ir.program import Atom, Equation, Function, Value
from partialc.ops import params
from partialc.ops.reach import Mapped, OfBody, Reach
from partialc.tangents.links import MOST, Links, TooManyLinksError, stacked

MOST_TURNS: Final = 4_000
MOST_WORK: Final = 1 << 26
"""A loop in which later turns still add something is not followed for longer, and not
through more pairs: some ten seconds."""


@dataclass(frozen=True, slots=True)
class _Operands:
    """The linear operands of an operation, one after the other: columns of pairs.

    Attributes:
        atoms: All operands.
        is_linear: Which of them are linear.
    """

    atoms: Sequence[Atom]
    is_linear: Sequence[bool]

    def first(self, number: int) -> int:
        """The column of the first element of an operand."""
        pairs = zip(self.atoms[:number], self.is_linear, strict=False)
        return sum(atom.type.size for atom, linear in pairs if linear)

    @property
    def total(self) -> int:
        """How many columns there are."""
        return self.first(len(self.atoms))

    def whole(self, number: int) -> Links:
        """An operand as it is: what its elements depend on."""
        size = self.atoms[number].type.size
        if not self.is_linear[number]:
            return Links.none(size, self.total)
        return Links.identity(size, self.total, self.first(number))

    def step(self, number: int, place: int) -> Links:
        """One place of the leading axis of an operand."""
        size = prod(self.atoms[number].type.shape[1:])
        if not self.is_linear[number]:
            return Links.none(size, self.total)
        return Links.identity(size, self.total, self.first(number) + place * size)

    def apart(self, links: Links) -> list[Links | None]:
        """Pairs with all columns, operand by operand."""
        return [
            links.columns(self.first(number), atom.type.size) if linear else None
            for number, (atom, linear) in enumerate(
                zip(self.atoms, self.is_linear, strict=True)
            )
        ]


def _carried_too(
    body: Function, is_linear: Sequence[bool], first: int, of_body: OfBody
) -> tuple[list[bool], Reach]:
    """Which inputs of a loop's body are linear, and what its results depend on.

    Args:
        body: Its results are carried to its inputs from `first` on.
        is_linear: Which inputs are linear when it starts.
        first: Where the carry is among the inputs.
        of_body: What a function's results depend on.
    """
    linear = list(is_linear)
    while True:
        found = of_body(body, linear)
        new = [
            first + number
            for number, row in enumerate(found)
            if not linear[first + number]
            and any(each is not None and each.keys.size for each in row)
        ]
        if not new:
            return linear, found
        for number in new:
            linear[number] = True


def mapped_scan(equation: Equation) -> Mapped | None:
    """A scan whose turns do not depend on each other.

    It carries nothing, or sums to which every turn adds something.
    """
    body = params.function(equation)
    constants = params.integer(equation, "num_consts")
    carried = params.integer(equation, "num_carry")
    ends = constants + carried
    if not params.integer(equation, "length") or len(equation.inputs) == ends:
        return None
    places = (*range(constants), *range(ends, len(equation.inputs)))
    flags = tuple(place >= ends for place in places)
    if not carried:
        return Mapped(body, places, flags, ())
    added = _added(body, constants, carried)
    if added is None:
        return None
    outputs = (*added, *body.outputs[carried:])
    kept = tuple(
        each for each in body.equations if each.outputs[0] not in body.outputs[:carried]
    )
    inputs = tuple(body.inputs[place] for place in places)
    function = Function(body.name, inputs, kept, outputs)
    return Mapped(function, places, flags, tuple(range(constants, ends)))


def _added(body: Function, constants: int, carried: int) -> list[Atom] | None:
    """What a turn adds to each sum that it carries; None where it does more."""
    uses = Counter(atom for each in body.equations for atom in each.inputs)
    uses.update(body.outputs)
    defined = {value: each for each in body.equations for value in each.outputs}
    found: list[Atom] = []
    for number in range(carried):
        before, after = body.inputs[constants + number], body.outputs[number]
        equation = defined.get(after) if isinstance(after, Value) else None
        if equation is None or equation.op not in ("add", "add_any"):
            return None
        others = [atom for atom in equation.inputs if atom is not before]
        if len(others) != 1 or uses[before] != 1 or uses[after] != 1:
            return None
        if others[0].type.shape != before.type.shape:
            return None
        found.append(others[0])
    return found


def scan_reach(equation: Equation, is_linear: Sequence[bool], of_body: OfBody) -> Reach:
    """A step for each place of the leading axis, until a step changes nothing more."""
    body = params.function(equation)
    constants = params.integer(equation, "num_consts")
    carried = params.integer(equation, "num_carry")
    length = params.integer(equation, "length")
    flags = list(is_linear)
    operands = _Operands(equation.inputs, is_linear)
    ends = constants + carried
    shortened = _only_carry(body, carried)
    linear, _ = _carried_too(shortened, flags, constants, of_body)
    found = of_body(body, linear)
    state = [operands.whole(n) for n in range(constants, ends)]
    turns = range(length)
    places = turns[::-1] if params.flag(equation, "reverse") else turns
    outputs: list[list[Links]] = [[] for _ in equation.outputs[carried:]]
    xs = equation.inputs[ends:]
    fixed = [operands.whole(n) for n in range(constants)]
    moves = any(is_linear[ends:])
    held = work = 0
    for turn, place in enumerate(places):
        if turn == MOST_TURNS:
            raise TooManyLinksError
        steps = [operands.step(ends + n, place) for n in range(len(xs))]
        inner = [*fixed, *state, *steps]
        results = [_through(row, inner, linear, operands.total) for row in found]
        for each, links in zip(outputs, results[carried:], strict=True):
            each.append(links)
            held += links.keys.size
        work += sum(links.keys.size for links in results)
        if held > MOST or work > MOST_WORK:
            raise TooManyLinksError
        following = results[:carried]
        is_still = all(map(Links.same, state, following))
        state = following
        if is_still and not moves:
            for each in outputs:
                each += [each[-1]] * (length - turn - 1)
            break
    rows = [operands.apart(links) for links in state]
    for value, each in zip(equation.outputs[carried:], outputs, strict=True):
        ordered = each[::-1] if params.flag(equation, "reverse") else each
        links = stacked(ordered) if ordered else Links.none(0, operands.total)
        assert links.rows == value.type.size, "one part for each step"
        rows.append(operands.apart(links))
    return rows


def _only_carry(body: Function, carried: int) -> Function:
    return Function(body.name, body.inputs, body.equations, body.outputs[:carried])


def _through(
    row: Sequence[Links | None],
    inner: Sequence[Links],
    linear: Sequence[bool],
    total: int,
) -> Links:
    """What a result of a body depends on, given that of the body's inputs."""
    found: Links | None = None
    for links, first, is_linear in zip(row, inner, linear, strict=True):
        if links is None or not is_linear or not links.keys.size:
            continue
        part = links.after(first)
        found = part if found is None else found | part
    if found is not None:
        return found
    rows = next((links.rows for links in row if links is not None), 0)
    return Links.none(rows, total)


def while_reach(
    equation: Equation, is_linear: Sequence[bool], of_body: OfBody
) -> Reach:
    """Any number of steps: what any number of turns reaches, found by doubling."""
    body = params.function(equation, "body_function")
    skipped = params.integer(equation, "cond_nconsts")
    constants = params.integer(equation, "body_nconsts")
    flags = list(is_linear[skipped:])
    operands = _Operands(equation.inputs, is_linear)
    linear, found = _carried_too(body, flags, constants, of_body)
    first = skipped + constants
    carries = equation.inputs[first:]
    sizes = [atom.type.size for atom in carries]
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    own = [Links.none(size, sum(sizes)) for size in sizes]
    into = [
        Links.identity(size, sum(sizes), start) if linear[constants + number] else none
        for number, (size, start, none) in enumerate(
            zip(sizes, starts, own, strict=True)
        )
    ]
    nothing = [
        Links.none(a.type.size, sum(sizes)) for a in equation.inputs[skipped:first]
    ]
    step = stacked(
        [_through(row, [*nothing, *into], linear, sum(sizes)) for row in found]
    )
    reached = step | Links.identity(step.rows, step.cols)
    while not reached.same(further := reached.after(reached)):
        reached = further
    fixed = [operands.whole(n) for n in range(skipped, first)]
    empty = [Links.none(size, operands.total) for size in sizes]
    added = stacked(
        [_through(row, [*fixed, *empty], linear, operands.total) for row in found]
    )
    begun = stacked([operands.whole(n) for n in range(first, len(equation.inputs))])
    every = reached.after(begun | added)
    return [
        operands.apart(every.some_rows(start, size))
        for start, size in zip(starts, sizes, strict=True)
    ]


def cond_reach(equation: Equation, is_linear: Sequence[bool], of_body: OfBody) -> Reach:
    """What either branch depends on."""
    flags = list(is_linear[1:])
    total: Reach = []
    for branch in params.functions(equation, "branches"):
        found = of_body(branch, flags)
        if not total:
            total = found
            continue
        total = [
            [
                one if other is None or one is None else one | other
                for one, other in zip(row, others, strict=True)
            ]
            for row, others in zip(total, found, strict=True)
        ]
    return [[None, *row] for row in total]

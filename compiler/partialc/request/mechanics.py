"""`euler_lagrange(q, qd)`: the accelerations that a Lagrangian gives.

The Euler-Lagrange equations d/dt dL/dqd = dL/dq, with the left side taken apart, are
linear in the accelerations:

    d2L/dqd dqd qdd = dL/dq - d2L/dqd dq qd - d2L/dqd dt

(Goldstein, Classical Mechanics, section 1.4). The matrix is the mass matrix.
"""

from __future__ import annotations

from collections.abc import Sequence

from partialc.request.answer import Answer
from partialc.request.combination import INPUT, PART, Combination
from partialc.request.layouts import check_distinct, flattened
from partialc.request.operators import elements_of
from partialc.request.resolved import Block, Coordinates
from partialc.request.scope import Scope
from partialc.request.selection import Selection
from partialc.request.syntax import EulerLagrange
from partialc.request.written import origin_of, origin_of_request


def euler_lagrange(request: EulerLagrange, scope: Scope) -> Answer:
    """The accelerations, of the shape of the coordinates.

    Raises:
        RequestError: The Lagrangian is no scalar, coordinates and velocities are no
            vectors of one length, or the time is no scalar.
    """
    output = scope.output(request.of, origin_of_request(request))
    if not output.is_scalar:
        raise origin_of(output.node).fault(
            f"{request.keyword} wants a scalar, the Lagrangian",
            fix=f"select it: of={scope.some_scalar(output)}",
        )
    wrt = tuple(map(scope.wrt, request.wrt))
    flattened(wrt, scope)
    check_distinct(wrt, "coordinates, velocities and the time are different arguments")
    q, qd, *time = wrt
    _check_vectors(q, qd)
    (out,) = output.coordinates
    clock = None
    if time:
        if not time[0].is_scalar:
            raise origin_of(time[0].node).fault(f"the time {time[0].node} is no scalar")
        (clock,) = time[0].coordinates
    if q.shape == (2,):
        found = _of_two(out, elements_of(q.coordinates, scope), qd, clock, scope)
    else:
        found = _of_many(out, q.coordinates[0], qd.coordinates[0], clock)
    return Answer(found, wrt, output)


def _of_many(
    out: Coordinates, q: Coordinates, qd: Coordinates, time: Coordinates | None
) -> Combination:
    """By a linear solve, or a quotient."""
    parts = [Block(out, ((qd,), (qd,))), Block(out, ((qd,), (q,))), Block(out, ((q,),))]
    times = "@" if q.shape else "*"
    force = f"{PART}2 - {PART}1 {times} {INPUT}0"
    if time is not None:
        parts.append(Block(out, ((qd,), (time,))))
        force = f"{force} - {PART}3"
    solved = f"jnp.linalg.solve({PART}0, {force})"
    formula = solved if q.shape else f"({force}) / {PART}0"
    return Combination(tuple(parts), formula, (qd,), shape=q.shape)


def _of_two(
    out: Coordinates,
    q: Sequence[Coordinates],
    velocities: Selection,
    time: Coordinates | None,
    scope: Scope,
) -> Combination:
    """By Cramer's rule: two coordinates need no factorisation."""
    qd = elements_of(velocities.coordinates, scope)
    parts: list[Block] = []

    def part(*along: Coordinates) -> str:
        parts.append(Block(out, tuple((each,) for each in along)))
        return f"{PART}{len(parts) - 1}"

    first, mixed, second = (part(qd[i], qd[j]) for i, j in ((0, 0), (0, 1), (1, 1)))
    forces = []
    for i in range(2):
        moved = [f"{part(qd[i], q[j])} * {INPUT}{j}" for j in range(2)]
        moved += [part(qd[i], time)] if time is not None else []
        forces.append(f"({part(q[i])} - {' - '.join(moved)})")
    determinant = f"({first} * {second} - {mixed}**2)"
    formula = (
        f"jnp.stack([{second} * {forces[0]} - {mixed} * {forces[1]}, "
        f"{first} * {forces[1]} - {mixed} * {forces[0]}]) / {determinant}"
    )
    return Combination(tuple(parts), formula, tuple(qd), shape=(2,))


def _check_vectors(q: Selection, qd: Selection) -> None:
    """Refuse coordinates and velocities that do not belong together.

    Raises:
        RequestError: One is no scalar or vector, or they have several lengths.
    """
    for each in (q, qd):
        if not each.is_array or len(each.shape) > 1:
            raise origin_of(each.node).fault(
                f"{each.node} is no vector",
                fix=f"name scalars, or arrays of shape (n,): {each.node}[0]",
            )
    if q.shape != qd.shape:
        raise origin_of(qd.node).fault(
            f"{q.node} has shape {q.shape}, and {qd.node} {qd.shape}",
            why="there is one velocity for each coordinate",
        )

"""AC power flow: what flows into each bus of a grid, less what is generated there.

The unknowns are the voltage angles at all buses but the slack one, then the voltage
magnitudes where none is held; the equations are the active power at all buses but the
slack one, then the reactive power where no generator makes up for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

DATA = Path(__file__).parent / "data"
MEGAWATTS = 100.0  # of one unit of power
LOAD, SLACK = 1, 3  # types of buses; 2 is one with a generator that holds its voltage


@dataclass(frozen=True, eq=False)
class Grid:
    """A grid, in units of its base power and voltages.

    Attributes:
        angles: The voltage angles of the published solution, in radians.
        magnitudes: The voltage magnitudes of the published solution.
        free_angle: The buses whose angle is unknown.
        free_magnitude: The buses whose magnitude is unknown.
        start: The bus at which each branch starts.
        end: The bus at which it ends.
        admittance: Complex, of shape (4, branches): of the start by its own voltage, of
            the start by the end's, of the end by the start's, of the end by its own.
        shunt: The complex admittance to ground at each bus.
        load: The complex power that is taken at each bus.
        generator: The bus of each generator.
        power: What each generates, active power only.
        cost: Of shape (2, generators): costs by the square of the power in megawatts,
            and by the power.
    """

    angles: Any
    magnitudes: Any
    free_angle: Any
    free_magnitude: Any
    start: Any
    end: Any
    admittance: Any
    shunt: Any
    load: Any
    generator: Any
    power: Any
    cost: Any

    @property
    def flat(self) -> Any:
        """Where Newton's method starts: every free angle the slack's, magnitude 1."""
        slack = np.setdiff1d(np.arange(self.angles.size), self.free_angle)
        angle = np.full(self.free_angle.size, self.angles[slack[0]])
        return np.concatenate([angle, np.ones(self.free_magnitude.size)])


def read(name: str) -> Grid:
    """A grid of the folder `data`: `ieee14` or `ieee118`."""

    def table(kind: str) -> Any:
        path = DATA / f"{name}_{kind}.csv"
        return np.loadtxt(path, delimiter=",", skiprows=1, unpack=True)

    number, kind, p, q, g, b, magnitude, degrees = table("buses")
    made_at, made, held, square, linear = table("generators")
    start, end, r, x, charging, ratio, shift = table("branches")
    where = np.zeros(int(number.max()) + 1, np.int32)
    where[number.astype(int)] = np.arange(number.size)
    generator = where[made_at.astype(int)]
    magnitude[generator] = held
    tap = np.where(ratio == 0, 1.0, ratio) * np.exp(1j * np.radians(shift))
    series = 1 / (r + 1j * x)
    own = series + 0.5j * charging
    return Grid(
        angles=np.radians(degrees),
        magnitudes=magnitude,
        free_angle=np.flatnonzero(kind != SLACK).astype(np.int32),
        free_magnitude=np.flatnonzero(kind == LOAD).astype(np.int32),
        start=where[start.astype(int)],
        end=where[end.astype(int)],
        admittance=np.stack(
            [own / np.abs(tap) ** 2, -series / tap.conj(), -series / tap, own]
        ),
        shunt=(g + 1j * b) / MEGAWATTS,
        load=(p + 1j * q) / MEGAWATTS,
        generator=generator,
        power=made / MEGAWATTS,
        cost=np.stack([square, linear]),
    )


def outflow(grid: Grid, angle: Any, v: Any) -> tuple[jax.Array, jax.Array]:
    """The active and the reactive power that leaves each bus, by branch."""

    def parts(admittance: Any) -> tuple[Any, Any]:
        """Conductances and susceptances, in the precision of the voltages."""
        return admittance.real.astype(v.dtype), admittance.imag.astype(v.dtype)

    (g_start, b_start), (g_across, b_across), (g_back, b_back), (g_end, b_end) = map(
        parts, grid.admittance
    )
    g, b = parts(grid.shunt)
    v_start, v_end = v[grid.start], v[grid.end]
    between = angle[grid.start] - angle[grid.end]
    c = v_start * v_end * jnp.cos(between)
    s = v_start * v_end * jnp.sin(between)
    p_start = g_start * v_start**2 + g_across * c + b_across * s
    q_start = g_across * s - b_across * c - b_start * v_start**2
    p_end = g_end * v_end**2 + g_back * c - b_back * s
    q_end = -g_back * s - b_back * c - b_end * v_end**2
    p = (g * v**2).at[grid.start].add(p_start).at[grid.end].add(p_end)
    q = (-b * v**2).at[grid.start].add(q_start).at[grid.end].add(q_end)
    return p, q


def mismatch(grid: Grid) -> Callable[[Any], jax.Array]:
    """The equations of a grid."""
    buses, angles = grid.angles.size, grid.free_angle.size
    # Places in the unknowns, and behind these in what is given.
    angle_at = angles + grid.free_magnitude.size + np.arange(buses, dtype=np.int32)
    magnitude_at = angle_at + buses
    angle_at[grid.free_angle] = np.arange(angles)
    magnitude_at[grid.free_magnitude] = angles + np.arange(grid.free_magnitude.size)
    given = np.concatenate([grid.angles, grid.magnitudes])
    injected = -grid.load
    np.add.at(injected, grid.generator, grid.power)
    wanted = injected.real[grid.free_angle], injected.imag[grid.free_magnitude]

    def equations(x: Any) -> jax.Array:
        wanted_p, wanted_q = (each.astype(x.dtype) for each in wanted)
        everything = jnp.concatenate([x, given.astype(x.dtype)])
        p, q = outflow(grid, everything[angle_at], everything[magnitude_at])
        p, q = p[grid.free_angle] - wanted_p, q[grid.free_magnitude] - wanted_q
        return jnp.concatenate([p, q])

    return equations


IEEE14, IEEE118 = read("ieee14"), read("ieee118")
ieee14, ieee118 = mismatch(IEEE14), mismatch(IEEE118)
ieee14.__name__, ieee118.__name__ = "ieee14", "ieee118"

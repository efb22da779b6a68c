"""How much of a generated module changes when one term is added to the model.

The Jacobian of a quadrotor, 13 outputs by 17 variables, written out. Ten times a sine
of one variable is added to one output, in the source; counted are the lines of the
module that go or come.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
import tempfile
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np

import partialc
from partialc.benching.measurement import Measurement

OUTPUTS: Final = 13
VARIABLES: Final = 17
CHANGES: Final = 10
SEED: Final = 0
MOST_PERCENT: Final = 8.0
HEADER: Final = "import jax\nimport jax.numpy as jnp\n\n\n"


def rates(z: jax.Array) -> jax.Array:
    """Rates of position, velocity, attitude (a quaternion) and body rates.

    z holds these 13 states, then the squared speeds of the four rotors; lengths are in
    metres, masses in kilograms, thrust and drag coefficients those of a small drone.
    """
    _, _, _, vx, vy, vz, qw, qx, qy, qz, p, q, r, u0, u1, u2, u3 = z
    lift = 0.8 * (u0 + u1 + u2 + u3) / 1.2
    speed = jnp.sqrt(vx * vx + vy * vy + vz * vz + 1e-6)
    drag = 0.05 * speed
    roll = 0.17 * 0.8 * (u1 - u3)
    pitch = 0.17 * 0.8 * (u2 - u0)
    yaw = 0.02 * (u0 - u1 + u2 - u3)
    return jnp.stack(
        [
            vx,
            vy,
            vz,
            2.0 * (qx * qz + qw * qy) * lift - drag * vx,
            2.0 * (qy * qz - qw * qx) * lift - drag * vy,
            (1.0 - 2.0 * (qx * qx + qy * qy)) * lift - drag * vz - 9.81,
            -0.5 * (qx * p + qy * q + qz * r),
            0.5 * (qw * p + qy * r - qz * q),
            0.5 * (qw * q - qx * r + qz * p),
            0.5 * (qw * r + qx * q - qy * p),
            (roll - (0.023 - 0.014) * q * r) / 0.012,
            (pitch - (0.012 - 0.023) * p * r) / 0.014,
            (yaw - (0.014 - 0.012) * p * q) / 0.023,
        ]
    )


def with_term(output: int, variable: int) -> str:
    """The source of the model, a sine of one variable added to one output."""
    lines = inspect.getsource(rates).splitlines()
    first = next(k for k, line in enumerate(lines) if line.strip() == "[") + 1
    lines[first + output] = (
        lines[first + output].removesuffix(",") + f" + jnp.sin(z[{variable}]),"
    )
    return "\n".join(lines)


def generated(source: str) -> list[str]:
    """The lines of the module that is made of a model with this source."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quadrotor.py"
        path.write_text(HEADER + source, encoding="utf-8")
        spec = importlib.util.spec_from_file_location("quadrotor", path)
        assert spec is not None
        assert spec.loader is not None
        model = importlib.util.module_from_spec(spec)
        sys.modules["quadrotor"] = model
        try:
            spec.loader.exec_module(model)
            made = partialc.compile(
                model.rates,
                args={"z": f"float[{VARIABLES}]"},
                kernels={"jacobian": "jacobian(z)"},
                name="quadrotor_jacobian",
                form="expanded",
            )
        finally:
            del sys.modules["quadrotor"]
    return made.source.splitlines()


def changed(one: list[str], other: list[str]) -> int:
    """How many lines go, plus how many come."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return sum(
        (stop - start) + (to - at)
        for tag, start, stop, at, to in matcher.get_opcodes()
        if tag != "equal"
    )


def measurements() -> Iterator[Measurement]:
    """The share of every change, and the worst of them."""
    before = generated(inspect.getsource(rates))
    shares = []
    for output, variable in choices():
        after = generated(with_term(output, variable))
        shares.append(100 * changed(before, after) / len(before))
    what = f"lines changed of {len(before)}, the most of {CHANGES} changes"
    yield Measurement(what, max(shares), "%", MOST_PERCENT)


def choices() -> list[tuple[int, int]]:
    """Outputs and variables."""
    rng = np.random.default_rng(SEED)
    return [
        (int(rng.integers(OUTPUTS)), int(rng.integers(VARIABLES)))
        for _ in range(CHANGES)
    ]

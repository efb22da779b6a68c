"""Kernels on sharded arrays: rows, and elements, spread over a mesh of devices.

Run from the repository root, after `partialc build`:

    python examples/sharding/demo.py                  # 8 devices of one process
    python examples/sharding/demo.py --processes 2    # 4 devices of each of two

The devices are parts of the CPU that XLA takes for devices; on a machine with eight
accelerators the same lines run on these.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "generated"))

from black_scholes import greeks  # noqa: E402 (found only now)
from sharding import hessian  # noqa: E402

ROWS = 1024
DEVICES = 8


def main() -> None:
    """Run it in this process, or start several that run it together."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--port", type=int, default=12321)
    parser.add_argument("--number", type=int, help="which of the processes this is")
    given = parser.parse_args()
    if given.processes > 1 and given.number is None:
        numbers = range(given.processes)
        call = [sys.executable, __file__, *sys.argv[1:], "--number"]
        running = [subprocess.Popen([*call, str(number)]) for number in numbers]
        if any(each.wait() for each in running):
            sys.exit(1)
        return
    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_num_cpu_devices", DEVICES // given.processes)
    run(given.processes, given.number or 0, given.port)


def run(processes: int, number: int, port: int) -> None:
    """What every process does: the same program on its part of the arrays."""
    if processes > 1:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(f"localhost:{port}", processes, number)

    mesh = jax.make_mesh((DEVICES,), ("parts",), axis_types=(AxisType.Auto,))
    spread = NamedSharding(mesh, PartitionSpec("parts"))

    def put(data: np.ndarray) -> jax.Array:
        return jax.make_array_from_callback(data.shape, spread, lambda at: data[at])

    random = np.random.default_rng(0)
    lows, highs = [50, 50, 0.1, 0.0, 0.1], [150, 150, 2.0, 0.1, 0.6]
    drawn = random.uniform(lows, highs, (ROWS, 5)).astype(np.float32).T
    together = jax.jit(jax.vmap(greeks))
    found = together(*map(put, drawn))
    check("greeks of rows", found.gamma, together(*drawn).gamma)

    x = random.normal(size=64).astype(np.float32)
    values = jax.jit(hessian, out_shardings=NamedSharding(mesh, PartitionSpec()))
    check("Hessian along a chain", values(put(x)), hessian(x))


def check(name: str, found: jax.Array, alone: jax.Array) -> None:
    """Compare the parts that are here with what one device computes of everything.

    Args:
        name: What it is.
        found: A sharded array.
        alone: The same array, computed on one device.
    """
    whole, worst = np.asarray(alone), 0.0
    for shard in found.addressable_shards:
        apart = np.abs(np.asarray(shard.data) - whole[shard.index])
        worst = max(worst, float(apart.max() / np.abs(whole).max()))
    count = len(found.addressable_shards)
    print(f"{name}: {count} parts of {found.shape} here, {worst:.1e} apart")
    if worst > 1e-6:
        sys.exit(1)


if __name__ == "__main__":
    main()

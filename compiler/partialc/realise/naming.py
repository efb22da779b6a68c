"""Names for the values and the functions within a chain, by what they are."""

from __future__ import annotations

from collections.abc import Sequence

from partialc.realise.chain import Along, Basis, Chain, OneHot, Path, Push
from partialc.realise.units import role
from partialc.request.resolved import Output, WeightedSum
from partialc.request.signature import Signature


def leaf_role(leaf: int, signature: Signature) -> str:
    """An argument leaf as a piece of an identifier: `x`, `params_w`."""
    argument, found = signature.leaves[leaf]
    inner = role(found.path)
    return f"{argument}_{inner}" if inner else argument


def push_role(push: Push, signature: Signature) -> str:
    """A push as a piece of an identifier: `x0`, `x`, `tangent`."""
    match push:
        case OneHot(leaf, index):
            name = leaf_role(leaf, signature)
            joined = "_".join(map(str, index))
            separator = "_" if len(index) > 1 else ""
            return f"{name}{separator}{joined}"
        case Basis(leaf, _):
            return leaf_role(leaf, signature)
        case Along(_, end):
            return f"tangent{end}"


def step_name(pushes: Sequence[Push], signature: Signature, *, pulled: bool) -> str:
    """The name of a function within a nest: `d_x0_x2`, `gradient`."""
    base = "gradient" if pulled else "d"
    return "_".join([base, *(push_role(push, signature) for push in pushes)])


def element_name(
    key: tuple[Path, str | None, tuple[int, ...], Output],
    chain: Chain,
    signature: Signature,
) -> str:
    """The name of an array that a path delivers: `value`, `d2_x0_x1`, `gradient_x`."""
    path, pulled, pushed, output = key
    pushes = [path.pushes[number] for number in pushed]
    roles = [push_role(push, signature) for push in pushes]
    if pulled is not None:
        base = _pulled_base(path, pushes)
        name = "_".join([base, pulled, *roles])
    elif not pushes:
        name = "value"
    elif any(push.has_axis for push in pushes):
        name = "_".join([_array_base(len(pushes)), *roles])
    elif any(push.is_given for push in pushes):
        name = "_".join(["jvp", *roles[:-1]])
    else:
        order = len(pushes)
        name = "_".join([f"d{order}" if order > 1 else "d", *roles])
    outputs = {out for other in chain.paths for out in other.outputs}
    return f"{name}_{output_role(output, signature)}" if len(outputs) > 1 else name


def _pulled_base(path: Path, pushes: Sequence[Push]) -> str:
    if pushes:
        return "hvp" if any(push.is_given for push in pushes) else "hessian"
    if path.pull is not None and path.pull.seed == "basis":
        return "jacobian"
    return "vjp" if path.pull is not None and path.pull.seed == "given" else "gradient"


def _array_base(order: int) -> str:
    return {1: "jacobian", 2: "hessian"}.get(order, f"d{order}")


def output_role(output: Output, signature: Signature) -> str:
    """A selected output as a piece of an identifier: `out2`, `out_energy`."""
    if isinstance(output, WeightedSum):  # a kernel has one, as it has one cotangent
        return "weighted"
    path = role(signature.result.leaves[output.leaf].path)
    base = f"out_{path}" if path else "out"
    if not output.is_scalar or not output.index:
        return base
    joined = "_".join(map(str, output.index))
    return f"{base}{'_' if path or len(output.index) > 1 else ''}{joined}"

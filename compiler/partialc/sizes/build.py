"""A module with open sizes, end to end: built at several sizes, and made one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from partialc.compiled import Compiled, Manner, Pin, Progress, test_text
from partialc.errors import PartialcError, SpecError
from partialc.ir.agreement import agreeing
from partialc.sizes.builds import Builds, PartingError, marked, phrase
from partialc.sizes.choice import build_points, further_point
from partialc.sizes.constants import OpenConstants, groups_of
from partialc.sizes.forms import Point
from partialc.sizes.least import Tried, least_point, tried
from partialc.sizes.module import OWN_NAMES, HelperError, OpenModule
from partialc.sizes.proof import OpenProof
from partialc.sizes.unify import TABLE, unified
from partialc.spec.model import ModuleSpec
from partialc.spec.sizes import at_sizes, open_shapes, readings
from partialc.verify.test_module import Proof

LONGEST = 120
"""Of the lines where two builds part so many characters are shown."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the driver does of modules whose sizes are numbers.

    Attributes:
        build: Compiles one.
        prove: Makes the test of one.
        folder: The folder that imports start from.
        tell: Told what is being done.
    """

    build: Callable[[ModuleSpec, Manner], Compiled]
    prove: Callable[[ModuleSpec], Proof]
    folder: Path | None
    tell: Progress


def compile_open(spec: ModuleSpec, tools: Tools) -> Compiled:
    """One module for every size of its arguments.

    It is built at several sizes, the largest first: all others have to deliver their
    kernels in the same way. What their texts say in common, with forms of the sizes in
    the place of numbers, is the module; the least size for which it is right is found
    by running its test.

    Args:
        spec: A module with open sizes.
        tools: What modules with given sizes are made by.

    Raises:
        SpecError: The builds are not one module, or it is wrong at the least size that
            is asked for.
        PartialcError: One of the builds fails.
    """
    first: _TestPartedError | None = None
    for points in build_points(spec.sizes, open_shapes(spec.args)):
        try:
            return _one_module(spec, points, tools)
        except _TestPartedError as error:
            first = first or error
    assert first is not None
    raise _parted(spec, first.error, first.points) from None


class _TestPartedError(Exception):
    """Full references are written differently at these sizes: some are too large."""

    def __init__(self, error: PartingError, points: Sequence[Point]) -> None:
        super().__init__(str(error))
        self.error = error
        self.points = points


def _one_module(spec: ModuleSpec, points: tuple[Point, ...], tools: Tools) -> Compiled:
    """The module, from builds at some sizes."""
    sizes = tuple(spec.sizes)
    with agreeing():
        compiled = _built(spec, points, tools)
    last = compiled[-1]
    if len({each.arrays for each in compiled}) > 1:
        raise _no_module(
            spec,
            "a table beside it depends on the sizes and follows no rule",
            "keep it out of the module: compute it in the function from the arguments",
        )
    groups = groups_of(last.kernels.values())
    try:
        text = unified(
            [each.source for each in compiled],
            Builds(tuple(map(marked, sizes)), points),
        )
        module = OpenModule(
            unified=text,
            sizes=sizes,
            told=readings(spec.args),
            shapes=open_shapes(spec.args),
            arguments=tuple(last.primal.signature.arguments),
            function=last.function_name,
            kernels=tuple(last.kernels),
            groups=groups,
        )
        everywhere = module.source(dict.fromkeys(sizes, 0))
    except PartingError as error:
        raise _parted(spec, error, points) from None
    except HelperError as error:
        raise _no_module(
            spec,
            f"its helper `{error.name}` depends on them, and takes no argument that "
            "tells them",
            "write what it does into the function itself",
        ) from None
    proof = OpenProof(
        proofs=tuple(_proof(each) for each in compiled),
        builds=Builds(tuple(f"SIZE.{size}" for size in sizes), points),
        sizes=sizes,
        constants=OpenConstants.of(text, groups),
        others={},
    )
    try:
        test = test_text(proof, spec.path, spec.test_path)
    except PartingError as error:
        raise _TestPartedError(error, points) from None
    tools.tell(f"{spec.name}: finding the least sizes")
    with tried(everywhere, last.arrays, test, spec.path.stem, tools.folder) as space:
        least = _least(spec, Tried(space, proof.findings.samples[0]), points)
    others = {
        point: tools.prove(at_sizes(spec, dict(zip(sizes, point, strict=True))))
        for point in sorted({least, further_point(points, least)})
        if point not in points
    }
    proof = replace(proof, others=others)
    return replace(
        last,
        spec=spec,
        source=module.source(dict(zip(sizes, least, strict=True))),
        test_source=test_text(proof, spec.path, spec.test_path),
        proof=proof,
    )


def _built(
    spec: ModuleSpec, points: Sequence[Point], tools: Tools
) -> tuple[Compiled, ...]:
    """The module at each of some sizes, the last as it likes and the others like it."""
    sizes = tuple(spec.sizes)
    found: list[Compiled] = []
    pins: Mapping[str, Pin] = {}
    for point in reversed(points):
        at = dict(zip(sizes, point, strict=True))

        tools.tell(f"{spec.name}: building at {phrase(at)}")
        manner = Manner(sizes, OWN_NAMES, pins, tries=not found)
        try:
            compiled = tools.build(at_sizes(spec, at), manner)
        except PartialcError as error:
            error.what = f"{error.what} (at {phrase(at)})"
            raise
        chosen = {
            name: Pin(plan.chosen.kind, plan.chosen.variant)
            for name, plan in compiled.plan.kernels.items()
        }
        for name, pin in pins.items():
            if chosen[name].kind != pin.kind:
                first = compiled.plan.kernels[name].summary()
                other = found[0].plan.kernels[name].summary()
                raise _no_module(
                    spec,
                    f"at {phrase(at)} `{name}` cannot be had by {other}, as at "
                    f"{phrase(dict(zip(sizes, points[-1], strict=True)))}, but by "
                    f"{first}",
                    'say how: `form = "chain"`, or build at larger sizes',
                    name,
                )
        pins = pins or chosen
        found.append(compiled)
    return tuple(reversed(found))


def _proof(compiled: Compiled) -> Proof:
    assert isinstance(compiled.proof, Proof)
    return compiled.proof


def _least(spec: ModuleSpec, module: Tried, points: Sequence[Point]) -> Point:
    """The least sizes: those asked for, if the module is right there; else found."""
    asked = tuple(size.least for size in spec.sizes.values())
    wanted = tuple(each or 0 for each in asked)
    if all(wanted) and module.is_right(wanted):
        return wanted
    highest = tuple(map(min, zip(*points, strict=True)))
    found = least_point(module, len(asked), highest)
    if found is None:
        raise _no_module(
            spec,
            "the forms that hold where it is built are wrong at small sizes",
            "say from where on it is needed, [module.sizes] "
            f"{next(iter(spec.sizes))} = {{ min = ... }}, or build at more sizes",
        )
    least = tuple(max(f, w or 1) for f, w in zip(found, asked, strict=True))
    wrong = [
        (size, low)
        for size, low in zip(spec.sizes.values(), found, strict=True)
        if size.least is not None and size.least < low
    ]
    if wrong:
        size, low = wrong[0]
        raise SpecError(
            f"the module is not right at {size.name} = {size.least}",
            where=spec.place(f"sizes.{size.name}"),
            why="there its program is another one, or the function has no derivative",
            fix=f"write min = {low}, or leave `min` out",
        )
    return least


def _parted(
    spec: ModuleSpec,
    error: PartingError,
    points: Sequence[Point],
) -> SpecError:
    sizes = tuple(spec.sizes)
    first, second = (
        phrase(dict(zip(sizes, points[number], strict=True))) for number in error.builds
    )
    lines = [_shown(line, error.lines) for line in error.lines]
    within = f"in `{error.within}` " if error.within else ""
    if error.reason == TABLE:
        fix = (
            "build at more sizes, [module.sizes] "
            f"{sizes[0]} = {{ build = [...] }}, or write the number as a sum or a "
            "product of sizes"
        )
    else:
        fix = (
            "the program depends on the sizes, or its plan does: give the argument a "
            "number, build at larger sizes, or say how kernels are delivered (`form`)"
        )
    return _no_module(
        spec,
        f"{within}at {first} it reads `{lines[0]}`, and at {second} `{lines[1]}`",
        fix,
        error.within,
    )


def _shown(line: str, lines: tuple[str, str]) -> str:
    """What of a line is shown: all, or what is around the place where two part."""
    if len(line) <= LONGEST:
        return line
    pairs = zip(*lines, strict=False)
    place = next((i for i, (a, b) in enumerate(pairs) if a != b), 0)
    start = max(0, place - LONGEST // 2)
    head = "..." if start else ""
    tail = "..." if start + LONGEST < len(line) else ""
    return f"{head}{line[start : start + LONGEST]}{tail}"


def _no_module(spec: ModuleSpec, why: str, fix: str, kernel: str = "") -> SpecError:
    listed = ", ".join(spec.sizes)
    part = f"kernels.{kernel}" if kernel in spec.kernels else "args"
    return SpecError(
        f"there is no one module for every {listed}",
        where=spec.place(part) or part,
        why=why,
        fix=fix,
    )

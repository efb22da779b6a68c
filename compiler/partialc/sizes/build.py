"""A module with open sizes, end to end: built at several sizes, and made one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from partialc.compiled import Compiled, Manner, Pin, Progress, test_text
from partialc.errors import PartialcError, SpecError
from partialc.frontends.primal import Primal
from partialc.ir.agreement import agreeing
from partialc.planning.plan import ModulePlan
from partialc.sizes.builds import Builds, PartingError, marked, phrase
from partialc.sizes.choice import build_points, far_point, further_point
from partialc.sizes.constants import PATTERN, OpenConstants, groups_of
from partialc.sizes.critical import critical_sizes
from partialc.sizes.forms import Point
from partialc.sizes.least import Tried, least_point, tried, wrong_above
from partialc.sizes.module import OWN_NAMES, HelperError, OpenModule
from partialc.sizes.programs import parting
from partialc.sizes.proof import OpenProof
from partialc.sizes.refusals import no_module, parted
from partialc.sizes.unify import unified
from partialc.spec.model import ModuleSpec
from partialc.spec.sizes import at_sizes, open_axes, open_shapes, readings
from partialc.verify.test_module import Proof


@dataclass(frozen=True, slots=True)
class Tools:
    """What the driver does of modules whose sizes are numbers.

    Attributes:
        build: Compiles one.
        trace: Traces the function of one.
        prove: Makes the test of one.
        folder: The folder that imports start from.
        tell: Told what is being done.
    """

    build: Callable[[ModuleSpec, Manner], Compiled]
    trace: Callable[[ModuleSpec], Primal]
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
    raise parted(spec, first.error, first.points) from None


class _TestPartedError(Exception):
    """Full references are written differently at these sizes: some are too large."""

    def __init__(self, error: PartingError, points: Sequence[Point]) -> None:
        super().__init__(str(error))
        self.error = error
        self.points = points


def _one_module(spec: ModuleSpec, points: tuple[Point, ...], tools: Tools) -> Compiled:
    """The module, from builds at some sizes."""
    sizes = tuple(spec.sizes)
    tools.tell(f"{spec.name}: tracing")
    _check_programs(spec, (*points, far_point(spec.sizes, points)), tools)
    with agreeing():
        compiled = _built(spec, points, tools)
    last = compiled[-1]
    if len({each.arrays for each in compiled}) > 1:
        raise no_module(
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
        _check_names(spec, module)
        everywhere = module.source(dict.fromkeys(sizes, 0))
    except PartingError as error:
        raise parted(spec, error, points) from None
    except HelperError as error:
        raise no_module(
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
        sharing=_sharing(spec, last),
        others={},
    )
    try:
        test = test_text(proof, spec.path, spec.test_path)
    except PartingError as error:
        raise _TestPartedError(error, points) from None
    tools.tell(f"{spec.name}: finding the least sizes")
    with tried(everywhere, last.arrays, test, spec.path.stem, tools.folder) as space:
        least = _least(
            spec,
            Tried(space, proof.findings.samples[0]),
            proof.constants.statements.values(),
            points,
        )
    further = further_point(points, least)
    _check_programs(spec, (*points, further), tools)
    others = {
        point: tools.prove(at_sizes(spec, dict(zip(sizes, point, strict=True))))
        for point in sorted({least, further})
        if point not in points
    }
    proof = replace(proof, others=others)
    return replace(
        last,
        spec=spec,
        plan=_told(last.plan, points, sizes),
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
                raise no_module(
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


def _check_names(spec: ModuleSpec, module: OpenModule) -> None:
    """The functions that stand for constants must hide nothing.

    Raises:
        SpecError: One has the name of something else.
    """
    defined = OpenConstants.of(module.unified, module.groups).functions
    for name in (*defined, PATTERN, *module.sizes):
        if name in (*module.kernels, module.function):
            raise SpecError(
                f"the module would define `{name}` twice",
                where=spec.place(f"kernels.{name}") or f"kernels.{name}",
                why="where an entry of a sparse matrix stands is told by a function of "
                "the sizes, `KERNEL_pattern`, and sizes are variables",
                fix="give the kernel, or the size, another name",
            )


def _told(
    plan: ModulePlan, points: Sequence[Point], sizes: Sequence[str]
) -> ModulePlan:
    """The plan of the last build, which says so."""
    listed = ", ".join(str(p[0] if len(p) == 1 else p) for p in points)
    at = phrase(dict(zip(sizes, points[-1], strict=True)))
    kernels = {
        name: replace(each, facts=(f"what follows is said of {at}", *each.facts))
        for name, each in plan.kernels.items()
    }
    fact = f"one module for every {', '.join(sizes)}, made of builds at {listed}"
    return replace(plan, facts=(fact, *plan.facts), kernels=kernels)


def _sharing(spec: ModuleSpec, compiled: Compiled) -> tuple[int, ...]:
    """The numbers of the function's arguments that share a size with another one."""
    names = [*compiled.primal.signature.arguments]
    owners: dict[str, set[str]] = {}
    for axis in open_axes(spec.args):
        for size, _ in axis.length.factors:
            owners.setdefault(size, set()).add(axis.argument)
    shared = {name for each in owners.values() if len(each) > 1 for name in each}
    return tuple(number for number, name in enumerate(names) if name in shared)


def _check_programs(spec: ModuleSpec, points: Sequence[Point], tools: Tools) -> None:
    """The function must do the same at all sizes.

    Args:
        spec: The module.
        points: The sizes of the builds, and others at last.
        tools: Trace it.

    Raises:
        SpecError: It does not.
    """
    sizes = [dict(zip(spec.sizes, point, strict=True)) for point in points]
    programs = []
    for at in sizes:
        try:
            programs.append(tools.trace(at_sizes(spec, at)).program)
        except PartialcError as error:
            error.what = f"{error.what} (at {phrase(at)})"
            raise
    found = parting(programs)
    if found is not None:
        raise no_module(
            spec,
            f"at {phrase(sizes[found.number])} the function is another program than at "
            f"{phrase(sizes[0])}: {found.reason}",
            "a function for every size must not choose by them: give the argument a "
            "number",
        )


def _proof(compiled: Compiled) -> Proof:
    assert isinstance(compiled.proof, Proof)
    return compiled.proof


def _least(
    spec: ModuleSpec,
    module: Tried,
    statements: Iterable[str],
    points: Sequence[Point],
) -> Point:
    """The least sizes: those asked for, if the module is right from there; or found."""
    sizes = tuple(spec.sizes)
    critical = critical_sizes(statements, sizes, points)
    asked = [size.least for size in spec.sizes.values()]
    found = None if all(asked) else least_point(module, critical, points)
    if found is None and not all(asked):
        raise no_module(
            spec,
            "the forms that hold where it is built are wrong at small sizes",
            "say from where on it is needed, [module.sizes] "
            f"{sizes[0]} = {{ min = ... }}, or build at more sizes",
        )
    least = tuple(
        each or own for each, own in zip(asked, found or (1,) * len(sizes), strict=True)
    )
    wrong = wrong_above(module, least, critical) if any(asked) else None
    if wrong is None:
        return least
    found = found or least_point(module, critical, points)
    place = next(number for number, each in enumerate(asked) if each)
    name = sizes[place]
    fix = "leave `min` out"
    if found is not None:
        fix = f"write {name} = {{ min = {found[place]} }}, or {fix}"
    raise SpecError(
        f"the module is not right at {phrase(dict(zip(sizes, wrong, strict=True)))}",
        where=spec.place(f"sizes.{name}"),
        why="there its entries stand elsewhere than the forms say, or the function "
        "cannot be differentiated",
        fix=fix,
    )

"""The pytest file that stands beside a generated module and proves it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from partialc.emit.templates import render
from partialc.frontends.primal import Primal
from partialc.ir.dtypes import Regime
from partialc.printing.formatting import format_source
from partialc.reference.body import Names
from partialc.reference.derivatives import work_of
from partialc.reference.expected import Expected
from partialc.reference.running import HELPERS
from partialc.request.resolved import Kernel
from partialc.sampling.domain import Ranges
from partialc.spec.model import Options
from partialc.verify.constants import constants_test
from partialc.verify.executed import Axes
from partialc.verify.findings import Findings
from partialc.verify.imports import with_imports
from partialc.verify.origin import Original, find_original
from partialc.verify.patterns import pattern_test
from partialc.verify.points import directions_text, point_text
from partialc.verify.rounding import coarse_rtol, digits_of
from partialc.verify.stand_ins import STAND_IN, foreign_class, unmakeable
from partialc.verify.symmetry import symmetry_test
from partialc.verify.trial import try_out


@dataclass(frozen=True, slots=True)
class SizedPoints:
    """Where a module whose sizes are open is tested.

    Attributes:
        sizes: What the sizes are called.
        points: The table of samples, and of what was noted there, by sizes.
        sharing: The numbers of the arguments that share a size with another one.
    """

    sizes: tuple[str, ...]
    points: str
    sharing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """The test of a module, but for where its files stand.

    Attributes:
        primal: The function.
        kernels: What is to be proven.
        options: Of each kernel, by name.
        ranges: Where arguments are drawn from.
        original: How the original is called; None if only its copy can be.
        names: Identifiers of the arguments.
        function_name: The embedded function.
        findings: What trying the references out has found.
        sized: Where it is tested, if its sizes are open.
    """

    primal: Primal
    kernels: tuple[Kernel, ...]
    options: Mapping[str, Options]
    ranges: Ranges
    original: Original | None
    names: Names
    function_name: str
    findings: Findings
    sized: SizedPoints | None = None

    def source(
        self,
        module_path: PurePosixPath,
        test_path: PurePosixPath,
        origin_folder: PurePosixPath,
    ) -> str:
        """The formatted text of the test; the same for the same arguments.

        Args:
            module_path: The module, relative to the spec's folder.
            test_path: The test, relative to the spec's folder.
            origin_folder: The spec's folder, relative to the folder of the test.
        """
        return format_source(self.text(module_path, test_path, origin_folder))

    def text(
        self,
        module_path: PurePosixPath,
        test_path: PurePosixPath,
        origin_folder: PurePosixPath,
    ) -> str:
        """The same before it is formatted."""
        module = _relative(module_path, test_path.parent)
        return _render(self, module, origin_folder)


def prove(
    primal: Primal,
    kernels: Sequence[Kernel],
    *,
    options: Mapping[str, Options],
    ranges: Ranges,
    function_name: str,
    folder: Path | None,
    hard: bool = True,
) -> Proof:
    """Write the references of a module's kernels and try them out.

    It is tried which of JAX's modes run for this function, and on which samples the
    references are finite and both sides of branches are taken.

    Args:
        primal: The function.
        kernels: The module's kernels.
        options: Their options, by name.
        ranges: Where to sample.
        function_name: What the embedded function is called.
        folder: The spec's folder, to import from.
        hard: Whether the test has hard points, too.

    Raises:
        UnsupportedError: JAX refuses every mode for the full reference of a kernel, or
            the test could not write down an argument.
    """
    names = Names(primal.signature)
    stood_for = frozenset(unmakeable(primal.signature, ranges.examples))
    ranges = replace(ranges, stood_for=stood_for)
    proof = Proof(
        primal,
        tuple(kernels),
        options,
        ranges,
        None if ranges.stood_for else find_original(primal, names, folder),
        names,
        function_name,
        Findings(trial=True),
    )
    batches = {
        kernel.name: _axes(kernel, primal, options.get(kernel.name, Options()))
        for kernel in kernels
    }
    findings = try_out(
        primal,
        proof.kernels,
        names,
        proof.ranges,
        work=work_of(primal.program.widest),
        text=_render(proof, PurePosixPath("module.py"), PurePosixPath(".")),
        folder=folder,
        batches=batches if hard else None,
    )
    return replace(proof, findings=findings)


def test_source(
    primal: Primal,
    kernels: Sequence[Kernel],
    *,
    options: Mapping[str, Options],
    ranges: Ranges,
    module_path: PurePosixPath,
    test_path: PurePosixPath,
    function_name: str,
    origin_folder: PurePosixPath,
    folder: Path | None,
) -> str:
    """`prove` and `Proof.source` in one, for a test that is written once."""
    proof = prove(
        primal,
        kernels,
        options=options,
        ranges=ranges,
        function_name=function_name,
        folder=folder,
    )
    return proof.source(module_path, test_path, origin_folder)


def _relative(path: PurePosixPath, folder: PurePosixPath) -> PurePosixPath:
    common = 0
    for one, other in zip(path.parts, folder.parts, strict=False):
        if one != other:
            break
        common += 1
    up = [".."] * (len(folder.parts) - common)
    return PurePosixPath(*up, *path.parts[common:])


def _render(proof: Proof, module: PurePosixPath, origin_folder: PurePosixPath) -> str:
    """The unformatted text; in a trial it has no references and no cases."""
    findings = proof.findings
    expected = findings.expected
    original = proof.original
    types = [leaf.type for _, leaf in proof.primal.signature.leaves]
    result = proof.primal.signature.result.leaves
    digits = min((digits_of(leaf.type.dtype) for leaf in result), default=6)
    references = [
        text
        for item in expected.values()
        for text in (item.reference, item.part, item.matrices)
        if text is not None
    ]
    helpers = [
        helper
        for call, helper in HELPERS.items()
        if findings.trial or any(call in text for text in references)
    ]
    points = [STAND_IN] if proof.ranges.stood_for else []
    points.append(point_text(proof.names, proof.ranges))
    points += [
        directions_text(kernel, proof.names, proof.ranges)
        for kernel in proof.kernels
        if kernel.directions
    ]
    tests = [
        text
        for kernel in proof.kernels
        for text in (
            constants_test(kernel),
            _pattern_test(kernel, expected.get(kernel.name)),
            None if proof.primal.has_custom_rules else symmetry_test(kernel),
        )
        if text is not None
    ]
    float32 = Regime.NARROW in proof.primal.program.variants
    drawn = "\n".join(points)
    texts = render(
        "test_module.py.jinja",
        name=module.stem,
        origin=proof.primal.origin,
        docstring=_docstring(proof, module),
        module_path=_path_text(module),
        function_name=proof.function_name,
        has_original=original is not None,
        needs_classes="needed(" in drawn,
        finds_objects=original is not None or "needed(" in drawn,
        original_module=original.module if original else "",
        original_path=original.path if original else "",
        import_folder=_path_text(origin_folder),
        original_call=f"original({original.arguments})" if original else "",
        returns_numbers=proof.primal.returns_numbers,
        parameters=", ".join(proof.names.arguments.values()),
        samples=repr([*findings.samples]),
        sizes=() if proof.sized is None else proof.sized.sizes,
        points_of_sizes="" if proof.sized is None else proof.sized.points,
        sharing=repr(() if proof.sized is None else proof.sized.sharing),
        remarks=findings.remarks if proof.sized is None else (),
        noted=repr([*findings.noted]),
        noted_by="What SymPy gives" if findings.is_exact else "The function's result",
        noted_error=f"1e-{digits - 1}",
        copy_error="1e-9" if digits > 3 else "1e-3",
        points=points,
        references=[*helpers, *references],
        cases=[
            _case_text(kernel, proof, expected[kernel.name], findings)
            for kernel in proof.kernels
            if kernel.name in expected
        ],
        tests=tests,
        draws_complex="draw.complex(" in drawn,
        draws_integers="draw.integer(" in drawn,
        draws_keys="draw.key(" in drawn,
        draws_given="draw.given(" in drawn,
        tests_slopes=findings.trial or any(findings.slopes.values()),
        tests_hard=findings.trial or bool(findings.hard),
        may_refuse=proof.primal.has_custom_rules,
        or_refuses=", or refuses" if proof.primal.has_custom_rules else "",
        tests_float32=float32,
        tests_mixed=float32 and any(not each.dtype.is_fixed for each in types),
    )
    return with_imports(texts)


def _case_text(
    kernel: Kernel, proof: Proof, expected: Expected, findings: Findings
) -> str:
    options = proof.options.get(kernel.name, Options())
    given = [f"expected_{kernel.name}"]
    if kernel.directions:
        given.append(f"sample=point_{kernel.name}")
    if kernel.bundled:
        given.append(f"fields={tuple(field.name for field in kernel.fields)}")
    axes = _axes(kernel, proof.primal, options)
    if axes is not None:
        given.append(f"in_axes={axes}")
    if expected.part is not None:
        given.append(f"part=part_{kernel.name}")
    rtol = options.rtol
    if rtol is None:
        rtol = coarse_rtol(kernel, proof.primal.signature)
    if rtol is not None:
        given.append(f"rtol={rtol!r}")
    if options.atol is not None:
        given.append(f"atol={options.atol!r}")
    slope = findings.slopes.get(kernel.name, "")
    if slope != "forward" and any(findings.slopes.values()):
        given.append(f'slope="{slope}"')
    if kernel.name in findings.hard:
        given += findings.hard[kernel.name].arguments()
    return f'"{kernel.name}": Case({", ".join(given)})'


def _pattern_test(kernel: Kernel, expected: Expected | None) -> str | None:
    if expected is None or expected.beyond is None:
        return None
    return pattern_test(kernel, expected.beyond)


def _axes(kernel: Kernel, primal: Primal, options: Options) -> Axes:
    return in_axes(kernel, primal, options.batch) if options.batch else None


def in_axes(
    kernel: Kernel, primal: Primal, batch: Sequence[str]
) -> tuple[int | None, ...]:
    """The batch axes of a kernel's arguments; tangents follow, cotangents have one."""
    axes: list[int | None] = [
        0 if name in batch else None for name in primal.signature.arguments
    ]
    for direction in kernel.directions:
        batched = direction.is_cotangent or direction.argument in batch
        axes.append(0 if batched else None)
    return tuple(axes)


def _docstring(proof: Proof, module: PurePosixPath) -> str:
    source = (
        f"{proof.primal.origin} where it can be imported, else its copy in the module"
        if proof.original
        else "the copy of the function in the module"
    )
    text = (
        f"The references below are derivatives that JAX takes in full, of {source}. "
        "This needs jax, numpy and pytest."
    )
    body = textwrap.fill(text, 84)
    for name in sorted(proof.ranges.stood_for):
        kind = foreign_class(proof.primal.signature.arguments[name])
        text = (
            f"For {name}, a {kind}, something with the same leaves stands in: that "
            "class cannot be imported here, or not be made of its leaves. An example "
            "object that can be imported would be taken instead, and the original with "
            "it."
        )
        body += "\n\n" + textwrap.fill(text, 84, break_long_words=False)
    return f"Proof that every kernel of {module.name} is right.\n\n{body}\n"


def _path_text(path: PurePosixPath) -> str:
    return '"' + path.as_posix() + '"'

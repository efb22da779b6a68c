"""The pytest file that stands beside a generated module and proves it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from partialc.emit.printer.formatting import format_source
from partialc.emit.templates import render
from partialc.frontends.primal import Primal
from partialc.ir.dtypes import Regime
from partialc.ir.program import ArrayType
from partialc.request.resolved import Kernel
from partialc.spec.model import Domain, Options
from partialc.verify.body import Names
from partialc.verify.constants import constants_test
from partialc.verify.derivatives import work_of
from partialc.verify.expected import Expected
from partialc.verify.findings import Findings
from partialc.verify.origin import Original, find_original
from partialc.verify.points import (
    Ranges,
    directions_text,
    point_text,
    read_domain,
)
from partialc.verify.rounding import digits_of
from partialc.verify.symmetry import symmetry_test
from partialc.verify.trial import try_out

_MOVED = '''
def moved(tree, number, index, step):
    """The tree with `step` added to some elements of one of its leaves."""
    leaves, structure = jax.tree.flatten(tree)
    leaves[number] = leaves[number].at[index].add(step)
    return structure.unflatten(leaves)
'''.strip()


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the text of a test is made from.

    Attributes:
        primal: The function.
        kernels: What is to be proven.
        options: Of each kernel, by name.
        ranges: Where arguments are drawn from.
        original: How the original is called; None if only its copy can be.
        names: Identifiers of the arguments.
        work: Array elements that one evaluation of the function computes.
        module_name: The module's name.
        module_file: The module's file, from the test's folder.
        function_name: The embedded function.
        origin_folder: The folder that the original is imported from, from the test's.
    """

    primal: Primal
    kernels: tuple[Kernel, ...]
    options: Mapping[str, Options]
    ranges: Ranges
    original: Original | None
    names: Names
    work: int
    module_name: str
    module_file: PurePosixPath
    function_name: str
    origin_folder: PurePosixPath


def test_source(
    primal: Primal,
    kernels: Sequence[Kernel],
    *,
    options: Mapping[str, Options],
    domain: Domain,
    module_path: PurePosixPath,
    test_path: PurePosixPath,
    function_name: str,
    origin_folder: PurePosixPath,
    folder: Path | None = None,
) -> str:
    """The text of the test of one module.

    The references are tried out first: on which of JAX's modes run for this function,
    on samples where they are finite, and on samples that take both sides of branches.

    Args:
        primal: The function.
        kernels: The module's kernels.
        options: Their options, by name.
        domain: Where to sample.
        module_path: The module, relative to the spec's folder.
        test_path: The test, relative to the spec's folder.
        function_name: What the embedded function is called.
        origin_folder: The spec's folder, relative to the folder of the test.
        folder: The spec's folder, to import from now.

    Returns:
        Formatted source, the same for the same arguments.

    Raises:
        SpecError: The points that the spec names do not fit the arguments.
        UnsupportedError: JAX refuses every mode for the full reference of a kernel.
    """
    names = Names(primal.signature)
    plan = Plan(
        primal,
        tuple(kernels),
        options,
        read_domain(domain, primal.signature, folder),
        find_original(primal, names, folder),
        names,
        work_of(primal.program.widest),
        module_path.stem,
        _relative(module_path, test_path.parent),
        function_name,
        origin_folder,
    )
    findings = try_out(
        primal,
        plan.kernels,
        names,
        plan.ranges,
        work=plan.work,
        text=_render(plan, Findings(trial=True)),
    )
    return format_source(_render(plan, findings))


def _relative(path: PurePosixPath, folder: PurePosixPath) -> PurePosixPath:
    common = 0
    for one, other in zip(path.parts, folder.parts, strict=False):
        if one != other:
            break
        common += 1
    up = [".."] * (len(folder.parts) - common)
    return PurePosixPath(*up, *path.parts[common:])


def _render(plan: Plan, findings: Findings) -> str:
    """The unformatted text; in a trial it has no references and no cases."""
    expected = findings.expected
    original = plan.original
    types = [leaf.type for _, leaf in plan.primal.signature.leaves]
    result = [leaf.type for leaf in plan.primal.signature.result.leaves]
    references = [
        text
        for item in expected.values()
        for text in (item.reference, item.part)
        if text is not None
    ]
    if any("moved(" in text for text in references):
        references.insert(0, _MOVED)
    points = [point_text(plan.names, plan.ranges)]
    points += filter(None, (directions_text(each, plan.names) for each in plan.kernels))
    tests = [
        text
        for kernel in plan.kernels
        for text in (
            constants_test(kernel),
            None if plan.primal.has_custom_rules else symmetry_test(kernel),
        )
        if text is not None
    ]
    float32 = Regime.NARROW in plan.primal.program.variants
    drawn = "\n".join(points)
    texts = render(
        "test_module.py.jinja",
        name=plan.module_name,
        origin=plan.primal.origin,
        docstring=_docstring(plan),
        module_path=_path_text(plan.module_file),
        function_name=plan.function_name,
        import_module=repr(original.module) if original else "",
        import_object=original.access if original else "",
        import_folder=_path_text(plan.origin_folder),
        original_call=f"({original.arguments})" if original else "",
        parameters=", ".join(plan.names.arguments.values()),
        samples=repr([*findings.samples]),
        remarks=findings.remarks,
        noted=repr([*findings.noted]),
        noted_error=_noted_error(result),
        points=points,
        references=references,
        cases=[
            _case_text(kernel, plan, expected[kernel.name], findings)
            for kernel in plan.kernels
            if kernel.name in expected
        ],
        tests=tests,
        draws_complex="draw.complex(" in drawn,
        draws_integers="draw.integer(" in drawn,
        draws_keys="draw.key(" in drawn,
        draws_given="draw.given(" in drawn,
        tests_slopes=findings.trial or any(findings.slopes.values()),
        may_refuse=plan.primal.has_custom_rules,
        or_refuses=", or refuses" if plan.primal.has_custom_rules else "",
        tests_float32=float32,
        tests_mixed=float32 and any(not each.dtype.is_fixed for each in types),
    )
    return _with_imports(texts)


def _case_text(
    kernel: Kernel, plan: Plan, expected: Expected, findings: Findings
) -> str:
    options = plan.options.get(kernel.name, Options())
    given = [f"expected_{kernel.name}"]
    if kernel.directions:
        given.append(f"sample=point_{kernel.name}")
    if kernel.bundled:
        given.append(f"fields={tuple(field.name for field in kernel.fields)}")
    if options.batch:
        given.append(f"in_axes={in_axes(kernel, plan.primal, options.batch)}")
    if expected.part is not None:
        given.append(f"part=part_{kernel.name}")
    if options.rtol is not None:
        given.append(f"rtol={options.rtol!r}")
    if options.atol is not None:
        given.append(f"atol={options.atol!r}")
    slope = findings.slopes.get(kernel.name, "")
    if slope != "forward" and any(findings.slopes.values()):
        given.append(f'slope="{slope}"')
    return f'"{kernel.name}": Case({", ".join(given)})'


def in_axes(
    kernel: Kernel, primal: Primal, batch: Sequence[str]
) -> tuple[int | None, ...]:
    """The batch axes of a kernel's arguments: tangents follow, cotangents always have it."""
    axes: list[int | None] = [
        0 if name in batch else None for name in primal.signature.arguments
    ]
    for direction in kernel.directions:
        batched = direction.argument is None or direction.argument in batch
        axes.append(0 if batched else None)
    return tuple(axes)


def _docstring(plan: Plan) -> str:
    source = (
        f"{plan.primal.origin} where it can be imported, else its copy in the module"
        if plan.original
        else "the copy of the function in the module"
    )
    text = (
        f"The references below are derivatives that JAX takes in full, of {source}. "
        "This needs jax, numpy and pytest."
    )
    body = textwrap.fill(text, 84)
    return f"Proof that every kernel of {plan.module_file.name} is right.\n\n{body}\n"


def _path_text(path: PurePosixPath) -> str:
    return '"' + path.as_posix() + '"'


def _noted_error(types: Sequence[ArrayType]) -> str:
    return repr(10.0 ** (1 - min((digits_of(kind.dtype) for kind in types), default=6)))


_IMPORTS = (
    (r"\bimportlib\.import_module\b", "import importlib"),
    (r"\bimportlib\.util\b", "import importlib.util"),
    (r"\bos\.", "import os"),
    (r"\bsubprocess\.", "import subprocess"),
    (r"\bsys\.", "import sys"),
    (r"\bCallable\b", "from collections.abc import Callable"),
    (r"@cache\b", "from functools import cache"),
    (
        r"\bcombinations_with_replacement\b",
        "from itertools import combinations_with_replacement",
    ),
    (r"\bPath\b", "from pathlib import Path"),
    (r"\bNamedTuple\b", "from typing import NamedTuple"),
    (r"", ""),
    (r"\bjax\.", "import jax"),
    (r"\bjnp\.", "import jax.numpy as jnp"),
    (r"\bnp\.", "import numpy as np"),
    (r"\bpytest\.", "import pytest"),
)


def _with_imports(text: str) -> str:
    """The text with imports of exactly what it uses, in the order isort wants."""
    lines = [line for pattern, line in _IMPORTS if re.search(pattern, text)]
    if "import importlib" in lines:
        lines.remove("import importlib.util")
        lines.insert(1, "import importlib.util")
    return text.replace("# imports\n", "\n".join(lines) + "\n", 1)

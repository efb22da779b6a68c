"""The pipeline from a module's spec to its finished texts, readable top to bottom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from partialc.accuracy.verdict import Trials, is_on
from partialc.compiled import Compiled as Compiled
from partialc.compiled import Known as Known
from partialc.compiled import Manner, Progress, test_text
from partialc.emit.embed import FunctionText, embed
from partialc.emit.formulas import Formula, Places, formulas_of, places_of
from partialc.emit.kernel import (
    KernelText,
    constants_of,
    kernel_text,
    positions_of,
)
from partialc.emit.module import OWN_NAMES, ModuleText, module_text
from partialc.emit.result import helpers_of
from partialc.frontends.importing import load_object
from partialc.frontends.load import load_primal
from partialc.frontends.primal import Primal
from partialc.garbage import seldom_collected
from partialc.lowering.pipeline import variants
from partialc.lowering.structured.matrix import Matrices
from partialc.planning.body import Body
from partialc.planning.choose import Wish, plan_kernel
from partialc.planning.patterns import pattern_of
from partialc.planning.plan import KernelPlan, ModulePlan
from partialc.planning.reference import References
from partialc.printing import UNNAMED, Authored, ModuleParts, ModuleScope
from partialc.request.names import ModuleNames, module_names
from partialc.request.parse import parse
from partialc.request.resolve import resolve_kernel
from partialc.request.resolved import Constant, Kernel
from partialc.request.scope import Patterns
from partialc.request.signature import Signature
from partialc.request.syntax import Request
from partialc.sampling.domain import Ranges, read_domain
from partialc.sizes.build import Tools, compile_open
from partialc.spec.model import KernelSpec, ModuleSpec, Options, Rows
from partialc.verify.stand_ins import examples_of, foreign_class, unmakeable
from partialc.verify.test_module import Proof, prove

RULED: Final = 8
"""Larger tables of a module whose sizes are open are told by their rule."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A module's function and what is asked of it.

    Attributes:
        primal: The function.
        kernels: The resolved kernels, by name.
        matrices: What was taken apart to find patterns.
        ranges: Where the function is sampled.
        names: What the module defines besides its kernels.
        carried: The names of its carried source.
    """

    primal: Primal
    kernels: Mapping[str, Kernel]
    matrices: Matrices
    ranges: Ranges
    names: ModuleNames
    carried: Collection[str]


@seldom_collected()
def compile_module(
    spec: ModuleSpec,
    folder: Path | None,
    progress: Progress | None = None,
    known: Known | None = None,
) -> Compiled:
    """Compile one module; writes nothing.

    Args:
        spec: What is asked for.
        folder: The folder that imports start from and paths are relative to.
        progress: Told what is being done, in a few words each time.
        known: What earlier builds found out, from the lock.

    Raises:
        PartialcError: Whatever is wrong with the spec, the requests or the function.
    """
    tell = progress or (lambda _: None)
    if not spec.sizes:
        return _compiled(spec, folder, tell, known or Known(), Manner())

    def build(closed: ModuleSpec, manner: Manner) -> Compiled:
        found = known or Known() if manner.tries else Known()
        return _compiled(closed, folder, tell, found, manner)

    def proof(closed: ModuleSpec) -> Proof:
        return _proof(closed, folder, _asked(closed, folder, Manner()), hard=False)

    def trace(closed: ModuleSpec) -> Primal:
        return load_primal(closed.function, closed.args, name=spec.name, folder=folder)

    return compile_open(spec, Tools(build, trace, proof, folder, tell))


def _asked(spec: ModuleSpec, folder: Path | None, manner: Manner) -> _Asked:
    """Trace the function and resolve the requests."""
    primal = load_primal(spec.function, spec.args, name=spec.name, folder=folder)
    primal = _by_leaves(_without_clashes(primal, manner.reserved), spec)
    matrices = Matrices()
    patterns = partial(pattern_of, primal, matrices=matrices)
    kernels = resolve(spec, primal, folder, patterns)
    examples = examples_of(spec.args, primal.origin)
    ranges = read_domain(spec.domain, primal.signature, examples, folder)
    carried = primal.source.names if primal.source is not None else ()
    names = module_names(primal.signature, list(kernels.values()), carried)
    return _Asked(primal, kernels, matrices, ranges, names, carried)


def _proof(
    spec: ModuleSpec,
    folder: Path | None,
    asked: _Asked,
    function: str | None = None,
    *,
    hard: bool,
) -> Proof:
    """The test of a module."""
    return prove(
        asked.primal,
        list(asked.kernels.values()),
        options={name: spec.kernels[name].options for name in asked.kernels},
        ranges=asked.ranges,
        function_name=function or asked.names.function,
        folder=folder,
        hard=hard,
    )


def _compiled(
    spec: ModuleSpec,
    folder: Path | None,
    tell: Progress,
    known: Known,
    manner: Manner,
) -> Compiled:
    """A module whose arguments have one shape each."""
    tell(f"{spec.name}: tracing")
    asked = _asked(spec, folder, manner)
    primal, kernels, names = asked.primal, asked.kernels, asked.names
    outer = _outer_names(names, asked.carried, kernels) | {*manner.sizes}
    generic = primal.program.generic
    scope = ModuleScope(outer, UNNAMED if generic is None else Authored.of(generic))
    function = embed(primal, names.function, taken=outer, scope=scope)
    scope.keep((*function.names, "row", "seed", "result"))
    taken = scope.taken
    references = References(primal)
    trials = Trials(known.trials, tries=is_on()) if manner.tries else None
    plans: dict[str, KernelPlan] = {}
    bodies: dict[str, Body] = {}
    for name, kernel in kernels.items():
        tell(f"{spec.name}: planning {name}")
        options = spec.kernels[name].options
        form = options.form if function.differentiable else "expanded"
        pin = manner.pins.get(name)
        ladder = variants(reassociate=options.reassociate)
        wish = Wish(
            form,
            options.differentiable,
            taken,
            positions_of(kernel),
            options.rows or _usual_rows(options, primal.signature),
            ladder if pin is None or pin.variant is None else (pin.variant,),
            trials,
            known.choices.get(name),
            None if pin is None else pin.kind,
        )
        plans[name] = plan_kernel(
            kernel,
            primal,
            function.name,
            wish,
            references,
            asked.ranges,
            asked.matrices,
        )
        bodies[name] = plans[name].chosen.body(
            kernel, primal.signature, scope, guarded=primal.has_custom_rules
        )
    tell(f"{spec.name}: writing")
    plan = ModulePlan(
        module=spec.name,
        function=primal.origin,
        signature=primal.signature,
        facts=_facts(primal),
        kernels=plans,
    )
    module = _module(
        spec,
        primal,
        function,
        names,
        plans,
        bodies,
        scope.parts(),
        is_open=bool(manner.sizes),
    )
    tell(f"{spec.name}: proving")
    hard = is_on() and not manner.sizes
    proof = _proof(spec, folder, asked, function.name, hard=hard)
    warnings = [f"{spec.name}.{n}: {w}" for n, p in plans.items() for w in p.warnings]
    return Compiled(
        name=spec.name,
        spec=spec,
        source=module.source,
        test_source=test_text(proof, spec.path, spec.test_path),
        arrays=module.arrays,
        plan=plan,
        primal=primal,
        kernels=kernels,
        warnings=tuple(warnings),
        function_name=function.name,
        proof=proof,
        found=Known(
            {} if trials is None else trials.used,
            {name: plan.chosen.short_key for name, plan in plans.items()},
        ),
    )


def resolve(
    spec: ModuleSpec,
    primal: Primal,
    folder: Path | None,
    patterns: Patterns | None = None,
) -> dict[str, Kernel]:
    """Parse and resolve the requests of all kernels of a module.

    Args:
        spec: What is asked for.
        primal: The function.
        folder: The folder that imports start from.
        patterns: Finds structural nonzeros, for `sparse`.

    Raises:
        RequestError: A request is wrong, or names collide.
    """

    def load(path: str) -> object:
        return load_object(path, folder)

    return {
        name: resolve_kernel(
            name,
            _requests(kernel),
            primal.signature,
            load_object=load,
            patterns=patterns,
        )
        for name, kernel in spec.kernels.items()
    }


def _requests(kernel: KernelSpec) -> Request | list[Request] | dict[str, Request]:
    texts = list(kernel.texts())
    parsed = [parse(each.text, each.location) for each in texts]
    if isinstance(kernel.requests, str):
        return parsed[0]
    if isinstance(kernel.requests, Mapping):
        return {
            str(each.field): request
            for each, request in zip(texts, parsed, strict=True)
        }
    return parsed


def _without_clashes(primal: Primal, reserved: Collection[str]) -> Primal:
    """The function printed, not carried, where its source has names of the module's."""
    clashes = sorted(
        (OWN_NAMES | {*reserved}).intersection(
            primal.source.names if primal.source else ()
        )
    )
    if not clashes:
        return primal
    refusal = f"it defines {clashes[0]}, a name that the generated module needs"
    return replace(primal, source=None, source_refusal=refusal)


def _by_leaves(primal: Primal, spec: ModuleSpec) -> Primal:
    """The function printed where its test has but the leaves of an argument."""
    examples = examples_of(spec.args, primal.origin)
    names = unmakeable(primal.signature, examples) if primal.source else ()
    if not names:
        return primal
    kind = foreign_class(primal.signature.arguments[names[0]]).partition(":")[2]
    refusal = f"its argument {names[0]} is a {kind}, which no test could make"
    return replace(primal, source=None, source_refusal=refusal)


def _usual_rows(options: Options, signature: Signature) -> Rows:
    """What a kernel is called for where its spec does not tell.

    Whoever hands single numbers over has many of them; of arrays nobody knows.
    """
    is_scalar = all(not leaf.type.shape for _, leaf in signature.leaves)
    return "many" if options.batch or is_scalar else "both"


def _outer_names(
    names: ModuleNames, carried: Collection[str], kernels: Mapping[str, Kernel]
) -> frozenset[str]:
    """Every name at module level, which no local variable may hide."""
    taken = {*carried, names.function, *kernels, *names.classes.values()}
    taken.update(names.constants.values())
    taken.update(("jax", "jnp", "np", "lax", "Any", "NamedTuple"))
    return frozenset(taken)


def _facts(primal: Primal) -> tuple[str, ...]:
    facts = []
    if primal.source is not None:
        facts.append("the function's own source is carried into the module")
    elif primal.source_refusal is not None:
        facts.append(f"the traced program is printed: {primal.source_refusal}")
    if primal.program.generic is None:
        facts.append(
            "the program differs between float32 and float64: both are printed"
        )
    return tuple(facts)


def _module(
    spec: ModuleSpec,
    primal: Primal,
    function: FunctionText,
    names: ModuleNames,
    plans: Mapping[str, KernelPlan],
    bodies: Mapping[str, Body],
    parts: ModuleParts,
    *,
    is_open: bool,
) -> ModuleText:
    texts: list[KernelText] = []
    constants: dict[str, Constant] = {}
    formulas: list[Formula] = []
    places: list[Places] = []
    support: set[str] = set(function.support)
    for name, plan in plans.items():
        body = bodies[name]
        batch = spec.kernels[name].options.batch
        texts.append(
            kernel_text(
                plan,
                body,
                primal.signature,
                function.name,
                names.classes.get(name),
                batch=batch,
            )
        )
        constants.update(constants_of(plan.kernel))
        formulas += formulas_of(plan.kernel, always=is_open)
        places += places_of(plan.kernel)
        constants.update(body.constants)
        support |= body.support | helpers_of(plan.kernel)
        support |= {"_check_rows"} if batch else set()
    return module_text(
        spec.name,
        primal.origin,
        spec.path.name,
        primal.signature,
        function,
        texts,
        constants=constants,
        formulas=formulas,
        places=places,
        support_names=support,
        parts=parts,
        rebuilds=isinstance(spec.function, str),
        ruled_from=RULED if is_open else None,
    )

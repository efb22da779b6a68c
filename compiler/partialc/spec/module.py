"""One `[[module]]`, or the keywords of `partialc.compile`, read into a `ModuleSpec`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

import jax

from partialc.errors import Location, SpecError
from partialc.spec.arguments import ObjectText, is_object_path, parse_argument
from partialc.spec.model import (
    FORMS,
    ROWS,
    Domain,
    KernelSpec,
    ModuleSpec,
    Options,
    Range,
    Requests,
)
from partialc.spec.names import (
    refuse_argument_name,
    refuse_collisions,
    refuse_kernel_name,
    refuse_module_file,
)
from partialc.spec.near import alternatives, did_you_mean
from partialc.spec.sizes import read_sizes
from partialc.spec.tables import Table, require_identifier

_OPTIONS: Final = (
    "form",
    "batch",
    "rows",
    "differentiable",
    "reassociate",
    "rtol",
    "atol",
)
_KEYS: Final = (
    *("name", "path", "tests", "function", "args", "sizes", "kernels", "options"),
    "domain",
    *_OPTIONS,
)
_EXAMPLE_ARGS: Final = 'args = { x = "float[5]" }'
_EXAMPLE_KERNELS: Final = '[module.kernels] with d3 = "partial(x[0], x[2], x[4])"'


def read_module(table: Table, tests: PurePosixPath | None = None) -> ModuleSpec:
    """Read and check one module.

    Everything that can be told without importing the function is checked here.

    Args:
        table: The module's table.
        tests: The folder of tests the spec sets for all modules, if it does.

    Raises:
        SpecError: Anything is missing, unknown, of the wrong type, or in conflict.
    """
    table.refuse_unknown(_KEYS)
    function = table.require("function", 'function = "package.module:object"')
    if table.origin is not None:
        _check_function(table)
    path = _path(table)
    name = _name(table, path)
    leads = "name" if table.origin is None and path.name == f"{name}.py" else "path"
    refuse_module_file(path, function, table.where(leads))
    if "tests" in table:
        tests = table.relative_path("tests", 'tests = "tests"')
    args, variables = _arguments(table)
    options = _options(table, Options(), variables)
    kernels = _kernels(table, options, variables)
    refuse_collisions(kernels, table.where("kernels"))
    return ModuleSpec(
        name=name,
        path=path,
        tests=path.parent if tests is None else tests,
        function=function,
        args=args,
        kernels=kernels,
        options=options,
        domain=_domain(table, variables),
        sizes=read_sizes(table, args),
        places=dict(_places(table)),
    )


def _check_function(table: Table) -> None:
    text = table.text("function", 'function = "package.module:object"')
    if not is_object_path(text):
        raise SpecError(
            f"`function` must read package.module:object, not {text!r}",
            where=table.where("function"),
            fix="name the module as an import would, then a colon and the object: "
            '"examples.product.model:product"',
        )


def _path(table: Table) -> PurePosixPath:
    if "path" not in table and table.origin is None:
        return PurePosixPath(f"{table.values.get('name', 'module')}.py")
    table.require("path", 'path = "generated/NAME.py"')
    path = table.relative_path("path", 'path = "generated/product.py"')
    if path.suffix != ".py":
        raise SpecError(
            f"`path` must end in .py, not {path.name!r}",
            where=table.where("path"),
            fix=f'write path = "{path.with_suffix(".py")}"' if path.name else None,
        )
    return path


def _name(table: Table, path: PurePosixPath) -> str:
    if "name" not in table:
        require_identifier(path.stem, "a module", table.where("path"))
        return path.stem
    name = table.text("name", 'name = "product"')
    require_identifier(name, "a module", table.where("name"))
    return name


def _arguments(table: Table) -> tuple[Mapping[str, Any], frozenset[str]]:
    """The arguments, and the names of those that are not static."""
    table.require("args", _EXAMPLE_ARGS)
    args = table.table("args", _EXAMPLE_ARGS)
    variables = set()
    for name, value in args.values.items():
        require_identifier(name, "an argument", args.where(name))
        refuse_argument_name(name, args.where(name))
        _check_texts(args, name, value)
        if any(map(_is_abstract, jax.tree_util.tree_leaves(value))):
            variables.add(name)
    if not variables:
        raise SpecError(
            f"{args.title} leaves nothing to differentiate by",
            where=table.where("args"),
            why="there are no arguments, or all of them are static",
            fix=_EXAMPLE_ARGS,
        )
    return dict(args.values), frozenset(variables)


def _check_texts(args: Table, name: str, value: Any) -> None:
    """Read every text in an argument, so that a bad one is told with its line."""
    for path, leaf in jax.tree_util.tree_flatten_with_path(value)[0]:
        if isinstance(leaf, str):
            keys = [getattr(key, "key", getattr(key, "idx", None)) for key in path]
            where = args.value_location(name, *(key for key in keys if key is not None))
            try:
                parse_argument(leaf, where, sizes=True)
            except SpecError as error:
                error.where = error.where or args.where(name)
                raise


def _is_abstract(leaf: Any) -> bool:
    return isinstance(leaf, str) or (hasattr(leaf, "shape") and hasattr(leaf, "dtype"))


def _kernels(
    table: Table, defaults: Options, variables: frozenset[str]
) -> Mapping[str, KernelSpec]:
    table.require("kernels", _EXAMPLE_KERNELS)
    requests = table.table("kernels", _EXAMPLE_KERNELS)
    if not requests.values:
        raise SpecError(
            f"{requests.title} asks for nothing",
            where=table.where("kernels"),
            fix='add a kernel: d3 = "partial(x[0], x[2], x[4])"',
        )
    options = table.table("options", "[module.options.KERNEL]")
    for name in options:
        if name not in requests:
            fix = did_you_mean(name, requests)
            raise SpecError(
                f"{options.title} names a kernel `{name}` that does not exist",
                where=options.where(name),
                fix=fix or f"the kernels are {alternatives(requests)}",
            )
    return {
        name: _kernel(requests, name, options, defaults, variables) for name in requests
    }


def _kernel(
    requests: Table,
    name: str,
    options: Table,
    defaults: Options,
    variables: frozenset[str],
) -> KernelSpec:
    require_identifier(name, "a kernel", requests.where(name))
    refuse_kernel_name(name, requests.where(name))
    own = options.table(name, f"[module.options.{name}]")
    own.refuse_unknown(_OPTIONS)
    texts, keys = _requests(requests, name)
    return KernelSpec(
        name=name,
        requests=texts,
        options=_options(own, defaults, variables),
        location=requests.key_location(name),
        request_locations=tuple(requests.value_location(name, *key) for key in keys),
    )


def _requests(table: Table, name: str) -> tuple[Requests, list[tuple[str | int, ...]]]:
    """A kernel's requests, and the path of each below the kernel's."""
    value = table.values[name]
    match value:
        case str() if value.strip():
            return value, [()]
        case list() | tuple() if value and all(map(_is_request, value)):
            return tuple(value), [(number,) for number in range(len(value))]
        case Mapping() if value and all(map(_is_request, value.values())):
            for field in value:
                require_identifier(field, "a field", table.where(name, field))
                _check_field(table, name, field)
            return dict(value), [(field,) for field in value]
    raise SpecError(
        f"kernel `{name}` must be a request, or a list or table of requests, "
        f"not {value!r}",
        where=table.where(name),
        fix=f'write {name} = "gradient(x)", ["value", "gradient(x)"] or '
        '{ delta = "partial(S)" }',
    )


def _is_request(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _check_field(table: Table, kernel: str, field: str) -> None:
    if field.startswith("_") or hasattr(tuple, field):
        raise SpecError(
            f"a field of kernel `{kernel}` cannot be called `{field}`",
            where=table.where(kernel, field),
            why="a NamedTuple has that name already, or refuses a leading underscore",
            fix="choose another name",
        )


def _options(table: Table, defaults: Options, variables: frozenset[str]) -> Options:
    """The options a table sets, the others as in `defaults`."""
    return Options(
        form=_form(table) if "form" in table else defaults.form,
        batch=_batch(table, variables) if "batch" in table else defaults.batch,
        rows=_rows(table) if "rows" in table else defaults.rows,
        differentiable=_flag(table, "differentiable")
        if "differentiable" in table
        else defaults.differentiable,
        reassociate=_flag(table, "reassociate")
        if "reassociate" in table
        else defaults.reassociate,
        rtol=_tolerance(table, "rtol") if "rtol" in table else defaults.rtol,
        atol=_tolerance(table, "atol") if "atol" in table else defaults.atol,
    )


def _form(table: Table) -> Any:
    names = alternatives(FORMS)
    value = table.values["form"]
    near = did_you_mean(value, FORMS) if isinstance(value, str) else None
    return table.check(
        "form", lambda value: value in FORMS, names, near or 'write form = "auto"'
    )


def _rows(table: Table) -> Any:
    value = table.values["rows"]
    near = did_you_mean(value, ROWS) if isinstance(value, str) else None
    return table.check(
        "rows",
        lambda value: value in ROWS,
        alternatives(ROWS),
        near or 'write rows = "many"',
    )


def _batch(table: Table, variables: frozenset[str]) -> tuple[str, ...]:
    names = table.check(
        "batch",
        lambda value: (
            isinstance(value, list | tuple)
            and all(isinstance(name, str) for name in value)
        ),
        "a list of argument names",
        'write batch = ["x"]',
    )
    for number, name in enumerate(names):
        if name in variables and name not in names[:number]:
            continue
        known = name in variables
        raise SpecError(
            f"`batch` names `{name}` twice"
            if known
            else f"`batch` names `{name}`, which is no argument that varies",
            where=table.where("batch"),
            fix="name it once"
            if known
            else did_you_mean(name, variables)
            or f"the arguments are {alternatives(sorted(variables))}",
        )
    return tuple(names)


def _flag(table: Table, key: str) -> bool:
    value: bool = table.check(
        key,
        lambda value: isinstance(value, bool),
        "true or false",
        f"write {key} = true",
    )
    return value


def _tolerance(table: Table, key: str) -> float:
    def holds(value: Any) -> bool:
        return _is_number(value) and math.isfinite(value) and value >= 0

    return float(table.check(key, holds, "a number >= 0", f"write {key} = 1e-6"))


def _domain(table: Table, variables: frozenset[str]) -> Domain:
    value = table.values.get("domain", {})
    if isinstance(value, str) and is_object_path(value):
        return ObjectText(value.strip())
    domain = table.table("domain", "[module.domain] with x = [0.0, 1.0]")
    return {name: _sampled(domain, name, variables) for name in domain}


def _sampled(domain: Table, name: str, variables: frozenset[str]) -> Range | ObjectText:
    if name not in variables:
        raise SpecError(
            f"{domain.title} names `{name}`, which is no argument that varies",
            where=domain.where(name),
            fix=did_you_mean(name, variables)
            or f"the arguments are {alternatives(sorted(variables))}",
        )
    value = domain.values[name]
    if isinstance(value, str) and is_object_path(value):
        return ObjectText(value.strip())

    def is_range(value: Any) -> bool:
        return (
            isinstance(value, list | tuple)
            and len(value) == 2
            and all(_is_number(end) and math.isfinite(end) for end in value)
            and value[0] < value[1]
        )

    low, high = domain.check(
        name,
        is_range,
        "a range [low, high] with low < high, or the path of an object of points",
        f'write {name} = [0.0, 1.0] or "package.module:points"',
    )
    return float(low), float(high)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _places(table: Table) -> Iterator[tuple[str, Location]]:
    """Where the module and its parts stand, by dotted name."""
    parts: list[tuple[str, ...]] = [()]
    for key, value in table.values.items():
        parts.append((key,))
        if isinstance(value, Mapping):
            parts.extend((key, inner) for inner in value)
    for keys in parts:
        location = table.key_location(*keys)
        if location is not None:
            yield ".".join(keys), location

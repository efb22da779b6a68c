"""Bad input gets one clear error, exit code 2, and nothing is written.

Each case edits the sound spec of `conftest.py`: `old` is replaced by `new`. The parts
of the error are compared in full or, where they begin or end with `...`, in part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Case:
    """An edit of the sound spec, and the error it must give."""

    name: str
    old: str
    new: str
    what: str
    where: str | None = None
    why: str | None = None
    fix: str | None = None


KERNELS = "[module.kernels]\n"
KERNEL = 'd3 = "partial(x[0], x[2], x[4])"\n'
SPEC_CASES = [
    Case(
        "no TOML",
        "[[module]]\n",
        "[[module]\n",
        "the spec is not valid TOML",
        "partialc.toml:1:9",
        "Expected ']]' at the end of an array declaration",
    ),
    Case(
        "unknown key",
        "function =",
        "fuction =",
        "unknown key `fuction` in [[module]]",
        "partialc.toml:3:1",
        fix="did you mean `function`?",
    ),
    Case(
        "unknown key without a near miss",
        "function =",
        "zzz = 1\nfunction =",
        "unknown key `zzz` in [[module]]",
        "partialc.toml:3:1",
        fix="the keys are `args`, `atol`, ...",
    ),
    Case(
        "unknown table",
        "[[module]]\n",
        "[partialcc]\n[[module]]\n",
        "unknown key `partialcc` in the spec",
        "partialc.toml:1:1",
        fix="did you mean `partialc`?",
    ),
    Case(
        "unknown global",
        "[[module]]\n",
        '[partialc]\ntest = "t"\n[[module]]\n',
        "unknown key `test` in [partialc]",
        "partialc.toml:2:1",
        fix="did you mean `tests`?",
    ),
    Case(
        "one module table",
        "[[module]]",
        "[module]",
        "`module` must be an array of tables",
        "partialc.toml:1:1",
        fix="write [[module]], with two brackets",
    ),
    Case(
        "no path",
        'path = "generated/product.py"\n',
        "",
        "[[module]] has no `path`",
        "partialc.toml:1:1",
        fix='add path = "generated/NAME.py"',
    ),
    Case(
        "absolute path",
        '"generated/product.py"',
        '"/tmp/product.py"',
        "`path` must be a relative path with forward slashes, not '/tmp/product.py'",
        "partialc.toml:2:1",
        "a spec must mean the same on every machine",
    ),
    Case(
        "no Python file",
        '"generated/product.py"',
        '"generated/product"',
        "`path` must end in .py, not 'product'",
        "partialc.toml:2:1",
        fix='write path = "generated/product.py"',
    ),
    Case(
        "file name that is no identifier",
        '"generated/product.py"',
        '"generated/my-product.py"',
        "a module cannot be called 'my-product'",
        "partialc.toml:2:1",
        "it becomes a name in Python source",
    ),
    *(
        Case(
            f"a file {path}, which imports would find",
            '"generated/product.py"',
            f'"{path}"',
            f"a module's file cannot be called `{path}`",
            "partialc.toml:2:1",
            f"files beside it that import {owner} would find it instead",
            f"call it `{fix}`, or by what it computes",
        )
        for path, owner, fix in (
            ("jax.py", "`jax`", "jax_derivatives.py"),
            ("generated/numpy.py", "`numpy`", "numpy_derivatives.py"),
            (
                "generated/typing.py",
                "the module `typing` of Python's standard library",
                "typing_derivatives.py",
            ),
            ("pytest.py", "`pytest`", "pytest_derivatives.py"),
            ("conftest.py", "`conftest`", "conftest_derivatives.py"),
            (
                "model.py",
                "`model`, where the function comes from,",
                "model_derivatives.py",
            ),
            ("scipy/__init__.py", "`scipy`", "scipy_derivatives.py"),
        )
    ),
    Case(
        "keyword as name",
        "path =",
        'name = "lambda"\npath =',
        "a module cannot be called `lambda`",
        "partialc.toml:2:1",
        "`lambda` is a keyword of Python",
        "call it `lambda_`",
    ),
    Case(
        "path of another type",
        'path = "generated/product.py"',
        "path = 3",
        "`path` must be a text, not 3",
        "partialc.toml:2:1",
    ),
    Case(
        "no function",
        'function = "model:product"\n',
        "",
        "[[module]] has no `function`",
        "partialc.toml:1:1",
    ),
    Case(
        "function without module",
        '"model:product"',
        '"model.product"',
        "`function` must read package.module:object, not 'model.product'",
        "partialc.toml:3:1",
    ),
    Case(
        "no args",
        'args = { x = "float[5]" }\n',
        "",
        "[[module]] has no `args`",
        "partialc.toml:1:1",
        fix='add args = { x = "float[5]" }',
    ),
    Case(
        "only static args",
        '"float[5]"',
        "5",
        "[module.args] leaves nothing to differentiate by",
        "partialc.toml:4:1",
    ),
    Case(
        "unknown element type",
        '"float[5]"',
        '"flaot[5]"',
        "unknown element type 'flaot' in 'flaot[5]'",
        "partialc.toml:4:15",
        fix="did you mean `float`...",
    ),
    Case(
        "a length that is no sum of sizes",
        '"float[5]"',
        '"float[n*m]"',
        "'n*m' is no axis length in 'float[n*m]'",
        "partialc.toml:4:15",
        "a length is a number or, in a module for every n, a sum of multiples of sizes",
    ),
    Case(
        "a size that nothing fixes",
        '"float[5]"',
        '"float[2*n + m]"',
        "nothing fixes the size `n`",
        "partialc.toml:4:10",
        "it stands only in sums such as `2*n + m`, which other sizes may make just ...",
        fix="give it an axis of its own, `float[n]`, or replace it by a number",
    ),
    Case(
        "a size of no argument",
        KERNELS,
        f"[module.sizes]\nn = {{ min = 3 }}\n{KERNELS}",
        "no argument has the size `n`",
        "partialc.toml:7:1",
        "a size is read off the shapes of the arguments",
    ),
    Case(
        "a size below its least",
        f'"float[5]" }}\n\n{KERNELS}',
        '"float[n]" }\n[module.sizes]\nn = { min = 9, build = [5, 11, 13] }\n'
        f"{KERNELS}",
        "`n` is built at 5, below its least, 9",
        "partialc.toml:6:16",
        fix="leave 5 out, or write min = 5",
    ),
    Case(
        "too few builds",
        f'"float[5]" }}\n\n{KERNELS}',
        f'"float[n]" }}\n[module.sizes]\nn = {{ build = [5, 11] }}\n{KERNELS}',
        "`build` must be 3 different whole numbers, or more, not [5, 11]",
        "partialc.toml:6:7",
    ),
    Case(
        "sizes built apart",
        f'"float[5]" }}\n\n{KERNELS}',
        f'"float[n, m]" }}\n[module.sizes]\nn = {{ build = [5, 11, 13] }}\n{KERNELS}',
        "the sizes are built at different numbers of points: `n` at 3, `m` at none",
        "partialc.toml:6:1",
    ),
    Case(
        "a size called like an argument",
        '"float[5]"',
        '"float[x]"',
        "`x` is a size and an argument",
        "partialc.toml:4:10",
    ),
    Case(
        "a misspelt key of a size",
        f'"float[5]" }}\n\n{KERNELS}',
        f'"float[n]" }}\n[module.sizes]\nn = {{ least = 3 }}\n{KERNELS}',
        "unknown key `least` in [module.sizes.n]",
        "partialc.toml:6:7",
    ),
    Case(
        "round brackets",
        '"float[5]"',
        '"float(5)"',
        "cannot read 'float(5)' as an argument",
        "partialc.toml:4:15",
        fix='write "float[5]", ...',
    ),
    Case(
        "keyword as argument",
        "{ x =",
        "{ in =",
        "an argument cannot be called `in`",
        "partialc.toml:4:10",
    ),
    Case(
        "argument called out",
        "{ x =",
        "{ out =",
        "an argument cannot be called `out`",
        "partialc.toml:4:10",
        "in a request `out` is the function's result",
    ),
    Case(
        "argument that hides an import",
        "{ x =",
        "{ jnp =",
        "an argument cannot be called `jnp`",
        "partialc.toml:4:10",
        "the generated module imports that name",
    ),
    Case(
        "no kernels",
        f"[module.kernels]\n{KERNEL}",
        "",
        "[[module]] has no `kernels`",
        "partialc.toml:1:1",
    ),
    Case(
        "empty kernels",
        KERNEL,
        "",
        "[module.kernels] asks for nothing",
        "partialc.toml:6:1",
    ),
    Case(
        "kernel that is no request",
        KERNEL,
        "d3 = 3\n",
        "kernel `d3` must be a request, or a list or table of requests, not 3",
        "partialc.toml:7:1",
    ),
    Case(
        "empty list of requests",
        KERNEL,
        "d3 = []\n",
        "kernel `d3` must be a request, or a list or table of requests, not []",
        "partialc.toml:7:1",
    ),
    Case(
        "keyword as kernel",
        "d3 =",
        "class =",
        "a kernel cannot be called `class`",
        "partialc.toml:7:1",
        "`class` is a keyword of Python",
    ),
    Case(
        "kernel that is no identifier",
        "d3 =",
        '"d 3" =',
        "a kernel cannot be called 'd 3'",
        "partialc.toml:7:1",
    ),
    Case(
        "kernel twice",
        KERNEL,
        KERNEL + KERNEL,
        "the spec is not valid TOML",
        "partialc.toml:8:33",
        "Cannot overwrite a value",
    ),
    *(
        Case(
            f"a kernel called {name}",
            KERNEL,
            f'v = "value"\n{name} = "value"\n',
            f"a kernel cannot be called `{name}`",
            "partialc.toml:8:1",
            why=f"...{why}...",
        )
        for name, why in (
            ("print", "hide the builtin"),
            ("_private", "underscore"),
            ("lambda", "keyword"),
            ("lax", "imports"),
        )
    ),
    Case(
        "an argument that hides a builtin",
        'x = "float[5]"',
        'len = "float[5]"',
        "an argument cannot be called `len`",
        "partialc.toml:4:10",
        "generated kernels use that name themselves",
    ),
    Case(
        "a bad name in another module",
        KERNEL,
        KERNEL.replace("x[4]", "x[9]")
        + '[[module]]\npath = "generated/second.py"\nfunction = "model:product"\n'
        + 'args = { x = "float[5]" }\n[module.kernels]\nprint = "value"\n',
        "a kernel cannot be called `print`",
        "partialc.toml:13:1",
    ),
    Case(
        "equal class names",
        KERNEL,
        'a_b = ["value"]\naB = ["value"]\n',
        "kernels `a_b` and `aB` collide",
        "partialc.toml:8:1",
        "both would define the class AB in the module",
        "rename one of them",
    ),
    Case(
        "equal constants",
        KERNEL,
        'd3 = "value"\nD3 = "value"\n',
        "kernels `d3` and `D3` collide",
        "partialc.toml:8:1",
    ),
    Case(
        "field that tuples have",
        KERNEL,
        'd3 = { count = "value" }\n',
        "a field of kernel `d3` cannot be called `count`",
        "partialc.toml:7:8",
    ),
    Case(
        "options of an unknown kernel",
        KERNEL,
        KERNEL + '[module.options.d4]\nform = "chain"\n',
        "[module.options] names a kernel `d4` that does not exist",
        "partialc.toml:8:1",
        fix="the kernels are `d3`",
    ),
    Case(
        "unknown option",
        KERNEL,
        KERNEL + "[module.options.d3]\nbatched = []\n",
        "unknown key `batched` in [module.options.d3]",
        "partialc.toml:9:1",
        fix="did you mean `batch`?",
    ),
    Case(
        "unknown form",
        "args =",
        'form = "chains"\nargs =',
        "`form` must be `auto`, `chain` or `expanded`, not 'chains'",
        "partialc.toml:4:1",
        fix="did you mean `chain`?",
    ),
    Case(
        "batch of another type",
        "args =",
        'batch = "x"\nargs =',
        "`batch` must be a list of argument names, not 'x'",
        "partialc.toml:4:1",
        fix='write batch = ["x"]',
    ),
    Case(
        "batch of an unknown argument",
        "args =",
        'batch = ["y"]\nargs =',
        "`batch` names `y`, which is no argument that varies",
        "partialc.toml:4:1",
        fix="the arguments are `x`",
    ),
    Case(
        "batch twice",
        "args =",
        'batch = ["x", "x"]\nargs =',
        "`batch` names `x` twice",
        "partialc.toml:4:1",
    ),
    Case(
        "rows in other words",
        "args =",
        'rows = "mny"\nargs =',
        "`rows` must be `one`, `many` or `both`, not 'mny'",
        "partialc.toml:4:1",
    ),
    Case(
        "differentiable of another type",
        "args =",
        "differentiable = 1\nargs =",
        "`differentiable` must be true or false, not 1",
        "partialc.toml:4:1",
    ),
    Case(
        "negative tolerance",
        "args =",
        "rtol = -1.0\nargs =",
        "`rtol` must be a number >= 0, not -1.0",
        "partialc.toml:4:1",
    ),
    Case(
        "infinite tolerance",
        "args =",
        "atol = inf\nargs =",
        "`atol` must be a number >= 0, not inf",
        "partialc.toml:4:1",
    ),
    Case(
        "domain of an unknown argument",
        KERNEL,
        KERNEL + "[module.domain]\ny = [0, 1]\n",
        "[module.domain] names `y`, which is no argument that varies",
        "partialc.toml:9:1",
    ),
    Case(
        "empty domain",
        KERNEL,
        KERNEL + "[module.domain]\nx = [1, 0]\n",
        "`x` must be a range [low, high] with low < high, or ...",
        "partialc.toml:9:1",
        fix='write x = [0.0, 1.0] or "package.module:points"',
    ),
    Case(
        "module twice",
        "[[module]]\n",
        '[[module]]\npath = "a/product.py"\nfunction = "model:product"\n'
        'args = { x = "float" }\nkernels = { d = "value" }\n[[module]]\n',
        "two modules are called `product`",
        "partialc.toml:6:1",
        "the other one is at partialc.toml:1:1",
        "give one of them another `name`",
    ),
    Case(
        "file twice",
        "[[module]]\n",
        '[[module]]\nname = "other"\npath = "a/../generated/product.py"\n'
        'function = "model:product"\nargs = { x = "float" }\n'
        'kernels = { d = "value" }\n[[module]]\n',
        "two files would be written to generated/product.py",
        "partialc.toml:8:1",
        "the other one belongs to the module `other`",
    ),
    Case("no module", "", "", "the spec asks for no module", "partialc.toml"),
]

REQUEST = '"partial(x[0], x[2], x[4])"'
FUNCTION = "model:product"
ARGS = 'x = "float[5]"'
OPERATOR_CASES = [
    (
        "the divergence of a scalar",
        "divergence(x)",
        "divergence wants as many outputs as elements: out has 1, x has 5",
        "partialc.toml:7:7",
        "of a scalar ask for gradient(x) or laplacian(x)",
    ),
    (
        "the curl in five dimensions",
        "curl(x)",
        "curl is along two or three elements, and x has 5",
        "partialc.toml:7:7",
        "name the coordinates of the space: ...",
    ),
    (
        "an unknown variable in an expression",
        'expression("u + Derivative(u, y)")',
        "product has no argument 'y'",
        "partialc.toml:7:37",
        None,
    ),
    (
        "an unknown function in an expression",
        'expression("Derivative(w, x[0])")',
        "w is no output of product",
        "partialc.toml:7:30",
        "name it: ...",
    ),
    (
        "an expression that is no Python",
        'expression("u + * x[0]")',
        "the request is not written correctly: invalid syntax",
        "partialc.toml:7:23",
        "requests are Python calls, ...",
    ),
]
COMPILER_CASES = [
    Case(
        "unknown function",
        FUNCTION,
        "model:prodct",
        "the module 'model' has no 'prodct'",
        "partialc.toml:3:1",
        fix="did you mean 'model:product'?",
    ),
    Case(
        "unknown module",
        FUNCTION,
        "modle:product",
        "there is no module 'modle'",
        "partialc.toml:3:1",
        fix="did you mean 'model'?",
    ),
    Case(
        "unknown example",
        '"float[5]"',
        '"model:X0"',
        "the module 'model' has no 'X0'",
        "partialc.toml:4:10",
    ),
    Case(
        "unknown argument",
        ARGS,
        'y = "float[5]"',
        "'product' has no parameter 'y'",
        "partialc.toml:4:10",
        fix="its parameters are 'x'",
    ),
    Case(
        "missing argument",
        FUNCTION,
        "model:scaled",
        "args lacks 'n' of 'scaled'",
        "partialc.toml:4:1",
        "the function has the parameters 'x', 'n', 'flag'",
    ),
    Case(
        "arguments out of order",
        f'{FUNCTION}"\nargs = {{ ',
        'model:scaled"\nargs = { n = 3, ',
        "args are not in the order of the parameters of 'scaled'",
        "partialc.toml:4:1",
        fix="write them as x, n",
    ),
    Case(
        "shape that does not fit",
        FUNCTION,
        "model:mismatched",
        "'mismatched' cannot be traced by JAX (TypeError)",
        "model.py:...",
        "TypeError: dot_general requires ...",
    ),
    Case(
        "decision by a value",
        f'{FUNCTION}"\nargs = {{ x = "float[5]"',
        'model:branching"\nargs = { x = "float"',
        "'branching' cannot be traced by JAX (TracerBoolConversionError)",
        "model.py:...",
        fix="use jnp.where or ...",
    ),
    Case(
        "function that prints",
        FUNCTION,
        "model:talkative",
        "'talkative' prints while it is traced",
        "model.py:...",
        fix="remove the print",
    ),
    Case(
        "function with side effects",
        FUNCTION,
        "model:remembering",
        "'remembering' stores a traced array where it outlives the call",
        fix="return the value instead of storing it",
    ),
    Case(
        "no such argument",
        REQUEST,
        '"partial(y[0])"',
        "product has no argument 'y'",
        "partialc.toml:7:15",
        "its arguments are x",
    ),
    Case(
        "no such index",
        REQUEST,
        '"partial(x[0], x[5])"',
        "x has no index 5",
        "partialc.toml:7:23",
        "x has size 5: indices 0 to 4, or -5 to -1",
    ),
    Case(
        "no such index in a list",
        REQUEST,
        '["value", "partial(x[9])"]',
        "x has no index 9",
        "partialc.toml:7:27",
    ),
    Case(
        "slice that reaches outside",
        REQUEST,
        '"jacobian(x[0:9])"',
        "0:9 reaches outside x",
        "partialc.toml:7:18",
        "x has size 5: indices 0 to 4, or -5 to -1",
    ),
    Case(
        "too many indices",
        REQUEST,
        '"partial(x[0, 1])"',
        "x is given more indices than it has axes",
        "partialc.toml:7:20",
        "x has shape (5,)",
    ),
    Case(
        "no such output",
        REQUEST,
        '"partial(x[0], of=out[2])"',
        "out is a scalar and cannot be indexed",
        "partialc.toml:7:28",
        fix="write out",
    ),
    Case(
        "coordinate that is no scalar",
        REQUEST,
        '"partial(x)"',
        "x is not a scalar but an array of shape (5,)",
        "partialc.toml:7:15",
        "each coordinate of partial is one element",
        "name an element, or ask for the block: jacobian(x) ...",
    ),
    *(
        Case(
            f"a part of {request}",
            REQUEST,
            f"'{request}'",
            f"{request} takes a part of a request",
            "partialc.toml:7:7",
            fix="name the elements: ...",
        )
        for request in ("hessian(x)[0]", "gradient(x)[0][1]", "value(x).shape")
    ),
    Case(
        "Hessian of an array times a direction",
        f'{FUNCTION}"\nargs = {{ {ARGS} }}\n\n[module.kernels]\nd3 = {REQUEST}',
        f'model:squares"\nargs = {{ {ARGS} }}\n\n[module.kernels]\nd3 = "hvp(x)"',
        "hvp wants a scalar, and out has shape (5,)",
        "partialc.toml:7:11",
        "a Hessian-vector product is a Hessian times a direction, and only a scalar...",
        "ask for one output: hvp(x, of=out[0]); for first derivatives along a "
        "direction: jvp(x); for all Hessians: hessian(x)",
    ),
    Case(
        "unknown request",
        REQUEST,
        '"partail(x[0])"',
        "there is no request 'partail'",
        "partialc.toml:7:7",
        fix="did you mean partial(x[0], x[2])?",
    ),
    Case(
        "open bracket",
        REQUEST,
        '"partial(x[0]"',
        "the request is not written correctly: '(' was never closed",
        "partialc.toml:7:14",
    ),
    Case(
        "no request",
        REQUEST,
        '"x[0] + 1"',
        "this is not a request",
        "partialc.toml:7:7",
    ),
    Case(
        "request twice",
        REQUEST,
        '["gradient(x)", "gradient(x)"]',
        "gradient(x) is requested twice",
        "partialc.toml:7:23",
    ),
    *(
        Case(
            what,
            REQUEST,
            f"'{request}'",
            message,
            where,
            fix=fix,
        )
        for what, request, message, where, fix in OPERATOR_CASES
    ),
]
PAIR_CASES = [
    Case(
        "a sparse matrix that is a number",
        REQUEST,
        "\"sparse(jacobian(x[0], of=out['energy']))\"",
        'sparse(jacobian(x[0], of=out["energy"])) is no matrix but one number',
        "partialc.toml:7:7",
        fix='ask for partial(x[0], of=out["energy"])',
    ),
    Case(
        "weights of a Jacobian",
        REQUEST,
        "\"weighted(jacobian(x, of=out['energy']))\"",
        "jacobian cannot be weighted",
        "partialc.toml:7:16",
        fix='a Jacobian times weights is a vjp: vjp(out["energy"], x)',
    ),
    Case(
        "integer output",
        REQUEST,
        '"gradient(x)"',
        'the output out["count"] cannot be differentiated: it holds integers',
        "partialc.toml:7:7",
        fix='leave it out: of=out["energy"]',
    ),
    Case(
        "unknown key of the output",
        REQUEST,
        "\"gradient(x, of=out['enrgy'])\"",
        'out has no ["enrgy"]',
        "partialc.toml:7:26",
        fix='did you mean out["energy"]?',
    ),
]


def parts(text: str) -> dict[str, str]:
    """The parts of the one error in what was written to stderr."""
    first, *rest = text[text.index("error: ") :].splitlines()
    found = {"what": first.removeprefix("error: ")}
    for line in rest:
        for part in ("where", "why", "fix"):
            if line.startswith(f"  {part}: "):
                found[part] = line.removeprefix(f"  {part}: ")
    return found


def matches(actual: str | None, expected: str) -> bool:
    """Equality; `...` at an end stands for anything."""
    if actual is None:
        return False
    match expected.startswith("..."), expected.endswith("..."):
        case False, False:
            return actual == expected
        case False, True:
            return actual.startswith(expected[:-3])
        case True, False:
            return actual.endswith(expected[3:])
        case _:
            return expected[3:-3] in actual


def everything(folder: Path) -> set[str]:
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    return {path for path in found if "__pycache__" not in path}


@pytest.mark.parametrize("case", SPEC_CASES, ids=lambda case: case.name)
def test_bad_specs(case: Case, folder: Path, partialc: Callable[..., Any]) -> None:
    check(case, "build", folder, partialc)
    check(case, "check", folder, partialc, edit=False)


@pytest.mark.parametrize("case", COMPILER_CASES, ids=lambda case: case.name)
def test_bad_functions_and_requests(
    case: Case, folder: Path, partialc: Callable[..., Any]
) -> None:
    check(case, "build", folder, partialc)


@pytest.mark.parametrize("case", PAIR_CASES, ids=lambda case: case.name)
def test_bad_requests_of_a_function_with_several_outputs(
    case: Case, folder: Path, partialc: Callable[..., Any]
) -> None:
    spec = folder / "partialc.toml"
    spec.write_text(spec.read_text().replace(FUNCTION, "model:pair"))
    check(case, "build", folder, partialc)


def test_integer_inputs_have_no_derivatives(
    folder: Path, partialc: Callable[..., Any]
) -> None:
    spec = folder / "partialc.toml"
    sound = spec.read_text().replace(FUNCTION, "model:counted")
    sound = sound.replace(ARGS, 'k = "int32[5]"')
    spec.write_text(sound.replace(REQUEST, '"partial(k[0])"'))
    outcome = partialc("build")
    assert outcome.code == 2
    assert "integers" in parts(outcome.err)["what"]


def test_a_partial_that_is_zero_is_built_with_a_warning(
    folder: Path, partialc: Callable[..., Any]
) -> None:
    spec = folder / "partialc.toml"
    spec.write_text(spec.read_text().replace(FUNCTION, "model:linear"))
    outcome = partialc("build")
    assert outcome.code == 0
    assert "warning: product.d3: " in outcome.err
    assert "zero" in outcome.err
    assert (folder / "generated" / "product.py").is_file()


def check(
    case: Case,
    verb: str,
    folder: Path,
    partialc: Callable[..., Any],
    *,
    edit: bool = True,
) -> None:
    """Edit the spec, run the verb, compare the error; nothing may be written."""
    spec = folder / "partialc.toml"
    sound = spec.read_text()
    if edit:
        assert case.old in sound
        spec.write_text(sound.replace(case.old, case.new, 1) if case.old else "")
    before = everything(folder)
    outcome = partialc(verb)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.count("error: ") == 1
    told = parts(outcome.err)
    for part in ("what", "where", "why", "fix"):
        expected = getattr(case, part)
        if expected is not None:
            assert matches(told.get(part), expected), outcome.err
    assert everything(folder) == before

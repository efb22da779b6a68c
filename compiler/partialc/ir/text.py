"""The text form of the IR: a small subset of Python, written and read back.

    def body(c: float, t: float[3]):
        mul_1: float[3] = mul(c, t)
        reduce_sum_1: float = reduce_sum(mul_1, axes=(0,))
        return reduce_sum_1, mul_1

    def f(x: float[5, 3]):
        scan_1: float
        scan_2: float[5, 3]
        scan_1, scan_2 = scan(float(0.0), x, function=body, length=5, ...)
        return scan_2

One `def` per function, the held ones before those that hold them. A type is an
element type with the shape in brackets. An operation is a call: operands by position,
parameters by name. A constant is its type applied to its elements. Element types,
dimension numbers and functions among the parameters are written `dtype("int32")`,
`gather(...)` and by the name of their `def`. Source locations are not in the text.
"""

from __future__ import annotations

import ast
import base64
import keyword
import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, assert_never

import numpy as np
from numpy.typing import NDArray

from partialc.errors import Location, PartialcError
from partialc.ir.dtypes import DType
from partialc.ir.program import (
    ArrayType,
    Atom,
    Constant,
    Dimensions,
    Equation,
    Function,
    Param,
    Program,
    Value,
)
from partialc.ir.structure import functions_of

_LITERAL_LIMIT: Final = 64
_DIMENSION_KINDS: Final = frozenset({"gather", "scatter", "conv", "dot"})
_HYPHENATED: Final = {
    f"scatter_{kind}": f"scatter-{kind}" for kind in ("add", "sub", "mul", "min", "max")
}


def to_text(function: Function, *, elide: bool = False) -> str:
    """Write a function and all functions it holds.

    Args:
        function: What to write; `parse` reads it back, equal in structure.
        elide: Write `...` for the elements of large constants; that cannot be parsed.
    """
    return _Writer(elide).text(function)


def program_text(program: Program, *, elide: bool = False) -> str:
    """Write a program: its one function, or each variant under a comment."""
    functions: dict[int, tuple[Function, list[str]]] = {}
    for regime, function in program.variants.items():
        functions.setdefault(id(function), (function, []))[1].append(regime.value)
    if len(functions) == 1:
        return to_text(program.widest, elide=elide)
    return "\n\n".join(
        f"# {', '.join(regimes)}\n{to_text(function, elide=elide)}"
        for function, regimes in functions.values()
    )


class _Writer:
    def __init__(self, elide: bool) -> None:
        self._elide = elide
        self._defined: dict[int, str] = {}
        self._texts: list[str] = []
        self._functions = _Names()

    def text(self, function: Function) -> str:
        self._define(function)
        return "\n\n".join(self._texts)

    def _define(self, function: Function) -> None:
        if id(function) in self._defined:
            return
        for equation in function.equations:
            for held in functions_of(equation):
                self._define(held)
        self._defined[id(function)] = self._functions.fresh(function.name)
        self._texts.append(self._function(function))

    def _function(self, function: Function) -> str:
        fresh = _Names([*self._defined.values(), "inf", "nan"]).fresh
        names: dict[Value, str] = {}

        def define(value: Value, stem: str, numbered: bool) -> str:
            names[value] = fresh(value.hint or stem, numbered=numbered)
            return names[value]

        def read(atom: Atom) -> str:
            return names[atom] if isinstance(atom, Value) else self._constant(atom)

        parameters = ", ".join(
            f"{define(value, 'x', numbered=False)}: {_type_text(value.type)}"
            for value in function.inputs
        )
        lines = [f"def {self._defined[id(function)]}({parameters}):"]
        for equation in function.equations:
            operands = [read(atom) for atom in equation.inputs]
            params = [
                f"{name}={self._param(param)}"
                for name, param in equation.params.items()
            ]
            op = _op_text(equation.op)
            call = f"{op}({', '.join(operands + params)})"
            results = [
                define(value, op.rstrip("_"), numbered=value.hint is None)
                for value in equation.outputs
            ]
            types = [_type_text(value.type) for value in equation.outputs]
            if len(results) == 1:
                lines.append(f"{results[0]}: {types[0]} = {call}")
                continue
            pairs = zip(results, types, strict=True)
            lines.extend(f"{name}: {kind}" for name, kind in pairs)
            lines.append(f"{', '.join(results)} = {call}" if results else call)
        outputs = ", ".join(read(atom) for atom in function.outputs)
        lines.append(f"return {outputs}" if outputs else "return ()")
        return "\n    ".join(lines) + "\n"

    def _constant(self, constant: Constant) -> str:
        kind = _type_text(constant.type)
        data = constant.data
        if data.size > _LITERAL_LIMIT:
            return f"{kind}(...)" if self._elide else f"{kind}({_encoded(data)})"
        elements = _elements(data)
        return f"{kind}({_encoded(data) if elements is None else elements})"

    def _param(self, param: Param) -> str:
        match param:
            case Function():
                return self._defined[id(param)]
            case DType():
                return f'dtype("{param}")'
            case Dimensions():
                fields = ", ".join(f"{name}={value}" for name, value in param.fields)
                return f"{param.kind}({fields})"
            case tuple():
                entries = [self._param(entry) for entry in param]
                return f"({', '.join(entries)}{',' if len(entries) == 1 else ''})"
            case str():
                return '"' + param.replace("\\", "\\\\").replace('"', '\\"') + '"'
            case complex():
                return f"complex({param.real!r}, {param.imag!r})"
            case None | bool() | int() | float():
                return repr(param)
            case _:
                assert_never(param)


class _Names:
    """Names that are taken, and where to go on counting for each stem."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._counts: dict[str, int] = {}

    def fresh(self, stem: str, *, numbered: bool = False) -> str:
        """A name that is not taken yet, which then is.

        Args:
            stem: What it starts with, or is, if it is free and not a keyword.
            numbered: Whether it always carries a number.
        """
        number = self._counts.get(stem, 0)
        bare = not number and not numbered and not keyword.iskeyword(stem)
        number += 1
        name = stem if bare else f"{stem}_{number}"
        while name in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._counts[stem] = number
        self._taken.add(name)
        return name


def _op_text(op: str) -> str:
    name = op.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def _type_text(kind: ArrayType) -> str:
    name = str(kind.dtype)
    if not name.isidentifier():
        return f'"{kind}"'
    sizes = ", ".join(map(str, kind.shape))
    return f"{name}[{sizes}]" if kind.shape else name


def _encoded(data: NDArray[Any]) -> str:
    return f'base64="{base64.b64encode(data.tobytes()).decode()}"'


def _elements(data: NDArray[Any]) -> str | None:
    """The elements as nested lists of numbers; None if that would change their bits."""
    if data.ndim:
        rows = [_elements(row) for row in data]
        if any(row is None for row in rows):
            return None
        return f"[{', '.join(row for row in rows if row is not None)}]"
    text = _number(data)
    restored = np.array(_evaluated(ast.parse(text, mode="eval").body), dtype=data.dtype)
    return text if restored.tobytes() == data.tobytes() else None


def _number(scalar: NDArray[Any]) -> str:
    """The shortest decimal number that gives the element back, nearly always."""
    value = scalar.item()
    if scalar.dtype.kind in "biu":
        return repr(value)
    if isinstance(value, complex):
        return f"complex({value.real!r}, {value.imag!r})"
    value = float(value)
    short = float(str(scalar))
    exact = np.array(short, dtype=scalar.dtype).tobytes() == scalar.tobytes()
    return repr(short if exact and math.isfinite(value) else value)


def parse(text: str) -> Function:
    """Read what `to_text` writes; the last function of the text is the one returned.

    Raises:
        PartialcError: The text is not in the language of this module.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise PartialcError(
            f"the program text is no Python: {error.msg}",
            where=Location("<program>", error.lineno, error.offset),
        ) from error
    functions: dict[str, Function] = {}
    for statement in tree.body:
        if not isinstance(statement, ast.FunctionDef):
            raise _refused(statement, "only functions are expected here")
        functions[statement.name] = _Reader(functions).function(statement)
    if not functions:
        raise PartialcError("the program text holds no function")
    return list(functions.values())[-1]


class _Reader:
    """Reads one function, given those before it."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self._functions = functions
        self._values: dict[str, Value] = {}
        self._declared: dict[str, ArrayType] = {}

    def function(self, node: ast.FunctionDef) -> Function:
        inputs = [
            self._define(argument.arg, _read_type(argument.annotation, argument))
            for argument in node.args.args
        ]
        *body, last = node.body
        equations: list[Equation] = []
        for statement in body:
            match statement:
                case ast.AnnAssign(target=ast.Name(id=name), value=None):
                    kind = _read_type(statement.annotation, statement)
                    self._declared[name] = kind
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call() as call):
                    kind = _read_type(statement.annotation, statement)
                    equations.append(self._equation(call, {name: kind}))
                case ast.Assign(
                    targets=[ast.Tuple(elts=names)], value=ast.Call() as call
                ):
                    found = [entry.id for entry in names if isinstance(entry, ast.Name)]
                    results = {name: self._declared[name] for name in found}
                    equations.append(self._equation(call, results))
                case ast.Expr(value=ast.Call() as call):
                    equations.append(self._equation(call, {}))
                case _:
                    raise _refused(statement, "not an equation")
        if not isinstance(last, ast.Return):
            raise _refused(last, "a function ends with `return`")
        listed = last.value.elts if isinstance(last.value, ast.Tuple) else [last.value]
        outputs = tuple(self._atom(entry) for entry in listed if entry is not None)
        return Function(node.name, tuple(inputs), tuple(equations), outputs)

    def _define(self, name: str, kind: ArrayType) -> Value:
        self._values[name] = Value(kind, name)
        return self._values[name]

    def _equation(self, call: ast.Call, results: Mapping[str, ArrayType]) -> Equation:
        if not isinstance(call.func, ast.Name):
            raise _refused(call, "an operation is called by its name")
        name = call.func.id
        bare = name.removesuffix("_")
        op = _HYPHENATED.get(name, bare if keyword.iskeyword(bare) else name)
        operands = tuple(self._atom(argument) for argument in call.args)
        params = {
            str(entry.arg): self._param(entry.value)
            for entry in call.keywords
            if entry.arg is not None
        }
        outputs = tuple(self._define(name, kind) for name, kind in results.items())
        return Equation(op, operands, params, outputs)

    def _atom(self, node: ast.expr) -> Atom:
        match node:
            case ast.Name(id=name):
                if name not in self._values:
                    raise _refused(node, f"{name!r} is not defined")
                return self._values[name]
            case ast.Call():
                return _read_constant(node)
            case _:
                raise _refused(node, "an operand is a name or a constant")

    def _param(self, node: ast.expr) -> Param:
        match node:
            case ast.Name(id=name) if name in self._functions:
                return self._functions[name]
            case ast.Tuple(elts=entries):
                return tuple(self._param(entry) for entry in entries)
            case ast.Call(
                func=ast.Name(id="dtype"), args=[ast.Constant(value=str(name))]
            ):
                return DType.parse(name)
            case ast.Call(func=ast.Name(id=kind), keywords=fields) if (
                kind in _DIMENSION_KINDS
            ):
                return Dimensions(
                    kind,
                    tuple(
                        (str(field.arg), ast.literal_eval(field.value))
                        for field in fields
                    ),
                )
            case ast.Constant(value=str(text)):
                return text
        value: Param = _evaluated(node)
        return value


def _read_type(node: ast.expr | None, where: ast.AST) -> ArrayType:
    match node:
        case ast.Name(id=name):
            return ArrayType(DType.parse(name), ())
        case ast.Subscript(value=ast.Name(id=name), slice=sizes):
            shape = ast.literal_eval(sizes)
            shape = shape if isinstance(shape, tuple) else (shape,)
            return ArrayType(DType.parse(name), shape)
        case ast.Constant(value=str(text)):
            name, _, sizes_text = text.removesuffix("]").partition("[")
            shape = tuple(int(size) for size in sizes_text.split(",") if size)
            triple = name.split("|")
            dtype = DType(*triple) if len(triple) == 3 else DType.parse(name)
            return ArrayType(dtype, shape)
        case _:
            raise _refused(where, "a type is written `float[2, 3]`")


def _read_constant(node: ast.Call) -> Constant:
    kind = _read_type(node.func, node)
    dtype = kind.dtype.numpy()
    if node.keywords:
        raw = base64.b64decode(ast.literal_eval(node.keywords[0].value))
        data = np.frombuffer(raw, dtype=dtype).reshape(kind.shape)
        return Constant(kind, data)
    if len(node.args) != 1 or (
        isinstance(node.args[0], ast.Constant) and (node.args[0].value is Ellipsis)
    ):
        raise _refused(node, "the elements of the constant are missing")
    data = np.array(_evaluated(node.args[0]), dtype=dtype).reshape(kind.shape)
    data.setflags(write=False)
    return Constant(kind, data)


def _evaluated(node: ast.expr) -> Any:
    """The number, or the nested list of numbers, that an expression stands for."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id="inf"):
            return math.inf
        case ast.Name(id="nan"):
            return math.nan
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluated(operand)
        case ast.List(elts=entries):
            return [_evaluated(entry) for entry in entries]
        case ast.Call(func=ast.Name(id="complex"), args=[real, imag]):
            return complex(_evaluated(real), _evaluated(imag))
        case _:
            raise _refused(node, "not a number")


def _refused(node: ast.AST, why: str) -> PartialcError:
    line = getattr(node, "lineno", None)
    return PartialcError(
        f"cannot read this part of the program text: {why}",
        where=Location("<program>", line),
        snippet=ast.unparse(node),
    )

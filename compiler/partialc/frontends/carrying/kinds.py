"""What a type checker infers for an expression, as far as that is certain.

A kind is an annotation's text (`jax.Array`, `float`, `Any`, `dict[str, jax.Array]`) or
None where the checker's own inference is not predicted.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from partialc.frontends.carrying.scopes import (
    all_arguments,
    local_names,
    own_statements,
)

ARRAY: Final = "jax.Array"
ANY: Final = "Any"
_NUMBERS: Final = ("bool", "int", "float", "complex")

_JNP_CALLS: Final = (
    *("abs", "add", "all", "any", "arange", "arccos", "arccosh", "arcsin", "arcsinh"),
    *("arctan", "arctan2", "arctanh", "array", "asarray", "atleast_1d"),
    *("broadcast_to", "cbrt", "ceil", "clip", "concatenate", "conj", "cos", "cosh"),
    *("cross", "cumprod", "cumsum", "deg2rad", "diag", "diff", "divide", "dot"),
    *("einsum", "equal", "exp", "exp2", "expand_dims", "expm1", "eye", "flip"),
    *("floor", "full", "full_like", "greater", "greater_equal", "hstack", "hypot"),
    *("identity", "imag", "inner", "interp", "isfinite", "isnan", "kron", "less"),
    *("less_equal", "linspace", "log", "log10", "log1p", "log2", "logaddexp"),
    *("logical_and", "logical_not", "logical_or", "matmul", "max", "maximum", "mean"),
    *("median", "min", "minimum", "mod", "moveaxis", "multiply", "negative", "ones"),
    *("ones_like", "outer", "pad", "polyval", "power", "prod", "ravel", "real"),
    *("reciprocal", "remainder", "repeat", "reshape", "roll", "round", "sign", "sin"),
    *("sinc", "sinh", "sort", "sqrt", "square", "squeeze", "stack", "std", "subtract"),
    *("sum", "swapaxes", "take", "tan", "tanh", "tensordot", "tile", "trace"),
    *("transpose", "tril", "triu", "true_divide", "vander", "var", "vdot", "vstack"),
    *("zeros", "zeros_like", "linalg.det", "linalg.inv", "linalg.norm"),
    *("linalg.solve"),
)
_LAX_CALLS: Final = (
    *("abs", "acos", "add", "asin", "atan", "atan2", "cos", "cosh", "div", "erf"),
    *("exp", "expm1", "integer_pow", "lgamma", "log", "log1p", "max", "min", "mul"),
    *("neg", "pow", "rem", "rsqrt", "select", "sign", "sin", "sinh", "sqrt", "sub"),
    *("tan", "tanh"),
)
_NN_CALLS: Final = ("relu", "sigmoid", "silu", "softplus", "tanh")
_SPECIAL_CALLS: Final = (
    *("betaln", "digamma", "erf", "erfc", "erfinv", "exp1", "gamma", "gammainc"),
    *("gammaincc", "gammaln", "i0", "i1", "polygamma", "zeta"),
)
_ARRAY_CALLS: Final = frozenset(
    [f"jnp.{name}" for name in _JNP_CALLS]
    + [f"lax.{name}" for name in _LAX_CALLS]
    + [f"jax.nn.{name}" for name in _NN_CALLS]
    + [f"jax.scipy.special.{name}" for name in _SPECIAL_CALLS]
)
_ARRAY_METHODS: Final = frozenset(
    {
        *("all", "any", "astype", "clip", "cumprod", "cumsum", "dot", "flatten"),
        *("max", "mean", "min", "prod", "ravel", "repeat", "reshape", "round"),
        *("squeeze", "std", "sum", "swapaxes", "transpose", "var"),
    }
)
_ARRAY_UPDATES: Final = frozenset({"add", "divide", "max", "min", "multiply", "set"})

Kind = str | None
Spelled = Callable[[ast.expr], str | None]
"""The spelling of a library object that an expression names, if it names one."""


class Kinds:
    """The kinds of expressions within one function.

    Attributes:
        names: The kinds of names in scope.
    """

    def __init__(self, names: Mapping[str, Kind], spelled: Spelled) -> None:
        self.names = dict(names)
        self._spelled = spelled

    def of(self, node: ast.expr) -> Kind:
        """The kind of an expression."""
        match node:
            case ast.Constant(
                value=bool() | int() | float() | complex() | str() as value
            ):
                return type(value).__name__
            case ast.Name(id=name):
                return self.names.get(name)
            case ast.UnaryOp(op=ast.Not()):
                return "bool"
            case ast.UnaryOp(operand=operand):
                kind = self.of(operand)
                return "int" if kind == "bool" else kind
            case ast.BinOp():
                return self.binary(node.op, self.of(node.left), self.of(node.right))
            case ast.Compare(left=left, comparators=[right]):
                first, second = self.of(left), self.of(right)
                if ANY in (first, second):
                    return ANY
                if {first, second} <= {ARRAY, *_NUMBERS} and ARRAY in (first, second):
                    return ARRAY
                return "bool" if {first, second} <= set(_NUMBERS) else None
            case ast.IfExp(body=body, orelse=orelse):
                kind = self.of(body)
                return kind if kind == self.of(orelse) else None
            case ast.Tuple(elts=elements) if elements:
                kinds = [self.of(element) for element in elements]
                return (
                    f"tuple[{', '.join(filter(None, kinds))}]" if all(kinds) else None
                )
            case ast.Dict(keys=keys, values=values) if keys:
                texts = all(key is not None and self.of(key) == "str" for key in keys)
                arrays = {self.of(value) for value in values} == {ARRAY}
                return f"dict[str, {ARRAY}]" if texts and arrays else None
            case ast.Subscript(value=value, slice=index):
                return self._subscript(self.of(value), index)
            case ast.Attribute(value=value, attr=attribute):
                return self._attribute(value, attribute)
            case ast.Call():
                return self._call(node)
            case _:
                return None

    def binary(self, op: ast.operator, left: Kind, right: Kind) -> Kind:
        """The kind of `left op right`."""
        if ANY in (left, right):
            return ANY
        if left == ARRAY:
            return ARRAY if right in (ARRAY, *_NUMBERS) else None
        if left not in _NUMBERS:
            return None
        if right == ARRAY:
            return ARRAY
        if right not in _NUMBERS or isinstance(op, ast.Pow):
            return None
        if isinstance(op, ast.Div) and "complex" not in (left, right):
            return "float"
        widest = max(_NUMBERS.index(left), _NUMBERS.index(right), 1)
        return _NUMBERS[widest]

    def element(self, iterable: ast.expr) -> Kind:
        """The kind of what a loop over an expression gives."""
        if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Name):
            return "int" if iterable.func.id == "range" else None
        kind = self.of(iterable)
        return ANY if kind in (ARRAY, ANY) else None

    def _subscript(self, kind: Kind, index: ast.expr) -> Kind:
        if kind in (ARRAY, ANY):
            return kind
        if kind is not None and kind.startswith("dict[str, "):
            return kind.removeprefix("dict[str, ").removesuffix("]")
        if kind is not None and kind.startswith("list["):
            inner = kind.removeprefix("list[").removesuffix("]")
            return None if isinstance(index, ast.Slice) else inner
        if kind == f"tuple[{ARRAY}]" or (kind or "").startswith(f"tuple[{ARRAY}, "):
            entries = (kind or "").removeprefix("tuple[").removesuffix("]").split(", ")
            if set(entries) == {ARRAY} and isinstance(index, ast.Constant):
                return ARRAY
        return None

    def _attribute(self, value: ast.expr, attribute: str) -> Kind:
        spelled = self._spelled(value)
        if spelled in ("jnp", "np", "math") and attribute in ("pi", "e", "inf", "nan"):
            return "float"
        kind = self.of(value)
        if kind == ANY:
            return ANY
        return ARRAY if kind == ARRAY and attribute in ("T", "mT") else None

    def _call(self, node: ast.Call) -> Kind:
        spelled = self._spelled(node.func)
        if spelled in _ARRAY_CALLS:
            return ARRAY
        if spelled == "jnp.where" and len(node.args) == 3:
            return ARRAY
        match node.func:
            case ast.Name(id=name):
                kind = self.names.get(name)
                prefix = "Callable[..., "
                if kind is not None and kind.startswith(prefix):
                    return kind.removeprefix(prefix).removesuffix("]")
                return ANY if kind == ANY else None
            case ast.Attribute(value=value, attr=method):
                if method in _ARRAY_UPDATES and _is_update(value):
                    base = value.value.value  # type: ignore[attr-defined]
                    return ARRAY if self.of(base) == ARRAY else None
                kind = self.of(value)
                if kind == ANY:
                    return ANY
                return ARRAY if kind == ARRAY and method in _ARRAY_METHODS else None
        return None


def _is_update(node: ast.expr) -> bool:
    """Whether an expression reads `x.at[...]`."""
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "at"
    )


def callable_kind(returns: str) -> str:
    """The kind of a function's name, given what it returns."""
    return f"Callable[..., {returns}]"


class FunctionKinds:
    """The kinds of a function's locals and of what it returns.

    Attributes:
        kinds: The kinds of all names in its scope.
        undecided: Locals that several bindings give different kinds: they are declared.
        returns: What it returns: a kind, or `Any`.
    """

    def __init__(
        self,
        node: ast.FunctionDef,
        parameters: Mapping[str, str],
        outer: Kinds,
        spelled: Spelled,
    ) -> None:
        own = local_names(node)
        around = {name: kind for name, kind in outer.names.items() if name not in own}
        self.kinds = Kinds({**around, **parameters}, spelled)
        self.undecided: set[str] = set()
        nested = {
            statement.name: callable_kind(ANY)
            for statement in own_statements(node)
            if isinstance(statement, ast.FunctionDef)
        }
        self.kinds.names |= nested
        decided: dict[str, Kind] = {}
        for _ in range(3):
            found: dict[str, list[Kind]] = {
                argument.arg: [parameters.get(argument.arg, ANY)]
                for argument in all_arguments(node.args)
            }
            for name, kind in self._bindings(node):
                found.setdefault(name, []).append(kind)
                self.kinds.names[name] = decided.get(name, kind)
            decided = {
                name: kinds[0] if len(set(kinds)) == 1 else ANY
                for name, kinds in found.items()
            }
            self.undecided = {
                name
                for name, kinds in found.items()
                if len(kinds) > 1 and (len(set(kinds)) > 1 or kinds[0] is None)
            }
            decided |= dict.fromkeys(self.undecided, ANY)
            self.kinds.names |= decided
        self.returns = self._returns(node)

    def _bindings(self, node: ast.FunctionDef) -> Iterator[tuple[str, Kind]]:
        for statement in own_statements(node):
            match statement:
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        yield from self._target(target, value)
                case ast.AnnAssign(target=ast.Name(id=name)):
                    yield name, ANY
                case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                    left = self.kinds.names.get(name)
                    yield name, self.kinds.binary(op, left, self.kinds.of(value))
                case ast.For(target=target, iter=iterable):
                    if isinstance(target, ast.Name):
                        yield target.id, self.kinds.element(iterable)
                    else:
                        yield from self._unknown(target)
                case ast.With(items=items):
                    for item in items:
                        if item.optional_vars is not None:
                            yield from self._unknown(item.optional_vars)

    def _target(self, target: ast.expr, value: ast.expr) -> Iterator[tuple[str, Kind]]:
        if isinstance(target, ast.Name):
            yield target.id, self.kinds.of(value)
        elif (
            isinstance(target, ast.Tuple)
            and isinstance(value, ast.Tuple)
            and len(target.elts) == len(value.elts)
        ):
            for inner, part in zip(target.elts, value.elts, strict=True):
                yield from self._target(inner, part)
        elif isinstance(target, ast.Tuple | ast.List) and self.kinds.of(value) in (
            ARRAY,
            ANY,
        ):
            for inner in target.elts:
                if isinstance(inner, ast.Name):
                    yield inner.id, ANY
                else:
                    yield from self._unknown(inner)
        else:
            yield from self._unknown(target)

    def _unknown(self, target: ast.expr) -> Iterator[tuple[str, Kind]]:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id, None

    def _returns(self, node: ast.FunctionDef) -> str:
        returned = [
            statement.value
            for statement in own_statements(node)
            if isinstance(statement, ast.Return)
        ]
        if not isinstance(node.body[-1], ast.Return):
            return ANY
        kinds = {None if value is None else self.kinds.of(value) for value in returned}
        (kind, *others) = kinds
        return ANY if others or kind is None else kind

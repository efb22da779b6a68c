"""What the author of a function calls its values: the names they are assigned to.

A jaxpr says of each equation which lines of the source it came from. What a statement
`name = ...` assigns is what of all that it computes is used after it, if that is one
value and computed last; what `a, b = ...` assigns are the two that are used after it.
Where a statement calls a function of the author's, all that this computes is of it too.
"""

from __future__ import annotations

import ast
import linecache
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import jax
import jax.extend.core as jex
import jaxlib

_FOREIGN: Final = tuple(
    Path(str(module)).parent
    for module in (jax.__file__, jaxlib.__file__, Path(__file__).parents[1])
)
_SINGLE: Final = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Compare, ast.Subscript)
_OF_OTHER_TIMES: Final = (ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.DictComp)
_DERIVED: Final = ("jvp", "transpose")


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement of the author's.

    Attributes:
        file: Where it stands.
        line: The line on which it begins.
        targets: The names that its values are assigned to.
        is_listed: Whether there is one expression for each of several names.
        returns: Whether its one value is returned.
    """

    file: str
    line: int
    targets: tuple[str, ...] = ()
    is_listed: bool = False
    returns: bool = False


_Stack: TypeAlias = tuple[_Statement, ...]
"""The statements that were being run, the outermost first."""


def authors_names(jaxpr: Any) -> dict[Any, str]:
    """The names of variables, as far as the author named them.

    Args:
        jaxpr: Without its constants; not one that a call holds, which JAX may have
            traced for another caller.
    """
    sources = _Sources()
    stacks = [sources.stack(eqn.source_info.traceback) for eqn in jaxpr.eqns]
    readers = _last_readers(jaxpr)
    names: dict[_Statement, list[dict[Any, str]]] = defaultdict(list)
    for last, stack in enumerate(stacks):
        after = stacks[last + 1] if last + 1 < len(stacks) else ()
        depth = _assigning(stack, after)
        if depth is None or _is_derived(jaxpr.eqns[last]):
            continue
        first = last
        while first and stacks[first - 1][:depth] == stack[:depth]:
            first -= 1
        eqns = jaxpr.eqns[first : last + 1]
        used = [
            (variable, eqn)
            for eqn in eqns
            for variable in eqn.outvars
            if readers.get(variable, -1) > last
        ]
        statement = stack[depth - 1]
        if len(used) == len(statement.targets) and (
            used[-1][1] is eqns[-1] if len(used) == 1 else _is_row(statement, used)
        ):
            found = zip(used, statement.targets, strict=True)
            names[statement].append({variable: name for (variable, _), name in found})
    return {
        variable: name
        for runs in names.values()
        if len(runs) == 1  # what runs again and again has one name for many values
        for variable, name in runs[0].items()
    }


def _is_row(statement: _Statement, used: Sequence[tuple[Any, Any]]) -> bool:
    """Whether several values are computed in the order of the names."""
    makers = {id(eqn): eqn.primitive.name for _, eqn in used}
    return statement.is_listed or len(makers) == 1 or {*makers.values()} == {"squeeze"}


def _assigning(stack: _Stack, after: _Stack) -> int | None:
    """How deep the statement is whose values an equation completes; None if none is."""
    for depth in range(len(stack), 0, -1):
        if after[:depth] == stack[:depth]:
            return None
        statement = stack[depth - 1]
        if statement.targets:
            return depth
        if not statement.returns:
            return None
    return None


def _last_readers(jaxpr: Any) -> dict[Any, int]:
    """The last equation that reads a variable; the number of all for a result."""
    readers: dict[Any, int] = {}
    groups = [eqn.invars for eqn in jaxpr.eqns] + [jaxpr.outvars]
    for at, atoms in enumerate(groups):
        readers |= {atom: at for atom in atoms if not isinstance(atom, jex.Literal)}
    return readers


def _is_derived(eqn: Any) -> bool:
    """Whether it belongs to a derivative that the function takes itself."""
    stack = str(eqn.source_info.name_stack)
    return any(f"{word}(" in stack for word in _DERIVED)


@lru_cache(maxsize=4096)
def _is_authors(file: str) -> bool:
    path = Path(file)
    return not any(path.is_relative_to(folder) for folder in _FOREIGN)


class _Sources:
    """The sources as they are now; a file may change between two traces."""

    def __init__(self) -> None:
        self._stacks: dict[Any, _Stack] = {}
        self._files: dict[str, dict[int, _Statement]] = {}

    def stack(self, traceback: Any) -> _Stack:
        """The author's statements in a traceback."""
        if traceback is None:
            return ()
        if traceback not in self._stacks:
            self._stacks[traceback] = tuple(
                self._statement(frame.file_name, frame.line_num)
                for frame in reversed(traceback.frames)
                if _is_authors(frame.file_name)
            )
        return self._stacks[traceback]

    def _statement(self, file: str, line: int) -> _Statement:
        if file not in self._files:
            linecache.checkcache(file)
            self._files[file] = _statements(file)
        return self._files[file].get(line) or _Statement(file, line)


def _statements(file: str) -> dict[int, _Statement]:
    """The innermost statement on each line of a file."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return {}
    found: dict[int, _Statement] = {}
    for node in ast.walk(tree):  # outer ones first
        if isinstance(node, ast.stmt):
            last = node.end_lineno or node.lineno
            lines = range(node.lineno, last + 1)
            found |= dict.fromkeys(lines, _told(file, node))
    return found


def _told(file: str, node: ast.stmt) -> _Statement:
    line = node.lineno
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return _Statement(file, line, (name,) if _is_single(value) else ())
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return _Statement(file, line, (name,) if _is_single(value) else ())
        case ast.AugAssign(target=ast.Name(id=name), value=value):
            return _Statement(file, line, (name,) if _is_at_once(value) else ())
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
            names = tuple(each.id for each in targets if isinstance(each, ast.Name))
            if len(names) < len(targets):
                return _Statement(file, line)
            if isinstance(value, ast.Tuple):
                is_listed = all(map(_is_single, value.elts))
                return _Statement(file, line, names if is_listed else (), is_listed)
            return _Statement(file, line, names if _is_single(value) else ())
        case ast.Return(value=ast.expr() as value):
            return _Statement(file, line, returns=_is_single(value))
        case _:
            return _Statement(file, line)


def _is_single(value: ast.expr) -> bool:
    """Whether an expression is one array as far as its text tells, computed at once."""
    return isinstance(value, _SINGLE) and _is_at_once(value)


def _is_at_once(value: ast.expr) -> bool:
    return not any(isinstance(each, _OF_OTHER_TIMES) for each in ast.walk(value))

"""What the names in a request stand for, and what of it can be differentiated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

from partialc.errors import RequestError
from partialc.ir.dtypes import DType
from partialc.ir.patterns import Pattern
from partialc.request.origin import Origin
from partialc.request.resolved import Axis, Output
from partialc.request.selection import Selection, select, text_of
from partialc.request.signature import Signature
from partialc.request.syntax import RESULT, Coordinate
from partialc.request.written import origin_of

Patterns: TypeAlias = Callable[[tuple[Output, ...], Axis, Literal[1, 2]], Pattern]
"""Finds the structural nonzeros of a Jacobian (order 1) or a Hessian (order 2).

It is given the selected outputs, what is differentiated along, and the order; of a
weighted sum it takes every weight for what may be nonzero. Rows run
over the concatenated flattening of the outputs (order 1), or of what is differentiated
along (order 2); columns over that of what is differentiated along. They depend on the
function, of which this layer knows the signature alone.
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """The function that requests are resolved against.

    Attributes:
        signature: Its arguments and result.
        load_object: Imports `pkg.mod:NAME`.
        out_is_argument: Whether `out` among the arguments of a request means an
            argument of that name: in table kernels, which name their own fields.
        patterns: Finds structural nonzeros; None where nothing can.
    """

    signature: Signature
    load_object: Callable[[str], Any]
    out_is_argument: bool
    patterns: Patterns | None = None

    def argument(self, node: Coordinate) -> Selection:
        """Look up a part of an argument.

        Raises:
            RequestError: There is no such argument, key or index.
        """
        arguments = self.signature.arguments
        if node.name not in arguments:
            raise self._unknown(node)
        if node.name == RESULT and not self.out_is_argument:
            raise origin_of(node).fault(
                f"{RESULT} is an argument of {self.signature.name} and also stands for "
                "its result",
                fix="name the fields yourself, in a table: "
                '{ d_out = "partial(out[0])" }; there it means the argument',
            )
        return select(
            node, arguments[node.name], self.signature.leaf_numbers(node.name).start
        )

    def wrt(self, node: Coordinate) -> Selection:
        """Look up a part of an argument that is to be differentiated.

        Raises:
            RequestError: The same, or it has no floating-point element.
        """
        found = self.argument(node)
        for type_ in found.types:
            if type_.dtype.is_complex:
                raise _complex(origin_of(node), f"{node} holds complex numbers")
        if not found.differentiable:
            kinds = sorted({kind_text(type_.dtype) for type_ in found.types})
            raise origin_of(node).fault(
                f"{node} cannot be differentiated: it holds {' and '.join(kinds)}"
                if kinds
                else f"{node} cannot be differentiated: it holds no arrays",
                fix=_floating(self.signature),
            )
        return found

    def whole(self, node: Coordinate, keyword: str) -> Selection:
        """Look up an argument that a direction is given for: all of it.

        Raises:
            RequestError: The same, or it is only a part of an argument.
        """
        found = self.wrt(node)
        if node.steps:
            raise origin_of(node).fault(
                f"{keyword} takes a whole argument, not {node}",
                why=f"the direction {node.name}_tangent has the shape of {node.name}",
                fix=f"write {keyword}({node.name}), and give a tangent that is zero "
                "elsewhere",
            )
        return found

    def result(self, node: Coordinate) -> Selection:
        """Look up a part of the result.

        Raises:
            RequestError: It is a part of something else, or not there.
        """
        if node.name != RESULT:
            raise origin_of(node).fault(
                f"{node} is no part of the result",
                fix=f"outputs are parts of {RESULT}: {RESULT}[0], ...",
            )
        return select(node, self.signature.result, 0)

    def some_scalar(self, output: Selection) -> str:
        """One element of what is selected, as a request would name it."""
        leaves = self.signature.result.leaves
        first = min(output.coordinates, key=lambda each: len(each.shape))
        index = [
            entry.start if isinstance(entry, slice) else entry for entry in first.index
        ]
        subscript = f"[{', '.join(map(str, index))}]" if index else ""
        return f"{RESULT}{text_of(leaves[first.leaf])}{subscript}"

    def output(self, of: Coordinate | None, request: Origin) -> Selection:
        """Look up what of the result is differentiated.

        Args:
            of: The `of=` of the request.
            request: What an error points at when there is no `of=`.

        Raises:
            RequestError: The same, or a part of it is not floating point.
        """
        node = of or Coordinate(RESULT, origin=request)
        found, origin = self.result(node), origin_of(node)
        for each, type_ in zip(found.coordinates, found.types, strict=True):
            leaf = RESULT + text_of(self.signature.result.leaves[each.leaf])
            if type_.dtype.is_complex:
                raise _complex(origin, f"the output {leaf} is complex")
            if not type_.dtype.is_float:
                raise origin.fault(
                    f"the output {leaf} cannot be differentiated: it holds "
                    f"{kind_text(type_.dtype)}",
                    fix=self._leave_out(),
                )
        if not found.coordinates:
            raise origin.fault(f"{found.node} holds no arrays")
        return found

    def _leave_out(self) -> str:
        for leaf in self.signature.result.leaves:
            if leaf.type.dtype.is_float:
                return f"leave it out: of={RESULT}{text_of(leaf)}"
        return f"{self.signature.name} has no floating-point output"

    def _unknown(self, node: Coordinate) -> RequestError:
        function, arguments = self.signature.name, list(self.signature.arguments)
        if node.name == RESULT:
            return origin_of(node).fault(
                f"{node} is a part of the result, not of an argument",
                fix=f"select outputs by keyword: of={node}",
            )
        near = get_close_matches(node.name, arguments, n=1)
        origin = origin_of(node)
        return replace(origin, stop=origin.start + len(node.name)).fault(
            f"{function} has no argument {node.name!r}",
            why=f"its arguments are {', '.join(arguments)}"
            if arguments
            else "it has no arguments",
            fix=f"did you mean {near[0]}?" if near else None,
        )


def _complex(origin: Origin, what: str) -> RequestError:
    return origin.fault(
        what,
        why="derivatives of complex quantities (holomorphic or not) are not offered",
        fix="pass and return real and imaginary parts as arrays of their own",
    )


def kind_text(dtype: DType) -> str:
    """What an array of a type holds, for errors: `integers`, `random keys`."""
    if dtype.is_integer:
        return "integers"
    if dtype.is_bool:
        return "truth values"
    if dtype.is_key:
        return "random keys"
    return f"{dtype} elements"


def _floating(signature: Signature) -> str:
    names = [
        name
        for name, tree in signature.arguments.items()
        if any(leaf.type.dtype.is_float for leaf in tree.leaves)
    ]
    if not names:
        return "give the argument a floating-point type in args, such as float[5]"
    return f"differentiate along floating-point arguments: {', '.join(names)}"

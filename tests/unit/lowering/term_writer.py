"""Terms of three elements, built and shown."""

from __future__ import annotations

from partialc.ir.program import Value
from partialc.ir.text import parse
from partialc.lowering.scalar.algebra import Algebra
from partialc.lowering.scalar.program import Assembled, ScalarProgram
from partialc.lowering.scalar.terms import Term, Terms


class Writer:
    """Builds terms of three elements and shows what becomes of them."""

    def __init__(self) -> None:
        function = parse("def f(x: float, y: float, z: float):\n    return x\n")
        self.algebra = Algebra(Terms())
        self.inputs = function.inputs
        self.x, self.y, self.z = map(self.element, self.inputs)
        self.dtype = self.x.dtype

    def element(self, value: Value) -> Term:
        return self.algebra.terms.element(value, 0)

    def __call__(
        self,
        op: str,
        *args: Term | float,
        y: int | None = None,
        strict: bool = False,
    ) -> Term:
        terms = [
            arg if isinstance(arg, Term) else self.algebra.terms.scalar(arg, self.dtype)
            for arg in args
        ]
        params = {} if y is None else {"y": y}
        operation = self.algebra.terms.operation
        return operation(op, terms, self.dtype, params, strict=strict)

    def program(self, *roots: Term) -> ScalarProgram:
        kind = self.inputs[0].type
        outputs = tuple(Assembled(kind, (root,)) for root in roots)
        return ScalarProgram(outputs, {})

    def text(self, term: Term) -> str:
        if term.array is not None:
            return "xyz"[self.inputs.index(term.array)]
        if term.constant is not None:
            return f"{term.number:g}"
        inner = ", ".join(map(self.text, term.args))
        power = f", {term.params['y']}" if "y" in term.params else ""
        return f"{term.op}({inner}{power})"

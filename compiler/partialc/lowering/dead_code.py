"""Drop what no result depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeAlias, TypeVar

from partialc.ir.program import Equation, Function, Param, Value
from partialc.ir.rewrite import map_functions
from partialc.lowering.passes import Grade, Pass

Mask: TypeAlias = tuple[bool, ...]
_Entry = TypeVar("_Entry")


def dead_code(function: Function) -> Function:
    """Drop equations, and results of calls and control flow, that nothing needs.

    A carried value of a loop is needed if its final value is, if the condition reads
    it, or if the next round of another needed value does. Operations are pure. The
    inputs and outputs of the function itself stay; custom calls keep all their
    results, because their rules are written for them.
    """
    return _Pruner().whole(function)


DEAD_CODE: Final = Pass("dead_code", Grade.BITWISE, dead_code)


class _Pruner:
    """Restricts functions to the outputs somebody needs; remembers what it did."""

    def __init__(self) -> None:
        self._done: dict[tuple[int, Mask], tuple[Function, Function, Mask]] = {}

    def pruned(self, function: Function, needed: Mask) -> tuple[Function, Mask]:
        """The function with the needed outputs only, and which inputs it reads.

        It still takes all inputs.
        """
        key = (id(function), needed)
        if key not in self._done:
            self._done[key] = function, *self._new(function, needed)
        return self._done[key][1:]

    def fitted(self, function: Function, needed: Mask, inputs: Mask) -> Function:
        """The pruned function that takes only the inputs chosen."""
        body, _ = self.pruned(function, needed)
        return replace(body, inputs=_chosen(body.inputs, inputs))

    def _new(self, function: Function, needed: Mask) -> tuple[Function, Mask]:
        outputs = _chosen(function.outputs, needed)
        live = {atom for atom in outputs if isinstance(atom, Value)}
        kept: list[Equation] = []
        for equation in reversed(function.equations):
            mask = tuple([value in live for value in equation.outputs])
            if True not in mask:
                continue
            kept.append(self._equation(equation, mask))
            live.update([a for a in kept[-1].inputs if isinstance(a, Value)])
        used = tuple(value in live for value in function.inputs)
        return replace(function, equations=tuple(reversed(kept)), outputs=outputs), used

    def _equation(self, equation: Equation, needed: Mask) -> Equation:
        match equation.op:
            case "call" | "remat":
                return self._call(equation, needed)
            case "cond":
                return self._cond(equation, needed)
            case "scan":
                return self._scan(equation, needed)
            case "while":
                return self._while(equation, needed)
            case _:
                return map_functions(equation, self.whole)

    def whole(self, function: Function) -> Function:
        """The function with all its inputs and outputs, dead code dropped."""
        return self.pruned(function, (True,) * len(function.outputs))[0]

    def _call(self, equation: Equation, needed: Mask) -> Equation:
        callee = _function(equation.params["function"])
        _, used = self.pruned(callee, needed)
        return replace(
            equation,
            inputs=_chosen(equation.inputs, used),
            params={**equation.params, "function": self.fitted(callee, needed, used)},
            outputs=_chosen(equation.outputs, needed),
        )

    def _cond(self, equation: Equation, needed: Mask) -> Equation:
        listed = equation.params["branches"]
        assert isinstance(listed, tuple)
        branches = [_function(branch) for branch in listed]
        used = _either(*(self.pruned(branch, needed)[1] for branch in branches))
        fitted = tuple(self.fitted(branch, needed, used) for branch in branches)
        index, *operands = equation.inputs
        return replace(
            equation,
            inputs=(index, *_chosen(operands, used)),
            params={**equation.params, "branches": fitted},
            outputs=_chosen(equation.outputs, needed),
        )

    def _scan(self, equation: Equation, needed: Mask) -> Equation:
        body = _function(equation.params["function"])
        constants = _count(equation.params["num_consts"])
        carried = _count(equation.params["num_carry"])
        while True:
            _, used = self.pruned(body, needed)
            carry_used = used[constants : constants + carried]
            wanted = (*_either(needed[:carried], carry_used), *needed[carried:])
            if wanted == needed:
                break
            needed = wanted
        carry = needed[:carried]
        inputs = (*used[:constants], *carry, *used[constants + carried :])
        return replace(
            equation,
            inputs=_chosen(equation.inputs, inputs),
            params={
                **equation.params,
                "function": self.fitted(body, needed, inputs),
                "num_consts": sum(used[:constants]),
                "num_carry": sum(carry),
            },
            outputs=_chosen(equation.outputs, needed),
        )

    def _while(self, equation: Equation, needed: Mask) -> Equation:
        cond = _function(equation.params["cond_function"])
        body = _function(equation.params["body_function"])
        for_cond = _count(equation.params["cond_nconsts"])
        for_body = _count(equation.params["body_nconsts"])
        _, read = self.pruned(cond, (True,))
        needed = _either(needed, read[for_cond:])
        while True:
            _, used = self.pruned(body, needed)
            wanted = _either(needed, used[for_body:])
            if wanted == needed:
                break
            needed = wanted
        inputs = (*read[:for_cond], *used[:for_body], *needed)
        return replace(
            equation,
            inputs=_chosen(equation.inputs, inputs),
            params={
                **equation.params,
                "cond_function": self.fitted(
                    cond, (True,), (*read[:for_cond], *needed)
                ),
                "body_function": self.fitted(body, needed, (*used[:for_body], *needed)),
                "cond_nconsts": sum(read[:for_cond]),
                "body_nconsts": sum(used[:for_body]),
            },
            outputs=_chosen(equation.outputs, needed),
        )


def _chosen(entries: Sequence[_Entry], mask: Mask) -> tuple[_Entry, ...]:
    return tuple(entry for entry, keep in zip(entries, mask, strict=True) if keep)


def _either(*masks: Mask) -> Mask:
    return tuple(any(column) for column in zip(*masks, strict=True))


def _function(param: Param) -> Function:
    assert isinstance(param, Function)
    return param


def _count(param: Param) -> int:
    assert isinstance(param, int)
    return param

"""Names by role, never by a running number.

The name of a value is made from its own operation and operands, to a bounded depth, so
that it stays the same whatever happens elsewhere in the function: `sin_q2` for
`jnp.sin(q[2])`, `x0_x7` for `x[0] * x[7]`. When two values would share a name, more of
their operands is told; when that does not tell them apart either, a few letters drawn
from the structure around the value do.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from partialc.ir.agreement import width
from partialc.ir.program import Atom, Constant, Equation, Function, Param, Value
from partialc.ir.structure import constant_key, equation_key
from partialc.printing.names import identifier
from partialc.printing.tables import MANY
from partialc.printing.words import (
    BY_NUMBER,
    INFIX,
    JOINING,
    RESULTS,
    TIMES,
    TRANSPARENT,
    WORDS,
)

ENTRIES: Final = "entries"
"""What an array is called that many scalars were put into."""

Tokens: TypeAlias = tuple[str, ...]

_LONGEST: Final = 28
_LONGEST_NUMBER: Final = 5
_LONG_AXIS: Final = 16
"""Parts of axes that are longer are not named by their numbers."""


class Labels:
    """What to call values, told from how they are computed."""

    def __init__(self) -> None:
        self._definitions: dict[Value, tuple[Equation, int]] = {}
        self._tokens: dict[Value, Tokens] = {}
        self._preferred: dict[Value, str] = {}
        self._known: dict[Value, str] = {}
        self._keys: dict[Equation, str] = {}

    def prefer(self, value: Value, name: str) -> None:
        """Call a value by a name that is known from outside, if it needs one."""
        self._preferred.setdefault(value, name)

    def know(self, value: Value, name: str) -> None:
        """Learn what the author of the source calls a value."""
        self._known[value] = name

    def define(self, function: Function) -> None:
        """Learn how the values of a function are computed."""
        for equation in function.equations:
            for number, value in enumerate(equation.outputs):
                self._definitions[value] = equation, number

    def give(self, value: Value, name: str) -> None:
        """Learn the name of an input."""
        self._tokens[value] = (name,)

    def candidates(self, value: Value) -> Iterator[str]:
        """Names for a value, the shortest first, ever more telling ones after it."""
        if value in self._preferred:
            yield identifier(self._preferred[value])
        called = self._called(value)
        if called is not None:
            yield called
        short = "_".join(self.tokens(value))
        yield identifier(short)
        definition = self._definitions.get(value)
        if definition is None:
            return
        longer = _joined(self._described(*definition, detail=3), 40)
        if longer != short:
            yield identifier(longer)
        numbers = _flat(map(_number, definition[0].inputs))
        if numbers and definition[0].op not in (*INFIX, "stack"):
            yield identifier("_".join((short, *numbers)))
        for depth in (2, 4, 8):
            code = _letters(self._structure(value, depth))
            yield identifier(f"{short}_{code[:3]}")

    def _called(self, value: Value) -> str | None:
        """The author's name for a value."""
        found = self._known.get(value, value.hint)
        return None if found is None else identifier(found)

    def tokens(self, atom: Atom, count: int | None = None) -> Tokens:
        """The words of an atom's short name, at most `count` of them."""
        if isinstance(atom, Constant):
            return ()
        known = self._tokens.get(atom)
        if known is None:
            known = self._new_tokens(atom)
            self._tokens[atom] = known
        return known if count is None else known[:count]

    def _new_tokens(self, value: Value) -> Tokens:
        called = self._called(value)
        if called is not None:
            return (called,)
        definition = self._definitions.get(value)
        if definition is None:
            return ("value",)
        self._prepare(value)
        equation, number = definition
        for detail in (2, 1):
            tokens = _once(self._described(equation, number, detail))
            if width("_".join(tokens)) <= _LONGEST:
                break
        return tokens

    def _prepare(self, value: Value) -> None:
        """Name what a value is made of first, without recursion."""
        pending = [value]
        while pending:
            current = pending[-1]
            definition = self._definitions.get(current)
            missing = [
                atom
                for atom in (definition[0].inputs if definition else ())
                if isinstance(atom, Value)
                and atom not in self._tokens
                and atom in self._definitions
            ]
            if missing:
                pending.extend(missing)
                continue
            pending.pop()
            if current is not value and current not in self._tokens:
                self._tokens[current] = self._new_tokens(current)

    def _described(self, equation: Equation, number: int, detail: int) -> Tokens:
        op = equation.op
        operands = [_core(self.tokens(atom))[:detail] for atom in equation.inputs]
        told = [tokens for tokens in operands if tokens]
        full = detail > 2
        if op in RESULTS and number < len(RESULTS[op]):
            return (RESULTS[op][number], *_flat(told[:1]))
        if op == "index":
            return self._indexed(equation, full=full)
        if op in INFIX and len(operands) == 2:
            if full:
                told = [
                    tokens or _number(atom)
                    for tokens, atom in zip(operands, equation.inputs, strict=True)
                ]
                infix = INFIX[op] or (("times",) if _has_constant(equation) else ())
            else:
                infix = INFIX[op]
            if len(told) == 2:
                return (*told[0], *infix, *told[1])
            if told and not full:
                return (*_by_number(equation), *told[0])
            return _flat(told) or infix or (op,)
        if op == "broadcast_in_dim" and not told:
            return ("full", *_number(equation.inputs[0]))
        if op == "unstack":
            stacked = self._stacked(equation.inputs[0], number)
            if stacked is not None:
                return (*self.tokens(stacked)[:3], "kept")
            return self._element(equation.inputs[0], number)
        if op in ("stack", "concatenate") and self._is_table(equation):
            return (ENTRIES,)
        if op in TRANSPARENT and told and not full:
            return self.tokens(equation.inputs[0])
        if op == "integer_pow" and told:
            power = str(equation.params["y"]).replace("-", "inv")
            return (*told[0], f"pow{power}")
        if op == "square" and told:
            return (*told[0], "squared")
        if op in ("scan", "while"):
            return self._looped(equation, number)
        word: Tokens = (_word(equation),)
        if op == "sqrt" and self._is_reciprocal(equation.inputs[0]):
            word = ("inverse", *word)
        if len(equation.outputs) > 1:
            word = (*word, str(number))
        if len(told) == 1 and detail > 1:
            return (*word, *_core(self.tokens(_first_value(equation)))[:3])
        return (*word, *_flat(told[: 3 if full else 2]))

    def _is_table(self, equation: Equation) -> bool:
        """Whether it lists many scalars, so that its parts do not tell what it is."""
        if equation.op == "concatenate":
            return any(ENTRIES in self.tokens(atom) for atom in equation.inputs)
        kind = equation.outputs[0].type
        if kind.size < MANY or equation.inputs[0].type.ndim != kind.ndim - 1:
            return False
        for atom in equation.inputs:
            if not atom.type.shape:
                continue
            row = self._definitions.get(atom) if isinstance(atom, Value) else None
            if row is None or row[0].op != "stack":
                return False
        return True

    def _is_reciprocal(self, atom: Atom) -> bool:
        """Whether an atom is called the inverse of something."""
        definition = self._definitions.get(atom) if isinstance(atom, Value) else None
        return definition is not None and (
            definition[0].op == "div" and _by_number(definition[0]) == ("inverse",)
        )

    def _stacked(self, atom: Atom, number: int) -> Value | None:
        """What was stacked as entry `number` of an array."""
        definition = self._definitions.get(atom) if isinstance(atom, Value) else None
        if definition is None:
            return None
        equation, _ = definition
        if equation.op == "optimization_barrier":
            return self._stacked(equation.inputs[0], number)
        found = equation.inputs[number] if equation.op == "stack" else None
        return found if isinstance(found, Value) else None

    def _element(self, atom: Atom, number: int) -> Tokens:
        """One element of a vector, or of a part of one that is taken apart: `x0`."""
        definition = self._definitions.get(atom) if isinstance(atom, Value) else None
        if definition is not None and definition[0].op == "index":
            index = definition[0].params["index"]
            part = index[0] if isinstance(index, tuple) and len(index) == 1 else None
            if isinstance(part, tuple) and part[2] == 1:
                assert isinstance(part[0], int)
                return self._element(definition[0].inputs[0], part[0] + number)
        if definition is not None and definition[0].op in TRANSPARENT:
            return self._element(definition[0].inputs[0], number)
        base = _core(self.tokens(atom, 3)) or ("value",)
        if len(base) == 1 and not base[0][-1].isdigit():
            return (f"{base[0]}{number}",)
        return (*base, str(number))

    def _looped(self, equation: Equation, number: int) -> Tokens:
        """A loop's last state is named after its first, its rows after the body's."""
        body = equation.params.get("function", equation.params.get("body_function"))
        assert isinstance(body, Function)
        closed, carried = _counts(equation)
        if number < carried:
            hint = body.inputs[len(body.inputs) - _given(equation) + number].hint
            start = self.tokens(equation.inputs[closed + number])
            words = (identifier(hint),) if hint else _core(start)[:2]
            return ("final", *(words or ("carry", str(number))))
        row = body.outputs[number]
        for value in body.inputs:
            self._tokens.setdefault(value, (identifier(value.hint or "state"),))
        self.define(body)
        return (*(_core(self.tokens(row))[:2] or ("row",)), "steps")

    def _indexed(self, equation: Equation, *, full: bool) -> Tokens:
        """`x[0]` is `x0`, `x[1:3]` is `x_1to3`; `x[None]` is `x`, in full `x_2d`.

        Of a long axis, `x[1:]` is `x_tail`.
        """
        base = self.tokens(equation.inputs[0], 3) or ("array",)
        entries = equation.params["index"]
        shape = equation.inputs[0].type.shape
        words: list[str] = []
        axis = 0
        for entry in entries if isinstance(entries, tuple) else ():
            if isinstance(entry, int):
                words.append(str(entry))
            if isinstance(entry, tuple) and entry != (0, shape[axis], 1):
                words.append(_part(entry, shape[axis], full=full))
            axis += entry is not None
        if not words:
            return (*base, f"{equation.outputs[0].type.ndim}d") if full else base
        if len(base) == 1 and words[0].isdigit() and not base[0][-1].isdigit():
            return (f"{base[0]}{'_'.join(words)}",)
        return (*base, *words)

    def _structure(self, atom: Atom, depth: int) -> str:
        """A text that equal computations share, to a bounded depth."""
        if isinstance(atom, Constant):
            return hashlib.sha256(constant_key(atom)).hexdigest()
        definition = self._definitions.get(atom)
        if definition is None or depth == 0:
            return "_".join(self.tokens(atom))
        equation, number = definition
        inner = [self._structure(operand, depth - 1) for operand in equation.inputs]
        key = self._keys.get(equation)
        if key is None:
            key = self._keys[equation] = str(equation_key(equation))
        return f"{key}{number}({','.join(inner)})"


def _word(equation: Equation) -> str:
    """The word for an operation; a call's is the name of its function."""
    callee = equation.params.get("function")
    if equation.op.startswith("custom_j") or equation.op.startswith("custom_v"):
        return callee.name.strip("_") if isinstance(callee, Function) else "custom"
    given = equation.params.get("word")
    return str(given or WORDS.get(equation.op) or equation.op.replace("-", "_"))


def _once(tokens: Tokens) -> Tokens:
    """Scaled and scaled again is scaled."""
    pairs = zip(("", *tokens), tokens, strict=False)
    return tuple(
        token for last, token in pairs if token != last or token not in BY_NUMBER
    )


def _core(tokens: Tokens) -> Tokens:
    """The words that name something, without those that join them."""
    return tuple(token for token in tokens if token not in JOINING) or tokens


def _counts(equation: Equation) -> tuple[int, int]:
    """How many operands a loop closes over, and how many it carries."""
    params = equation.params
    if equation.op == "while":
        carried = len(equation.outputs)
        return len(equation.inputs) - carried, carried
    counts = params["num_consts"], params["num_carry"]
    closed, carried = (count for count in counts if isinstance(count, int))
    return closed, carried


def _given(equation: Equation) -> int:
    """How many of the inputs of a loop's body are not closed over."""
    return len(equation.inputs) - _counts(equation)[0]


def _first_value(equation: Equation) -> Value:
    return next(atom for atom in equation.inputs if isinstance(atom, Value))


def _flat(told: Iterable[Tokens]) -> Tokens:
    return tuple(token for tokens in told for token in tokens)


def _joined(tokens: Tokens, longest: int) -> str:
    text = "_".join(tokens)
    while width(text) > longest and len(tokens) > 1:
        tokens = tokens[:-1]
        text = "_".join(tokens)
    return text


def _part(bounds: tuple[Param, ...], size: int, *, full: bool) -> str:
    """A slice as a word; of a long axis it is the same whatever the length.

    Args:
        bounds: Start, stop and step.
        size: The axis' length.
        full: Whether to tell how much of a long axis is left out.
    """
    start, stop, step = bounds
    assert isinstance(stop, int)
    stride = "" if step == 1 else f"by{step}"
    if size <= _LONG_AXIS:
        return f"{start}to{stop}{stride}"
    left = [each for each in (start, size - stop) if each] if full else []
    if start == 0:
        word = "head" if stop < size else ""
    else:
        word = "tail" if stop == size else "inner"
    return word + "_".join(map(str, left)) + stride


def _has_constant(equation: Equation) -> bool:
    return any(isinstance(atom, Constant) for atom in equation.inputs)


def _by_number(equation: Equation) -> Tokens:
    """What a number does to the other operand: `twice`, `scaled`, `shifted`."""
    first, second = equation.inputs
    number = first if isinstance(first, Constant) else second
    if not isinstance(number, Constant):
        return ()
    match equation.op:
        case "mul":
            factor = number.data.item() if number.type.size == 1 else None
            return (TIMES.get(factor, "scaled"),)
        case "div":
            return ("inverse" if number is first else "scaled",)
        case "add" | "add_any" | "sub":
            return ("shifted",)
        case _:
            return INFIX[equation.op]


def _number(atom: Atom) -> Tokens:
    """A number as a word: `2`, `0p5`, `neg3`."""
    if not isinstance(atom, Constant) or atom.type.shape:
        return ()
    text = str(atom.data.item()).replace("-", "neg").replace("+", "")
    whole = text.removesuffix(".0")
    word = re.sub(r"\W", "p", whole)
    return (word,) if width(whole) <= _LONGEST_NUMBER else ()


def _letters(text: str) -> str:
    """A few letters that stand for a text; vowels are left out, so no words arise."""
    digits = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    letters = "bcdfghjkmnpqrstvwxz"
    code = ""
    for _ in range(6):
        digits, place = divmod(digits, len(letters))
        code += letters[place]
    return code

"""Random well-formed programs, drawn by Hypothesis."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from partialc.ir.dtypes import BOOL, DEFAULT_INT, DType
from partialc.ir.program import ArrayType, Atom, Constant, Equation, Function, Value

FLOAT = DType.parse("float")
SHAPES = ((), (3,), (2, 3))
SPECIAL = (0.0, -0.0, 1.0, -1.5, 0.1, 3.0, np.inf, -np.inf, np.nan, 1e30, 7e-39)
UNARY = ("neg", "sin", "exp", "log", "abs", "floor", "sqrt", "sign", "square")
BINARY = ("add", "sub", "mul", "div", "max", "min")
EXPONENTS = (0.5, 1.5, -0.5, 2.0, 2.7, 0.7, -3.0)
INTEGER = ("add", "sub", "mul", "max", "min", "and", "xor")
INDEXING = ("iota", "broadcast", "rev", "slice", "reshape", "pad", "concatenate")
COMPARISONS = ("lt", "le", "eq", "ne", "gt")


class Builder:
    """Grows one function; every step appends an equation."""

    def __init__(self, data, inputs, depth):
        self.data = data
        self.depth = depth
        self.inputs = tuple(Value(kind) for kind in inputs)
        self.atoms: list[Atom] = list(self.inputs)
        self.equations: list[Equation] = []

    def pick(self, options):
        return self.data.draw(st.sampled_from(list(options)))

    def atom(self, dtype, shape):
        """A value of a type, or a constant."""
        kind = ArrayType(dtype, shape)
        known = [atom for atom in self.atoms if atom.type == kind]
        if known and self.data.draw(st.integers(0, 3)):
            return self.pick(known)
        return self.constant(kind)

    def constant(self, kind):
        if kind.dtype.is_bool:
            elements = st.booleans()
        elif kind.dtype.is_integer:
            elements = st.integers(-5, 5)
        else:
            elements = st.sampled_from(SPECIAL)
        size = kind.size
        drawn = self.data.draw(st.lists(elements, min_size=size, max_size=size))
        data = np.array(drawn, dtype=kind.dtype.numpy()).reshape(kind.shape)
        return Constant(kind, data)

    def emit(self, op, inputs, params, *types):
        outputs = tuple(Value(kind) for kind in types)
        self.equations.append(Equation(op, tuple(inputs), params, outputs))
        self.atoms.extend(outputs)
        return outputs

    def step(self):
        steps = [
            self.unary,
            self.binary,
            self.binary,
            self.power,
            self.integer,
            self.comparison,
            self.select,
            self.indexing,
            self.reduction,
            self.conversion,
            self.repeat,
            self.vanishing,
        ]
        if self.depth:
            steps += [self.call, self.cond, self.scan, self.loop]
        self.pick(steps)()

    def shape(self):
        return self.pick(SHAPES)

    def unary(self):
        shape = self.shape()
        x = self.atom(FLOAT, shape)
        self.emit(self.pick(UNARY), [x], {}, ArrayType(FLOAT, shape))

    def binary(self):
        shape = self.shape()
        x, y = self.atom(FLOAT, shape), self.atom(FLOAT, self.pick([shape, ()]))
        pair = self.pick([(x, y), (y, x)])
        self.emit(self.pick(BINARY), pair, {}, ArrayType(FLOAT, shape))

    def power(self):
        shape = self.shape()
        x, number = self.atom(FLOAT, shape), self.pick(EXPONENTS)
        exponent = Constant.of(ArrayType(FLOAT, ()), number)
        self.emit("pow", [x, exponent], {}, ArrayType(FLOAT, shape))

    def vanishing(self):
        """exp(x) - 1 or log(1 + x)."""
        shape = self.shape()
        kind, one = ArrayType(FLOAT, shape), Constant.of(ArrayType(FLOAT, ()), 1.0)
        x = self.atom(FLOAT, shape)
        if self.pick([True, False]):
            (x,) = self.emit("exp", [x], {}, kind)
            self.emit("sub", self.pick([(x, one), (one, x)]), {}, kind)
        else:
            (x,) = self.emit("add", [x, one], {}, kind)
            self.emit("log", [x], {}, kind)

    def integer(self):
        shape = self.shape()
        x, y = self.atom(DEFAULT_INT, shape), self.atom(DEFAULT_INT, shape)
        self.emit(self.pick(INTEGER), [x, y], {}, ArrayType(DEFAULT_INT, shape))

    def comparison(self):
        shape, dtype = self.shape(), self.pick([FLOAT, DEFAULT_INT])
        x, y = self.atom(dtype, shape), self.atom(dtype, shape)
        self.emit(self.pick(COMPARISONS), [x, y], {}, ArrayType(BOOL, shape))

    def select(self):
        shape = self.shape()
        which = self.atom(BOOL, self.pick([shape, ()]))
        x, y = self.atom(FLOAT, shape), self.atom(FLOAT, shape)
        self.emit("select_n", [which, x, y], {}, ArrayType(FLOAT, shape))

    def conversion(self):
        shape = self.shape()
        source = self.pick([BOOL, DEFAULT_INT, FLOAT])
        target = self.pick([FLOAT, DType.parse("float32"), DType.parse("int32")])
        if source is FLOAT and target.is_integer:
            target = FLOAT
        x = self.atom(source, shape)
        kind = ArrayType(target, shape)
        self.emit("convert_element_type", [x], {"new_dtype": target}, kind)

    def indexing(self):
        dtype = self.pick([FLOAT, DEFAULT_INT])
        vector, matrix = ArrayType(dtype, (3,)), ArrayType(dtype, (2, 3))
        match self.pick(INDEXING):
            case "iota":
                shape = self.pick([(3,), (2, 3)])
                params = {
                    "dimension": len(shape) - 1,
                    "dtype": DEFAULT_INT,
                    "shape": shape,
                }
                self.emit("iota", [], params, ArrayType(DEFAULT_INT, shape))
            case "broadcast":
                axes = self.pick([(), (1,)])
                x = self.atom(dtype, (3,) if axes else ())
                params = {"broadcast_dimensions": axes, "shape": (2, 3)}
                self.emit("broadcast_in_dim", [x], params, matrix)
            case "rev":
                x = self.atom(dtype, (2, 3))
                axes = self.pick([(), (0,), (0, 1)])
                self.emit("rev", [x], {"dimensions": axes}, matrix)
            case "slice":
                row = self.pick([0, 1])
                params = {
                    "start_indices": (row, 0),
                    "limit_indices": (row + 1, 3),
                    "strides": None,
                }
                x = self.atom(dtype, (2, 3))
                (y,) = self.emit("slice", [x], params, ArrayType(dtype, (1, 3)))
                self.emit("squeeze", [y], {"dimensions": (0,)}, vector)
            case "reshape":
                x = self.atom(dtype, (2, 3))
                permuted = ArrayType(dtype, (3, 2))
                (y,) = self.emit("transpose", [x], {"permutation": (1, 0)}, permuted)
                params = {"dimensions": None, "new_sizes": (2, 3)}
                self.emit("reshape", [y], params, matrix)
            case "pad":
                x, filling = self.atom(dtype, (3,)), self.atom(dtype, ())
                config = self.pick([((0, 0, 0),), ((1, -1, 0),), ((-1, 1, 0),)])
                self.emit("pad", [x, filling], {"padding_config": config}, vector)
            case "concatenate":
                rows = [self.atom(dtype, (3,)) for _ in range(2)]
                flat = ArrayType(dtype, (6,))
                (y,) = self.emit("concatenate", rows, {"dimension": 0}, flat)
                params = {"dimensions": None, "new_sizes": (2, 3)}
                self.emit("reshape", [y], params, matrix)

    def first_row(self, x):
        """The first row of a matrix; anything else as it is."""
        if x.type.shape != (2, 3):
            return x
        corners = {"start_indices": (0, 0), "limit_indices": (1, 3), "strides": None}
        return self.emit("slice", [x], corners, ArrayType(x.type.dtype, (1, 3)))[0]

    def reduction(self):
        axes = self.pick([(), (0,), (1,), (0, 1)])
        left = tuple(size for axis, size in enumerate((2, 3)) if axis not in axes)
        op = self.pick(["reduce_sum", "reduce_max", "reduce_min", "reduce_prod"])
        dtype = self.pick([FLOAT, DEFAULT_INT])
        params = {"axes": axes}
        self.emit(op, [self.atom(dtype, (2, 3))], params, ArrayType(dtype, left))

    def repeat(self):
        """An equation that is there already, perhaps with its operands swapped."""
        plain = [e for e in self.equations if e.op in BINARY + UNARY]
        if plain:
            first = self.pick(plain)
            inputs = self.pick([first.inputs, first.inputs[::-1]])
            self.emit(first.op, inputs, first.params, first.outputs[0].type)

    def held(self, inputs, outputs, name):
        """A function of given input types and `(dtype, shape)` results."""
        builder = Builder(self.data, inputs, self.depth - 1)
        for _ in range(self.data.draw(st.integers(1, 4))):
            builder.step()
        results = tuple(builder.atom(*kind) for kind in outputs)
        return Function(name, builder.inputs, tuple(builder.equations), results)

    def call(self):
        operands = [self.atom(FLOAT, self.shape()) for _ in range(2)]
        kinds = [(FLOAT, self.shape()) for _ in range(2)]
        callee = self.held([atom.type for atom in operands], kinds, "callee")
        types = [ArrayType(*kind) for kind in kinds]
        match self.pick(["call", "remat", "custom_jvp_call"]):
            case "custom_jvp_call":
                params = {"function": callee, "jvp": None}
                self.emit("custom_jvp_call", operands, params, *types)
            case "remat":
                params = {"function": callee, "policy": None, "prevent_cse": True}
                self.emit("remat", operands, params, *types)
            case _:
                self.emit("call", operands, {"function": callee}, *types)

    def cond(self):
        operands = [self.atom(FLOAT, self.shape()) for _ in range(2)]
        kinds = [(FLOAT, self.shape()) for _ in range(2)]
        types = [atom.type for atom in operands]
        branches = tuple(self.held(types, kinds, "branch") for _ in range(2))
        index = Constant(ArrayType(DType.fixed("int32"), ()), np.array(1, np.int32))
        results = [ArrayType(*kind) for kind in kinds]
        self.emit("cond", [index, *operands], {"branches": branches}, *results)

    def scan(self):
        carry = [self.atom(FLOAT, self.pick([(), (3,)])) for _ in range(2)]
        operands = [self.atom(FLOAT, ()), *carry, self.atom(FLOAT, (2, 3))]
        types = [*(a.type for a in operands[:-1]), ArrayType(FLOAT, (3,))]
        kinds = [*((a.type.dtype, a.type.shape) for a in carry), (FLOAT, (3,))]
        params = {
            "function": self.held(types, kinds, "body"),
            "length": 2,
            "num_carry": 2,
            "num_consts": 1,
            "reverse": self.pick([False, True]),
            "unroll": 1,
        }
        results = [*(a.type for a in carry), ArrayType(FLOAT, (2, 3))]
        self.emit("scan", operands, params, *results)

    def loop(self):
        """A while loop of three rounds, counted by its first carried value."""
        counter = ArrayType(DEFAULT_INT, ())
        start = Constant(counter, np.array(0))
        carry = [start, *(self.atom(FLOAT, self.pick([(), (3,)])) for _ in range(2))]
        types = [atom.type for atom in carry]
        inputs = tuple(Value(kind) for kind in types)
        go = Value(ArrayType(BOOL, ()))
        three = Constant(counter, np.array(3))
        less = Equation("lt", (inputs[0], three), {}, (go,))
        params = {
            "cond_function": Function("again", inputs, (less,), (go,)),
            "cond_nconsts": 0,
            "body_function": self._counted(types),
            "body_nconsts": 0,
        }
        self.emit("while", carry, params, *types)

    def _counted(self, types):
        kinds = [(kind.dtype, kind.shape) for kind in types[1:]]
        body = self.held(types, kinds, "body")
        following = Value(types[0])
        one = Constant(types[0], np.array(1))
        count = Equation("add", (body.inputs[0], one), {}, (following,))
        outputs = (following, *body.outputs)
        return Function("body", body.inputs, (*body.equations, count), outputs)


INPUTS = (
    ArrayType(FLOAT, ()),
    ArrayType(FLOAT, (3,)),
    ArrayType(FLOAT, (2, 3)),
    ArrayType(DEFAULT_INT, (3,)),
)


def draw_program(data, depth: int = 2) -> Function:
    """A function of `INPUTS` that returns some of the values it computes, or rows.

    Args:
        data: Hypothesis's source of choices.
        depth: How deep functions may hold functions.
    """
    builder = Builder(data, INPUTS, depth)
    for _ in range(data.draw(st.integers(3, 14))):
        builder.step()
    made = [v for equation in builder.equations for v in equation.outputs]
    some = st.lists(st.sampled_from(made), min_size=1) if made else st.just([])
    outputs = tuple(data.draw(some))
    if data.draw(st.booleans()):
        outputs = tuple(map(builder.first_row, outputs))
    return Function("f", builder.inputs, tuple(builder.equations), outputs)


def draw_arguments(data) -> list[np.ndarray]:
    """Arrays for `INPUTS`, special values among them."""
    builder = Builder(data, (), depth=0)
    return [builder.constant(kind).data for kind in INPUTS]

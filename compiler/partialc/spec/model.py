"""What a person asked for, as data: modules, kernels, options.

`partialc.toml` and the keywords of `partialc.compile` become the same objects. Request
texts are carried unread, with the place they stand at; the request layer reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeAlias

from partialc.errors import Location
from partialc.spec.arguments import ObjectText

Form: TypeAlias = Literal["auto", "chain", "expanded"]
FORMS: tuple[Form, ...] = ("auto", "chain", "expanded")

Rows: TypeAlias = Literal["one", "many", "both"]
ROWS: tuple[Rows, ...] = ("one", "many", "both")

Range: TypeAlias = tuple[float, float]
Domain: TypeAlias = "Mapping[str, Range | ObjectText] | ObjectText"
"""Where tests sample: a range (low, high) or an object of points for each argument
named, or one object that gives the points of all arguments."""

Requests: TypeAlias = str | tuple[str, ...] | Mapping[str, str]
"""One request; or several, which the compiler (tuple) or the user (mapping) names."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a kernel is built and tested.

    Attributes:
        form: `chain`, `expanded`, or `auto`: whichever the cost model prefers.
        batch: The arguments that carry a batch axis in front.
        rows: Whether it is called for one row of arguments, or for many; None for what
            its arguments suggest.
        differentiable: Whether the kernel will itself be differentiated.
        reassociate: Whether sums and products of a written-out kernel may be regrouped.
        rtol: Relative tolerance of its generated tests; None for the default.
        atol: Absolute tolerance of its generated tests; None for the default.
    """

    form: Form = "auto"
    batch: tuple[str, ...] = ()
    rows: Rows | None = None
    differentiable: bool = False
    reassociate: bool = True
    rtol: float | None = None
    atol: float | None = None


@dataclass(frozen=True, slots=True)
class RequestText:
    """One request as written.

    Attributes:
        text: In the request language.
        field: The name a table kernel gives it; None elsewhere.
        location: Where its first character stands; None outside a file.
    """

    text: str
    field: str | None
    location: Location | None


@dataclass(frozen=True, slots=True)
class KernelSpec:
    """One function of the module that is to be generated.

    Attributes:
        name: An identifier.
        requests: What it returns, as texts.
        options: The module's options, overridden by the kernel's own.
        location: Where its name stands; None outside a file.
        request_locations: Where the texts stand, in the order of `requests`.
    """

    name: str
    requests: Requests
    options: Options
    location: Location | None = None
    request_locations: tuple[Location | None, ...] = ()

    @property
    def bundled(self) -> bool:
        """Whether it returns a NamedTuple (a list or table) or one bare value."""
        return not isinstance(self.requests, str)

    def texts(self) -> Iterator[RequestText]:
        """Every request with its field name and its place, in order."""
        pairs: list[tuple[str | None, str]]
        match self.requests:
            case str():
                pairs = [(None, self.requests)]
            case tuple():
                pairs = [(None, text) for text in self.requests]
            case _:
                pairs = list(self.requests.items())
        places = self.request_locations or (None,) * len(pairs)
        for (name, text), place in zip(pairs, places, strict=True):
            yield RequestText(text, name, place)


@dataclass(frozen=True, slots=True)
class Size:
    """A length that a module leaves open.

    Attributes:
        name: What it is called in the shapes of the arguments.
        least: The least that is taken; None for the least for which it is right.
        build: Where the module is built; empty for a choice of the compiler's.
    """

    name: str
    least: int | None = None
    build: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ModuleSpec:
    """One module that is to be generated.

    Attributes:
        name: An identifier, unique in the spec.
        path: Where the module goes, relative to the spec's folder.
        tests: The folder its test goes to, relative to the spec's folder.
        function: `pkg.mod:object`; the object itself in `partialc.compile`.
        args: The function's arguments in the order written. A text is a type or the
            path of an example (`parse_argument` reads it and did not refuse it); in
            `partialc.compile` any example is welcome too; what has no array and no text
            in it is static.
        kernels: By name, in the order written.
        options: The defaults of its kernels.
        domain: Where the generated tests sample; empty for everywhere.
        sizes: What is open in the shapes of its arguments, by name.
        places: Where its parts stand in the spec, by dotted name (`args.x`,
            `kernels.d3`, `domain.S`), the module itself by `""`; empty outside a file.
    """

    name: str
    path: PurePosixPath
    tests: PurePosixPath
    function: object
    args: Mapping[str, Any]
    kernels: Mapping[str, KernelSpec]
    options: Options
    domain: Domain
    sizes: Mapping[str, Size] = field(default_factory=dict)
    places: Mapping[str, Location] = field(default_factory=dict)

    def place(self, part: str = "") -> Location | None:
        """Where a part stands, or else the closest thing around it that is known."""
        while part and part not in self.places:
            part = part.rpartition(".")[0]
        return self.places.get(part)

    @property
    def test_path(self) -> PurePosixPath:
        """Where its test goes, relative to the spec's folder."""
        return self.tests / f"test_{self.name}.py"

    @property
    def arrays_path(self) -> PurePosixPath:
        """Where its large constants go, if it has any."""
        return self.path.with_suffix(".npz")


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec file, read and found valid.

    Attributes:
        file: The file, as it was named.
        folder: The folder it stands in: paths are relative to it, imports start there.
        modules: In the order written; names and paths are unique.
    """

    file: Path
    folder: Path
    modules: tuple[ModuleSpec, ...]

"""What trying a kernel out has shown, as data and as a line of the lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

_KEEPS: Final = "keeps the contract"
_BREAKS: Final = "breaks it in"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a kernel keeps the accuracy contract.

    Attributes:
        failing: The numbers of the results that break it.
        reason: The worst of what was found; or why nothing could be tried.
    """

    failing: tuple[int, ...] = ()
    reason: str = ""

    @property
    def keeps(self) -> bool:
        """Whether nothing was found against it."""
        return not self.failing

    def __str__(self) -> str:
        lead = _KEEPS
        if self.failing:
            lead = f"{_BREAKS} {', '.join(map(str, self.failing))}"
        return f"{lead}: {self.reason}" if self.reason else lead

    @classmethod
    def parse(cls, text: str) -> Verdict:
        """Read a verdict as `str` writes it.

        Raises:
            ValueError: It is none.
        """
        lead, _, reason = text.partition(": ")
        if lead == _KEEPS:
            return cls((), reason)
        if lead.startswith(_BREAKS):
            numbers = lead.removeprefix(_BREAKS).split(",")
            return cls(tuple(map(int, numbers)), reason)
        raise ValueError(f"{text!r} is no verdict")


def is_on() -> bool:
    """Whether kernels are tried out: unless `PARTIALC_TRIAL` is `off`."""
    return os.environ.get("PARTIALC_TRIAL", "on") != "off"


class Trials:
    """The trials of a module: those known from the lock, and those of this build.

    Attributes:
        used: Every verdict that was asked for, by its subject, as the lock keeps it.
    """

    def __init__(self, known: Mapping[str, str] | None = None, *, tries: bool) -> None:
        """Start from what is known.

        Args:
            known: The verdicts of earlier builds, by subject.
            tries: Whether what is not known is tried; else it is taken to keep the
                contract, and nothing is noted.
        """
        self._known = dict(known or {})
        self._tries = tries
        self.used: dict[str, str] = {}

    def verdict(self, subject: str, attempt: Callable[[], Verdict]) -> Verdict | None:
        """The verdict on a subject, tried out unless it is known.

        Args:
            subject: What is judged: the same text for the same program, function and
                domain on every machine.
            attempt: Tries it out.

        Returns:
            The verdict; None where nothing is known and nothing tried.
        """
        if subject in self._known:
            self.used[subject] = self._known[subject]
        elif self._tries and subject not in self.used:
            self.used[subject] = str(attempt())
        elif not self._tries:
            return None
        return Verdict.parse(self.used[subject])

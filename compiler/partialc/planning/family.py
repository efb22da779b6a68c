"""The families of chains that planning compares, and one part's option within one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from partialc.realise.chain import Read


class Family(Enum):
    """What a way of delivering derivatives is called in `explain`."""

    VALUE = "value"
    PRODUCT = "product with a given direction"
    NEST = "nested one-hot jvp"
    FORWARD = "jvp over a basis"
    REVERSE = "vjp rows"
    MIXED = "forward over reverse"
    ZIPPED = "nested jvp, one pass per entry"
    ROWS = "forward over reverse, rows shared by entries"
    DENSE_FORWARD = "jvp over a basis, then entries"
    DENSE_MIXED = "reverse, then entries"


@dataclass(frozen=True, slots=True)
class Option:
    """One way to deliver one part.

    Attributes:
        family: What kind of way it is.
        read: Where the part would come from.
    """

    family: Family
    read: Read

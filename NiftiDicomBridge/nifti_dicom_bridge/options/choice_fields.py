"""Fields whose values are members of an enum, or their strings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Generic, TypeVar

from .fields import Field

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)


class Choice(Field[ChoiceT | str, ChoiceT]):
    """A member of an enum, or its string."""

    def __init__(self, default: ChoiceT) -> None:
        super().__init__(default)
        self.kind = type(default)

    def checked(self, value: Any) -> ChoiceT:
        """Return the member."""
        return _member(self, self.kind, value)


class ChoiceSet(Field[Iterable[ChoiceT] | Iterable[str] | str, frozenset[ChoiceT]], Generic[ChoiceT]):
    """Members of an enum: one or several members or strings, or one string with commas in it."""

    def __init__(self, kind: type[ChoiceT]) -> None:
        super().__init__(frozenset())
        self.kind = kind

    def checked(self, value: Any) -> frozenset[ChoiceT]:
        """Return the members."""
        if isinstance(value, str):
            value = [word for word in map(str.strip, value.split(",")) if word]
        if not isinstance(value, Iterable) or isinstance(value, Mapping):
            raise self.refused(value, f"Expected one or several of: {', '.join(self.kind)}.")
        return frozenset(_member(self, self.kind, word) for word in value)


def _member(field: Field[Any, Any], kind: type[ChoiceT], value: object) -> ChoiceT:
    if isinstance(value, kind):
        return value
    if type(value) is str and value in list(kind):
        return kind(value)
    from difflib import get_close_matches

    near = get_close_matches(value, [choice.value for choice in kind], n=1) if isinstance(value, str) else []
    raise field.refused(value, f"Expected one of: {', '.join(kind)}." + (f" Did you mean {near[0]}?" if near else ""))

"""Fields of the option classes: each accepts what people write, stores what the code expects, and refuses the rest."""

from __future__ import annotations

from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar, overload

from ..errors import OptionError
from .wording import option_error

Given = TypeVar("Given")
Stored = TypeVar("Stored")


class Field(Generic[Given, Stored]):
    """A field of a dataclass that checks and converts every value that is assigned to it.

    Type checkers take the type of ``__set__`` for the argument and that of ``__get__`` for the attribute.
    """

    def __init__(self, default: Stored) -> None:
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.option = getattr(owner, "PREFIX", "") + name

    @overload
    def __get__(self, instance: None, owner: type) -> Stored: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Stored: ...
    def __get__(self, instance: object | None, owner: type) -> Stored:
        if instance is None:
            return self.default
        value: Stored = instance.__dict__[self.name]
        return value

    def __set__(self, instance: object, value: Given) -> None:
        instance.__dict__[self.name] = self.checked(value)

    def checked(self, value: Any) -> Stored:
        """Return a value as it is stored; raises `OptionError` if it is not valid."""
        raise NotImplementedError

    def refused(self, value: object, expected: str) -> OptionError:
        """Return the error for a value."""
        text = f"{{{self.option}}}: {{found}} is not valid. {expected}"
        return option_error(text, "invalid-value", (self.option,), repr(value)[:80])


KEY_BYTES = 16
"""Shorter keys can be guessed, and with the key, who is behind a pseudonym."""


class Flag(Field[bool, bool]):
    """True or False."""

    def checked(self, value: Any) -> bool:
        """Return the value."""
        if not isinstance(value, bool):
            raise self.refused(value, "Expected True or False.")
        return value


class OptionalFlag(Field[bool | None, bool | None]):
    """True, False, or None for the default of each output."""

    def checked(self, value: Any) -> bool | None:
        """Return the value."""
        if value is not None and not isinstance(value, bool):
            raise self.refused(value, "Expected True, False or None.")
        return value


class Text(Field[str, str]):
    """Any text."""

    def checked(self, value: Any) -> str:
        """Return the value."""
        if not isinstance(value, str):
            raise self.refused(value, "Expected text.")
        return value


class Key(Text):
    """A secret: empty, or of at least `KEY_BYTES` bytes."""

    def checked(self, value: Any) -> str:
        """Return the value; a message never shows it."""
        text = super().checked(value)
        if text and len(text.encode("utf-8")) < KEY_BYTES:
            size = f"{len(text.encode('utf-8'))} bytes"
            raise option_error(
                f"{{{self.option}}}: a key of {{found}} is too short. Expected at least {KEY_BYTES} bytes.", "short-key",
                (self.option,), size,
            )  # fmt: skip
        return text


class Checked:
    """Base of the option classes: refuses options that do not exist, and shows those that are not at their default."""

    PREFIX: ClassVar[str] = ""
    """Precedes the names of the fields in messages."""

    def __new__(cls, *args: Any, **options: Any) -> Any:
        """Create an instance, if all options exist."""
        known = _names(cls)
        for name in options.keys() - set(known):
            from difflib import get_close_matches

            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Options are {', '.join(known)}."
            raise OptionError(f"Unknown option {name}. {hint}")
        return super().__new__(cls)

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in _names(type(self))}
        usual = vars(type(self)())
        return f"{type(self).__name__}({', '.join(f'{n}={_plain(v)!r}' for n, v in shown.items() if v != usual[n])})"


def _names(cls: Any) -> list[str]:
    return [field.name for field in fields(cls)]


def _plain(value: object) -> object:
    """Return a value as people write it."""
    if isinstance(value, frozenset):
        return sorted(map(_plain, value), key=str)
    return value.value if isinstance(value, StrEnum) else str(value) if isinstance(value, Path) else value

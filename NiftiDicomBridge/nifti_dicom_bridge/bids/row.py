"""One row of the tables: a key, and where its value comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..standard.tags import Tag
from .kinds import TEXT, Kind
from .source import AttributeLocation, Csa, Nested, Phoenix, PlaneAttributes, Private


class When(NamedTuple):
    """A condition, with its words for the documentation."""

    words: str
    holds: Callable[[PlaneAttributes], bool]


def made_by(*names: str) -> When:
    """Return the condition that one of these manufacturers made the images."""
    return When(", ".join(names), lambda source: source.manufacturer in names)


def of_modality(*names: str) -> When:
    """Return the condition that the images are of one of these modalities."""
    return When(", ".join(names), lambda source: source.modality in names)


MR = of_modality("MR")
PET = of_modality("PT")
SIEMENS = made_by("Siemens")
GE = made_by("GE")
PHILIPS = made_by("Philips")
UIH = made_by("UIH")
ALWAYS = When("", lambda source: True)


class Row(NamedTuple):
    """One key that an attribute specifies.

    Attributes
    ----------
    key : str
        The BIDS key.
    where : tuple of AttributeLocation
        Places of the value; the first that has one counts. An edit is written to the public one among them: `tags`, `path`.
    kind : Kind
        How the value is written.
    factor : float
        From the unit of DICOM to that of BIDS.
    when : When
        Under what condition.
    """

    key: str
    where: tuple[AttributeLocation, ...] | AttributeLocation
    kind: Kind = TEXT
    factor: float = 1.0
    when: When = ALWAYS

    @property
    def places(self) -> tuple[AttributeLocation, ...]:
        """Where to look, in order."""
        return (self.where,) if isinstance(self.where, (int, Private, Nested, Csa, Phoenix)) else self.where

    def read(self, source: PlaneAttributes) -> Any:
        """Return the value, None if unknown."""
        if not self.when.holds(source):
            return None
        for place in self.places:
            if source.has(place):
                value = self.kind.to_bids(source, place, self.factor)
                if value is not None:
                    return value
        return None

    @property
    def tags(self) -> tuple[int, ...]:
        """The public attributes that an edit can be written to, the usual one first."""
        return tuple(place for place in self.places if isinstance(place, int))

    @property
    def tag(self) -> int | None:
        """The first of `tags`; None where there is none."""
        return next(iter(self.tags), None)

    @property
    def path(self) -> tuple[int, ...] | None:
        """Where in the items of sequences an edit can be written to, if no attribute of the data set holds it.

        Not to CodeMeaning (0008,0104): the value of the code would specify something else.
        """
        nested = [place.path for place in self.places if isinstance(place, Nested) and len(place.path) > 1]
        return next((path for path in nested if path[-1] != Tag.CODE_MEANING), None) if self.tag is None else None


class Derived(NamedTuple):
    """One key that is computed.

    Attributes
    ----------
    key : str
        The BIDS key.
    compute : callable
        ``source`` → JSON value, None if unknown.
    words : str
        Of what it is computed, for the documentation.
    when : When
        Under what condition.
    """

    key: str
    compute: Callable[[PlaneAttributes], Any]
    words: str
    when: When = ALWAYS

    def read(self, source: PlaneAttributes) -> Any:
        """Return the value, None if unknown."""
        return self.compute(source) if self.when.holds(source) else None


AnyRow = Row | Derived

"""Which series a command is applied to: keywords and patterns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ...errors import OptionError
from ...formats.dicom.pydicom_conversion import in_utf_8
from ...formats.dicom.reading.plans import Plan
from ...formats.dicom.reading.segmentations.segment_series import is_of_segmentation
from ...model import metadata
from ...model.listing import listed
from ...standard.keywords import unknown_keyword
from ...standard.tags import Tag


@dataclass(frozen=True)
class Selector:
    """Conditions that a series must meet: tag and pattern of each."""

    text: str
    conditions: tuple[tuple[int, str], ...]

    @classmethod
    def parse(cls, text: str) -> Selector:
        """Return what a text such as ``Modality=MR,SeriesDescription=*T1*`` means.

        Raises
        ------
        OptionError
            If it is not ``KEYWORD=PATTERN``, or the keyword is unknown.
        """
        return cls(text, tuple(_condition(part) for part in text.split(",")))

    def matches(self, plan: Plan) -> bool:
        """Whether the first instance of a volume meets all conditions; upper and lower case are equal."""
        return all(fnmatchcase(_text(plan, tag).casefold(), pattern.casefold()) for tag, pattern in self.conditions)


def _condition(text: str) -> tuple[int, str]:
    from pydicom.datadict import tag_for_keyword

    keyword, equals, pattern = (part.strip() for part in text.partition("="))
    if not equals or not keyword or not pattern:
        raise OptionError(f'select="{text}" is not valid. Expected KEYWORD=PATTERN, such as Modality=CT.')
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise OptionError(f"select=: {unknown_keyword(keyword)}")
    return tag, pattern


def _text(plan: Plan, tag: int) -> str:
    element = in_utf_8(plan.instances[0], {tag}).get(tag)
    if element is None or not isinstance(element.value, bytes):
        return ""
    values = metadata.numbers({tag: element}, tag) if element.vr in metadata.NUMBER_FORMATS else []
    if values:
        return "\\".join(f"{value:g}" for value in values)
    return element.value.decode("utf-8", "replace").strip(metadata.SPACE_AND_NULL)


def selected(plans: Sequence[Plan], selectors: Sequence[Selector]) -> list[tuple[Plan, int]]:
    """Return the volumes that a selector matches, with its number: by selector, then by series number."""
    if not selectors:
        numbered = [(plan, 0) for plan in plans]
    else:
        first = ((plan, [n for n, one in enumerate(selectors) if one.matches(plan)][:1]) for plan in plans)
        numbered = [(plan, match[0]) for plan, match in first if match]
    return sorted(numbered, key=lambda pair: (pair[1], metadata.integer(pair[0].instances[0].elements, Tag.SERIES_NUMBER)))


def images_alone(pairs: Sequence[tuple[Plan, int]]) -> tuple[list[tuple[Plan, int]], list[str]]:
    """Return volumes without the Segmentations among them, and notes: a command for images takes labels for intensities.

    Segmentations remain where there is nothing else.
    """
    images = [pair for pair in pairs if not is_of_segmentation(pair[0])]
    if not images or len(images) == len(pairs):
        return list(pairs), []
    titles = dict.fromkeys(plan.title for plan, _ in pairs if is_of_segmentation(plan))
    return images, [f'Segmentations are not given to the command: {listed(list(titles))}; select="Modality=SEG" selects them']

"""Rules about BIDS datasets."""

from __future__ import annotations

from collections.abc import Iterator

from .choices import Layout, RoiForm, Target
from .options import ConversionOptions
from .rule import Rule, is_given

ONLY_BIDS = ("subject", "session", "task", "run", "bids_map", "bids_keys", "bids_derivative")
"""Options that apply only to BIDS datasets."""
LABELS = ("subject", "session", "task", "bids_derivative")
"""Options that become part of names: letters and digits."""
_LABEL = "is not a label. Use letters and digits only."
_INDEX = "is not a number. Use a whole number, such as 2."


def _without_bids(option: str) -> Rule:
    return Rule(
        f"{option.replace('_', '-')}-without-bids",
        (option, "layout"),
        lambda options: is_given(options, option) and options.layout is not Layout.BIDS,
        f"{{{option}}} applies only to BIDS datasets. Use it with {{layout=bids}}, or leave it out.",
    )


def _not_a_label(option: str, reason: str) -> Rule:
    def is_wrong(options: ConversionOptions) -> bool:
        text: str = getattr(options, option)
        return bool(text) and not (text.isascii() and (text.isdecimal() if reason is _INDEX else text.isalnum()))

    return Rule(
        f"{option.replace('_', '-')}-not-a-{'number' if reason is _INDEX else 'label'}",
        (option,),
        is_wrong,
        f"{{{option}}}: {{found}} {reason}",
        lambda options: repr(getattr(options, option)),
    )


def _rules() -> Iterator[Rule]:
    yield from map(_without_bids, ONLY_BIDS)
    yield from (_not_a_label(option, _LABEL) for option in LABELS)
    yield _not_a_label("run", _INDEX)
    yield Rule(
        "bids-with-resample",
        ("layout", "resample"),
        lambda options: options.layout is Layout.BIDS and bool(options.resample),
        "{resample} creates images that are not raw data, and {layout=bids} writes raw data. Leave out one of them.",
    )
    yield Rule(
        "bids-with-identity",
        ("layout", "identity"),
        lambda options: options.layout is Layout.BIDS and options.identity,
        "{layout=bids} writes sidecars without identity, and {identity=True} writes the name of the patient. Leave "
        "out one of them.",
    )
    yield Rule(
        "rois-in-bids",
        ("layout", "rois"),
        lambda options: options.layout is Layout.BIDS and options.rois is not RoiForm.LABELMAP,
        "{rois} is for RT Structure Sets, and {layout=bids} leaves them out: BIDS has no name for them. Leave out one of them.",
    )
    yield Rule(
        "reference-in-bids",
        ("layout", "reference"),
        lambda options: options.layout is Layout.BIDS and options.target is Target.NIFTI and options.reference is not None,
        "{reference} is for RT Structure Sets if NIfTI is written, and {layout=bids} leaves them out. Leave out one of them.",
    )


BIDS_RULES = tuple(_rules())

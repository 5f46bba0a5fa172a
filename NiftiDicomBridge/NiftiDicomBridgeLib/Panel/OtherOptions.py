"""The field *Other options*: options of the core that have no control in the panel, as text.

``same_space; segmentation: fractional; algorithm: nnU-Net:2.5:AI`` sets three of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import Any

from slicer.i18n import tr as _

NOT_HERE = frozenset({"per_file", "preview", "send", "archive_settings", "deidentify_key"})
"""Those that are of no use here; a key would be stored in the scene, as text."""
WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
SEPARATOR = ";"


def other_options(text: str) -> dict[str, Any]:
    """Return the choices that a text makes, as `NiftiDicomBridgeLogic.makeOptions` takes them.

    Parameters
    ----------
    text : str
        ``name`` or ``name: value``, separated by semicolons. A name alone is a choice that is on.

    Raises
    ------
    nifti_dicom_bridge.OptionError
        If the option or the value is not valid, or the panel has a control for it.
    """
    from nifti_dicom_bridge import OptionError, PreviewOptions

    choices: dict[str, Any] = {}
    pictures: dict[str, Any] = {}
    for name, value in _words(text):
        _require_known(name)
        if name in choices | pictures:
            raise OptionError(_("“{name}” occurs more than once. Leave one of them out.").format(name=name))
        (pictures if name in _names(PreviewOptions) else choices)[name] = _typed(name, value)
    return {**choices, "preview": PreviewOptions(**pictures)} if pictures else choices


def problem_of(text: str) -> str:
    """Return why a text does not specify options; empty if it does."""
    from nifti_dicom_bridge import OptionError

    try:
        other_options(text)
    except OptionError as error:
        return str(error)
    return ""


def _words(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and values."""
    for part in filter(None, map(str.strip, text.split(SEPARATOR))):
        place = min((part.index(mark) for mark in ":=" if mark in part), default=len(part))
        name = part[:place].strip().lstrip("-").replace("-", "_")
        yield name, part[place + 1 :].strip().strip('"')


def _require_known(name: str) -> None:
    from nifti_dicom_bridge import ConversionOptions, OptionError, PreviewOptions

    from .PanelMessages import control_names

    control = control_names().get(name)
    if control:
        raise OptionError(_("“{name}” is {control} in the panel. Choose it there.").format(name=name, control=control))
    known = sorted((_names(ConversionOptions) | _names(PreviewOptions)) - NOT_HERE)
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name, known, n=1)
        hint = _("Did you mean “{name}”?").format(name=near[0]) if near else _("The documentation lists them.")
        raise OptionError(_("“{name}” is not an option. {hint}").format(name=name, hint=hint))


def _typed(name: str, text: str) -> Any:
    """Return a value in the first of the types that the option accepts: text, on or off, a number."""
    from nifti_dicom_bridge import ConversionOptions, OptionError, PreviewOptions

    options = PreviewOptions if name in _names(PreviewOptions) else ConversionOptions
    refused = None
    for value in _candidates(text):
        try:
            options(**{name: value})
            return value
        except OptionError as error:
            refused = refused or error
    raise OptionError(_("“{name}: {value}” is not valid. {reason}").format(name=name, value=text, reason=_reason(refused)))


def _candidates(text: str) -> Iterator[Any]:
    if not text:
        yield True
        return
    yield text
    if text.lower() in WORDS:
        yield WORDS[text.lower()]
    for number in (int, float):
        try:
            yield number(text)
        except ValueError:
            continue


def _reason(error: Any) -> str:
    """Return what was expected, without the value."""
    text = str(error)
    return text[text.index("Expected") :] if "Expected" in text else text


@cache
def _names(options: type) -> frozenset[str]:
    return frozenset(field.name for field in fields(options))  # type: ignore[arg-type]

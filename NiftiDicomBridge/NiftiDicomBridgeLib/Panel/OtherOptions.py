"""The field *Other options*: options of the core that have no control in the panel, as text.

``same_space; segmentation: fractional; algorithm: nnU-Net:2.5:AI`` sets three of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, TypeAlias

from slicer.i18n import tr as _

NOT_HERE = frozenset({"per_file", "preview", "send", "archive_settings", "deidentify_key"})
"""Those that are of no use here; a key would be stored in the scene, as text."""
OF_RESULTS = (
    "kind", "labels", "algorithm", "segmentation", "metadata", "plane", "max_error", "resample", "gzip", "size_limit",
)  # fmt: skip
OF_COMMAND = ("take", "timeout")
"""Of the section *Apply a Command*, which has no control for any."""
WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
SEPARATOR = ";"
Owners: TypeAlias = Mapping[str, type]
"""Options that can be set, and the class that each is a field of."""


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
    from nifti_dicom_bridge import PreviewOptions

    from .PanelMessages import control_names

    owners = _of_conversion()
    choices = _choices(text, owners, control_names())
    pictures = {name: choices.pop(name) for name in list(choices) if owners[name] is PreviewOptions}
    return {**choices, "preview": PreviewOptions(**pictures)} if pictures else choices


def options_of_command(text: str) -> dict[str, Any]:
    """Return the choices that a text makes for the results of a command, as `NiftiDicomBridgeLogic.applyTask` takes them."""
    return _choices(text, _of_command(), {})


def problem_of(text: str, options: Callable[[str], Any] = other_options) -> str:
    """Return why a text does not specify options; empty if it does."""
    from nifti_dicom_bridge import OptionError

    try:
        options(text)
    except OptionError as error:
        return str(error)
    return ""


def _choices(text: str, owners: Owners, controls: Mapping[str, str]) -> dict[str, Any]:
    from nifti_dicom_bridge import OptionError

    choices: dict[str, Any] = {}
    for name, value in _words(text):
        if name in controls:
            raise OptionError(
                _("“{name}” is {control} in the panel. Choose it there.").format(name=name, control=controls[name])
            )
        _require_known(name, owners)
        if name in choices:
            raise OptionError(_("“{name}” occurs more than once. Leave one of them out.").format(name=name))
        choices[name] = _typed(name, value, owners[name])
    return choices


def _words(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and values."""
    for part in filter(None, map(str.strip, text.split(SEPARATOR))):
        place = min((part.index(mark) for mark in ":=" if mark in part), default=len(part))
        name = part[:place].strip().lstrip("-").replace("-", "_")
        yield name, part[place + 1 :].strip().strip('"')


def _require_known(name: str, owners: Owners) -> None:
    from difflib import get_close_matches

    from nifti_dicom_bridge import OptionError

    if name in owners:
        return
    near = get_close_matches(name, sorted(owners), n=1)
    hint = _("Did you mean “{name}”?").format(name=near[0]) if near else _("The documentation lists them.")
    raise OptionError(_("“{name}” is not an option. {hint}").format(name=name, hint=hint))


def _typed(name: str, text: str, owner: type) -> Any:
    """Return a value in the first of the types that the option accepts: text, on or off, a number."""
    from nifti_dicom_bridge import OptionError

    refused = None
    for value in _candidates(text):
        try:
            owner(**{name: value})
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
def _of_conversion() -> Owners:
    from nifti_dicom_bridge import ConversionOptions, PreviewOptions

    classes: tuple[Any, ...] = (ConversionOptions, PreviewOptions)
    return {field.name: one for one in classes for field in fields(one) if field.name not in NOT_HERE}


@cache
def _of_command() -> Owners:
    from nifti_dicom_bridge import ApplyOptions, ConversionOptions

    return {**dict.fromkeys(OF_RESULTS, ConversionOptions), **dict.fromkeys(OF_COMMAND, ApplyOptions)}

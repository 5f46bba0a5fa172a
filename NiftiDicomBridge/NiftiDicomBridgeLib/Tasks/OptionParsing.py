"""Options of the core as scripts and the panel write them: fields of `ConversionOptions`, and the names in the panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nifti_dicom_bridge import ConversionOptions, FileOptions, Layout, Target, Uids

ALIASES = {"values": "set_values", "keepUids": "uids"}
"""Names in the panel → fields."""
PATHS = ("bids_map", "reference", "study_from", "sidecar", "metadata", "labels")


def options_of(choices: Mapping[str, Any]) -> ConversionOptions:
    """Return options of the core.

    Parameters
    ----------
    choices : mapping of str to object
        Fields of `ConversionOptions` and their values; an empty path is none. Also ``keepUids`` (bool), ``values`` for
        ``set_values``, ``layout="zarr"`` or ``"preview"`` for the target of that name, and mappings for ``per_file``.

    Raises
    ------
    nifti_dicom_bridge.OptionError
        If an option does not exist, or cannot have the value.
    """
    fields: dict[str, Any] = {}
    for name, value in choices.items():
        fields.update(_chosen(name, value))
    if fields.get("target", Target.NIFTI) != Target.NIFTI and not fields.get("gzip", True):
        del fields["gzip"]  # the panel hides the choice and keeps its value
    return ConversionOptions(**fields)


def _chosen(name: str, value: Any) -> dict[str, Any]:
    """Return the fields that one choice sets."""
    if name == "keepUids":
        return {"uids": Uids.KEEP if value else Uids.NEW}
    if name == "layout" and str(value) not in list(Layout):
        return {"target": value}
    if name in PATHS and value == "":
        return {name: None}
    if name == "per_file":
        return {name: {path: own if isinstance(own, FileOptions) else _file_options(own) for path, own in value.items()}}
    return {ALIASES.get(name, name): value}


def _file_options(choices: Mapping[str, Any]) -> FileOptions:
    """Return the choices for one file; the same names and values as for all files."""
    chosen = options_of(choices)
    return FileOptions(chosen.kind, chosen.reference, chosen.set_values)

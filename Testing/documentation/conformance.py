"""The tables of the DICOM Conformance Statement, from the tables of the code."""

from __future__ import annotations

from collections.abc import Iterable

import pydicom.uid
from pydicom.charset import python_encoding

from nifti_dicom_bridge import Compression
from nifti_dicom_bridge.bids import private_block
from nifti_dicom_bridge.formats.dicom.compression import SYNTAXES
from nifti_dicom_bridge.formats.dicom.created.kinds import OBJECT_KINDS
from nifti_dicom_bridge.formats.dicom.legacy import objects as legacy
from nifti_dicom_bridge.network import dimse, dimse_retrieve
from nifti_dicom_bridge.options import Clean, Kind, Retain
from nifti_dicom_bridge.standard import confidentiality_profile, iods
from nifti_dicom_bridge.standard.dictionary import uid_name
from nifti_dicom_bridge.standard.sop_classes import (
    LABEL_MAP_SEGMENTATION,
    PARAMETRIC_MAP,
    SEGMENTATION,
    STRUCTURE_SET,
    TILED,
)
from nifti_dicom_bridge.standard.transfer_syntaxes import DEFLATED_FRAMES, NATIVE

from .tables import table

SEGMENTATIONS = {"binary, fractional": SEGMENTATION, "labelmap": LABEL_MAP_SEGMENTATION}


def conformance_parts() -> dict[str, str]:
    """Return the name of each table and its Markdown."""
    return {
        "created": table(["kind (`--as`)", "SOP class", "UID"], _created()),
        "read": table(["SOP class", "UID", "read"], _read()),
        "syntaxes": table(["transfer syntax", "UID", "read", "written"], _syntaxes()),
        "dimse": table(["service", "SOP class", "SCU", "SCP"], _services()),
        "character-sets": table(["defined term", "read"], _character_sets()),
        "private": table(["group", "creator", "element", "VR", "content"], _private()),
        "retain": table(["option", "value"], _profile_options()),
        "actions": table(["action of the basic profile", "attributes"], _actions()),
    }


def _created() -> Iterable[list[str]]:
    for kind, form in OBJECT_KINDS.items():
        for uid in dict.fromkeys((form.sop_class, form.color_class, form.small_class)):
            if uid:
                yield [f"`{kind.value}`", uid_name(uid), uid]
    for name, uid in SEGMENTATIONS.items():
        yield [f"`{Kind.SEG.value}` ({name})", uid_name(uid), uid]
    yield [f"`{Kind.PM.value}`", uid_name(PARAMETRIC_MAP), PARAMETRIC_MAP]
    yield [f"`{Kind.RTSTRUCT.value}`", uid_name(STRUCTURE_SET), STRUCTURE_SET]
    for converter in legacy._CONVERTERS.values():
        uid = str(getattr(pydicom.uid, converter + "Storage"))
        yield [f"`{Kind.LEGACY.value}`", uid_name(uid), uid]


def _read() -> Iterable[list[str]]:
    """Yield the SOP classes whose IOD has pixel data; any other SOP class with pixel data is read in the same way."""
    for uid in iods._table()["sop_classes"]:
        if any("image-pixel" in module.name for module in iods.modules_of(uid)):
            note = "if the frames are not video" if "Video" in uid_name(uid) else "yes"
            yield [uid_name(uid), uid, "if a frame is the whole picture; tiles are refused" if uid in TILED else note]


def _syntaxes() -> Iterable[list[str]]:
    written = {syntax: f"`--compress {compression.value}`" for compression, syntax in SYNTAXES.items()}
    written["1.2.840.10008.1.2.1"] = f"yes, default (`--compress {Compression.NATIVE.value}`)"
    for syntax in dict.fromkeys((*NATIVE, *sorted(dimse_retrieve.SYNTAXES), DEFLATED_FRAMES)):
        name = uid_name(syntax)
        yield [name, syntax, "yes", written.get(syntax, "restored files only" if syntax in NATIVE else "no")]


def _services() -> Iterable[list[str]]:
    for service, uid, user, provider in (
        ("C-ECHO", dimse.VERIFICATION, "yes", "yes (`listen`)"),
        ("C-FIND", dimse._STUDY_ROOT_FIND, "yes", "no"),
        ("C-GET", dimse_retrieve._STUDY_ROOT_GET, "yes", "no"),
        ("C-MOVE", dimse_retrieve._STUDY_ROOT_MOVE, "yes (with `receiving_port`)", "no"),
    ):
        yield [service, f"{uid_name(uid)} ({uid})", user, provider]
    yield ["C-STORE", "every storage SOP class", "yes (`send`)", "yes (`listen`, C-GET, C-MOVE)"]


def _character_sets() -> Iterable[list[str]]:
    for term, codec in sorted(python_encoding.items()):
        if term.startswith(("ISO_IR", "ISO 2022", "GB")):
            yield [f"`{term}`", f"yes (Python codec {codec})"]


def _private() -> Iterable[list[str]]:
    group = f"{private_block.GROUP:04X}"
    yield [group, private_block.CREATOR, f"({group},xx{private_block.KEYS_TAG & 0xFF:02X})", "UT",
           "JSON: BIDS keys that no public attribute of the object can hold, and the matrix of the NIfTI file"]  # fmt: skip


def _profile_options() -> Iterable[list[str]]:
    yield from (["`--retain`", f"`{option.value}`"] for option in Retain)
    yield from (["`--clean`", f"`{option.value}`"] for option in Clean)


def _actions() -> Iterable[list[str]]:
    counts: dict[str, int] = {}
    for row in confidentiality_profile._rows().values():
        counts[row.code] = counts.get(row.code, 0) + 1
    yield from ([f"`{code}`", str(count)] for code, count in sorted(counts.items()))

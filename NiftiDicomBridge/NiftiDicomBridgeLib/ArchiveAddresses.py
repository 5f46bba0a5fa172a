"""Addresses of archives in Slicer's own settings: of its *Send* dialog, and of the servers of its DICOM browser."""

from __future__ import annotations

import json
from typing import Any

import qt

PROTOCOL, TITLE, URL = "DICOM/Send/Protocol", "DICOM/Send/AETitle", "DICOM/Send/URL"
"""Of the last transfer by Slicer's *Send* dialog."""
COUNT, SERVER = "DICOM/ServerNodeCount", "DICOM/ServerNodes/{}"
"""The servers of the DICOM browser, each as JSON."""
DICOMWEB, DIMSE = "DICOMweb", "DIMSE"
CHECKED = 2
"""State of a check box that is checked."""


def known_addresses() -> list[str]:
    """Return the addresses of Slicer's settings as `nifti_dicom_bridge.send` takes them: that of the last transfer first."""
    settings = qt.QSettings()
    last = _address(str(settings.value(PROTOCOL) or DIMSE), str(settings.value(TITLE) or "CTK"), str(settings.value(URL) or ""))
    servers = (_server(settings.value(SERVER.format(n))) for n in range(_number(settings.value(COUNT))))
    return list(dict.fromkeys(address for address in (last, *servers) if address))


def feature_of(address: str) -> str:
    """Return the key of ``nifti_dicom_bridge.FEATURES`` for what an address needs; empty if it is not one of an archive."""
    return {"dicomweb": "dicomweb", "pacs": "network", "pacs+tls": "network"}.get(address.partition(":")[0].lower(), "")


def remember_address(address: str) -> None:
    """Let Slicer's *Send* dialog offer an address, too; its settings have no place for TLS."""
    settings = qt.QSettings()
    scheme, _, rest = address.partition(":")
    if scheme.lower() == "dicomweb":
        settings.setValue(PROTOCOL, DICOMWEB)
        settings.setValue(URL, rest)
    elif scheme.lower() == "pacs":
        title, _, place = rest.partition("@")
        for key, value in ((PROTOCOL, DIMSE), (TITLE, title), (URL, place)):
            settings.setValue(key, value)


def _server(value: Any) -> str:
    """Return the address of a server to which DICOM is stored; empty for all others."""
    try:
        node = json.loads(bytes(value.data() if hasattr(value, "data") else value))
        return _dimse(str(node["Called AETitle"]), f"{node['Address']}:{node['Port']}") if _stores(node) else ""
    except (TypeError, ValueError, KeyError):  # of another version of Slicer, or not set
        return ""


def _stores(node: dict[str, Any]) -> bool:
    return int(node["StorageCheckState"]) == CHECKED


def _address(protocol: str, title: str, place: str) -> str:
    if not place:
        return ""
    if protocol == DICOMWEB:
        return f"dicomweb:{place if '://' in place else 'https://' + place}"
    return _dimse(title, place.partition("://")[2] or place)


def _dimse(title: str, place: str) -> str:
    return f"pacs:{title}@{place.rstrip('/')}"


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0

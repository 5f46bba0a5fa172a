"""Archives in Slicer's own settings: of its *Send* dialog, and the servers of its DICOM browser."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from itertools import chain
from typing import Any, NamedTuple

import qt

PROTOCOL, TITLE, URL = "DICOM/Send/Protocol", "DICOM/Send/AETitle", "DICOM/Send/URL"
"""Of the last transfer by Slicer's *Send* dialog."""
COUNT, SERVER = "DICOM/ServerNodeCount", "DICOM/ServerNodes/{}"
"""The servers of the DICOM browser, each as JSON."""
STORES, ANSWERS = "StorageCheckState", "QueryRetrieveCheckState"
"""What a server is used for."""
DICOMWEB, DIMSE = "DICOMweb", "DIMSE"
CHECKED = 2
"""State of a check box that is checked."""


class Server(NamedTuple):
    """An archive.

    Attributes
    ----------
    name : str
        What Slicer's settings call it; its address if they do not.
    address : str
        As `nifti_dicom_bridge.send` takes it.
    calling_title : str
        AE title by which Slicer calls it, which it may have to know; empty if the settings specify none.
    """

    name: str
    address: str
    calling_title: str = ""


def known_servers(use: str = STORES) -> list[Server]:
    """Return the archives of Slicer's settings: that of the last transfer first, then the servers for a use."""
    settings = qt.QSettings()
    last = _address(str(settings.value(PROTOCOL) or DIMSE), str(settings.value(TITLE) or "CTK"), str(settings.value(URL) or ""))
    servers = _distinct({one: [_server(node, one) for node in _nodes(settings)] for one in (STORES, ANSWERS)})[use]
    by_address = {server.address: server for server in servers}
    first = [by_address.pop(last, Server(last, last))] if last else []
    return [*first, *by_address.values()]


def server_of(text: str) -> Server:
    """Return the archive that a user chose by its name, or whose address was typed."""
    text = text.strip()
    known = [*known_servers(STORES), *known_servers(ANSWERS)]
    return next((server for server in known if text in (server.name, server.address)), Server(text, text))


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


def fill(box: Any, use: str, on_change: Callable[[], object]) -> None:
    """Let a combo box that can be typed into offer the archives for a use; what is in it stays."""
    typed = str(box.currentText)
    servers = known_servers(use)
    box.clear()
    for number, server in enumerate(servers):
        box.addItem(server.name)
        box.setItemData(number, server.address, qt.Qt.ToolTipRole)
    if typed:
        box.setEditText(typed)
    on_change()


def _distinct(servers: dict[str, list[Server | None]]) -> dict[str, list[Server]]:
    """Return servers by use, with the address in the name of those that are not the only ones of their name.

    What a user chooses is found by its name: another archive would get the images.
    """
    addresses: dict[str, set[str]] = defaultdict(set)
    for server in filter(None, chain.from_iterable(servers.values())):
        addresses[server.name].add(server.address)

    def named(server: Server) -> Server:
        return server if len(addresses[server.name]) == 1 else server._replace(name=f"{server.name} ({server.address})")

    return {use: [named(server) for server in some if server is not None] for use, some in servers.items()}


def _nodes(settings: Any) -> list[Any]:
    return [settings.value(SERVER.format(n)) for n in range(_number(settings.value(COUNT)))]


def _server(value: Any, use: str) -> Server | None:
    """Return a server of the DICOM browser; None if it is not for a use."""
    try:
        node = json.loads(bytes(value.data() if hasattr(value, "data") else value))
        if int(node[use]) != CHECKED:
            return None
        address = _dimse(str(node["Called AETitle"]), f"{node['Address']}:{node['Port']}")
        return Server(str(node.get("Name") or "").strip() or address, address, str(node.get("Calling AETitle") or "").strip())
    except (TypeError, ValueError, KeyError):  # of another version of Slicer, or not set
        return None


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

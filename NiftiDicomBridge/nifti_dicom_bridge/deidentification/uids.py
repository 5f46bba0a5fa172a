"""New UIDs for old ones: the same for the same, and no way back without the key."""

from __future__ import annotations

import hashlib
import hmac
import uuid

from ..standard.uid_registry import is_registered


class KeyedUids:
    """New UIDs: ``2.25.`` and the HMAC-SHA256 of the old one, in the form of a UUID (PS3.5 B.2).

    Parameters
    ----------
    key : bytes
        The same key gives the same UIDs, in other conversions too.
    retained : bool
        Keep all UIDs.
    """

    def __init__(self, key: bytes, retained: bool = False):
        self._key, self._retained = key, retained

    def new(self, uid: str) -> str:
        """Return the new UID of an old one; those that the standard registers stay (PS3.6 A)."""
        if not uid or self._retained or is_registered(uid):
            return uid
        digest = hmac.new(self._key, uid.encode("utf-8"), hashlib.sha256).digest()
        return f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}"

    def new_value(self, value: bytes) -> bytes:
        """Return the value field of a UI element with new UIDs."""
        old = value.decode("latin-1").split("\\")
        raw = "\\".join(self.new(uid.strip(" \0")) for uid in old).encode("latin-1")
        return raw + b"\0" * (len(raw) % 2)

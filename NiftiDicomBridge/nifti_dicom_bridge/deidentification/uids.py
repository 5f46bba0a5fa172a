"""New UIDs for old ones: the same for the same, and no way back without the key."""

from __future__ import annotations

import hashlib
import hmac
import os
import uuid

_OF_THE_STANDARD = "1.2.840.10008."


class KeyedUids:
    """New UIDs: ``2.25.`` and the HMAC-SHA256 of the old one, in the form of a UUID (PS3.5 B.2).

    Parameters
    ----------
    key : str
        The same key gives the same UIDs, in other conversions too. Without one, a random key that nobody learns.
    """

    def __init__(self, key: str = ""):
        self._key = key.encode("utf-8") or os.urandom(32)

    def new(self, uid: str) -> str:
        """Return the new UID of an old one; those of the standard itself stay (PS3.6 A)."""
        if not uid or uid.startswith(_OF_THE_STANDARD):
            return uid
        digest = hmac.new(self._key, uid.encode("utf-8"), hashlib.sha256).digest()
        return f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}"

    def new_value(self, value: bytes) -> bytes:
        """Return the value field of a UI element with new UIDs."""
        old = value.decode("latin-1").split("\\")
        raw = "\\".join(self.new(uid.strip(" \0")) for uid in old).encode("latin-1")
        return raw + b"\0" * (len(raw) % 2)

"""What a de-identification keeps, cleans and replaces: the profile's options, the key, pseudonyms, a person's rules."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field

from ..options import Clean, ConversionOptions, Retain
from ..options.key_files import key_of
from .pseudonyms import Pseudonyms, read_pseudonyms
from .rules import AttributeRules, read_rules

# CID 7050, in the order of the columns of table E.1-1
CODES: dict[Retain | Clean, tuple[str, str]] = {
    Clean.GRAPHICS: ("113103", "Clean Graphics Option"),
    Clean.STRUCTURED_CONTENT: ("113104", "Clean Structured Content Option"),
    Clean.DESCRIPTORS: ("113105", "Clean Descriptors Option"),
    Retain.FULL_DATES: ("113106", "Retain Longitudinal Temporal Information Full Dates Option"),
    Retain.MODIFIED_DATES: ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    Retain.PATIENT_CHARACTERISTICS: ("113108", "Retain Patient Characteristics Option"),
    Retain.DEVICE: ("113109", "Retain Device Identity Option"),
    Retain.UIDS: ("113110", "Retain UIDs Option"),
    Retain.SAFE_PRIVATE: ("113111", "Retain Safe Private Option"),
    Retain.INSTITUTION: ("113112", "Retain Institution Identity Option"),
}
LARGEST_SHIFT_DAYS = 3650
_LABEL_LENGTH = 10
_LABEL = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, eq=False)
class Policy:
    """All choices of a de-identification.

    Attributes
    ----------
    key : bytes
        What UIDs, pseudonyms and the shift of dates are computed with. A random one that no one learns by default.
    options : frozenset of Retain or Clean
        Options of the profile.
    pseudonyms : Pseudonyms or None
        Patients and their pseudonyms; None to empty the identifiers.
    rules : AttributeRules
        Rules of the user.
    """

    key: bytes = field(default_factory=lambda: os.urandom(32))
    options: frozenset[Retain | Clean] = frozenset()
    pseudonyms: Pseudonyms | None = None
    rules: AttributeRules = field(default_factory=AttributeRules)

    @classmethod
    def of(cls, options: ConversionOptions) -> Policy:
        """Return what the options of a conversion want.

        Raises
        ------
        OptionError
            If the table of pseudonyms or the file of rules cannot be read or has errors.
        """
        return cls(
            key=key_of(options) or os.urandom(32),
            options=frozenset([*options.retain, *options.clean]),
            pseudonyms=read_pseudonyms(options.pseudonyms),
            rules=read_rules(options.deidentify_rules),
        )

    def pseudonym_of(self, patient_id: str) -> str:
        """Return the pseudonym of a patient; empty where none is wanted.

        Raises
        ------
        BridgeError
            If the table has no such patient.
        """
        if self.pseudonyms is None:
            return ""
        return self.pseudonyms.of(patient_id) if self.pseudonyms.table is not None else self.keyed_label(patient_id)

    def keyed_label(self, identity: str) -> str:
        """Return letters and digits that represent a person; the same for the same key."""
        digest = self._digest("pseudonym", identity)
        return "".join(_LABEL[byte % len(_LABEL)] for byte in digest[:_LABEL_LENGTH])

    def shift_days(self, identity: str) -> int:
        """Return by how many days the dates of a person are moved back: 1 to `LARGEST_SHIFT_DAYS`."""
        return -1 - int.from_bytes(self._digest("dates", identity)[:8], "big") % LARGEST_SHIFT_DAYS

    def _digest(self, purpose: str, identity: str) -> bytes:
        return hmac.new(self.key, f"{purpose}\0{identity}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()

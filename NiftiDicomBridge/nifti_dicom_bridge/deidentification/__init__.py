"""De-identification by the Basic Application Level Confidentiality Profile (PS3.15 E.2) of all but the pixels."""

from .volumes import Deidentifier

__all__ = ["Deidentifier"]

"""Any NIfTI tool as a DICOM tool: series → NIfTI → command or function → DICOM next to the original."""

from .call import apply

__all__ = ["apply"]

"""Any NIfTI tool as a DICOM tool: series → NIfTI → command or function → DICOM beside the original."""

from .call import apply

__all__ = ["apply"]

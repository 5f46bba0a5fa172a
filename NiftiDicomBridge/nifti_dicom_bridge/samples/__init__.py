"""Sample DICOM of several modalities, made here: nobody's data, and pictures that a person recognises."""

from .create import Sample, create_samples

__all__ = ["Sample", "create_samples"]

"""Sample DICOM of several modalities, made here: no one's data, and pictures that a person recognizes."""

from .create import Sample, create_samples

__all__ = ["Sample", "create_samples"]

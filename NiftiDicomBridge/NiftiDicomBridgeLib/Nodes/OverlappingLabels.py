"""Segments that overlap: several label maps in one volume."""

from __future__ import annotations

from dataclasses import replace

from nifti_dicom_bridge import Volume


def is_layered(volume: Volume) -> bool:
    """Whether the last axis of a volume are label maps, because segments overlap."""
    return volume.intent == "label" and volume.voxels.ndim == 5


def split_layers(volume: Volume) -> list[Volume]:
    """Return the label maps of segments that overlap, each as an image; any other image as it is."""
    if not is_layered(volume):
        return [volume]
    titles = [volume.name, *(f"{volume.name} overlap {n}" for n in range(1, volume.voxels.shape[-1]))]
    return [replace(volume, voxels=volume.voxels[..., n], name=title) for n, title in enumerate(titles)]

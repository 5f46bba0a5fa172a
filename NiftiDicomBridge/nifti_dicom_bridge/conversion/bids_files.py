"""One image into the dataset: with its sidecar, its rows in the tables, and nothing of it where one of them fails."""

from __future__ import annotations

from pathlib import Path

from ..bids_dataset.bids_map import BidsMap
from ..bids_dataset.dataset_files import stage_dataset_files
from ..bids_dataset.paths import Placement
from ..errors import OutputError, SidecarError
from ..formats import nifti
from ..model.volume import Volume
from ..options import ConversionOptions
from ..options.staging import Staging
from ..sidecar import read_sidecar, sidecar_path
from .stage_nifti import stage_labels, stage_nifti


def write_placed(volume: Volume, placement: Placement, dataset: Path, table: BidsMap, options: ConversionOptions) -> list[Path]:
    """Write an image to its place in the dataset, and return its files: image, sidecar, gradients, roles of volumes.

    Raises
    ------
    OutputError
        If the image exists and may not be replaced, or is of another series.
    """
    name = str(placement.path)
    _check_existing(dataset / name, placement, options)
    with Staging(dataset, options.overwrite) as staging:
        stage_nifti(volume, name, staging, options, placement.image.changes, placement.with_gradients)
        if not placement.is_raw:
            stage_labels(volume, name, staging)
        if placement.is_raw and placement.image.aslcontext:
            lines = ["volume_type", *placement.image.aslcontext]
            staging.path(name.removesuffix("asl") + "aslcontext.tsv").write_text(
                "\n".join(lines) + "\n", encoding="utf-8", newline="\n"
            )
        images = len(staging.names)
        image_name = placement.path.name + (".nii.gz" if options.gzip else ".nii")
        placement.image.log.notes += stage_dataset_files(placement, image_name, staging, table)
        return staging.commit()[:images]


def _check_existing(stem: Path, placement: Placement, options: ConversionOptions) -> None:
    """Refuse a second image of a name: in the other form of NIfTI, and, even with --overwrite, of another series."""
    wanted = ".nii.gz" if options.gzip else ".nii"
    for suffix in nifti.SUFFIXES:
        path = stem.with_name(stem.name + suffix)
        if not path.exists():
            continue
        if suffix != wanted:
            raise OutputError(f"{path} exists: the same image as {wanted} beside it would be there twice. Take it away first.")
        if options.overwrite and _series_of(path) not in ("", placement.image.series[0]):
            raise OutputError(
                f"{path} is of another series, and is not replaced. Convert the series of a session in one run, or tell them "
                'apart by "custom_entities" in a --bids-map FILE.'
            )


def _series_of(image: Path) -> str:
    try:
        return str(read_sidecar(sidecar_path(image)).get("SeriesInstanceUID", ""))
    except SidecarError:
        return ""

"""Segmentations of images without a position: what specifies the frame of the image that a mask belongs to."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nifti_dicom_bridge import ConversionReport, Volume, read, segments_of, to_dicom, to_nifti
from phantoms.base import ULTRASOUND_MULTI_FRAME, image, ramp, save, uid
from phantoms.multiframe import name_sources, segments

COUNT = 9
PLACES = st.lists(st.tuples(st.integers(1, 3), st.integers(0, COUNT - 1)), min_size=2, max_size=12, unique=True)


def _read(folder: Path, lying: list[tuple[int, int]], sources: list[tuple[str, int | None]]) -> list[Volume]:
    """Return the images of masks (segment, frame): each segment is in a row of its own, and the frame is its column."""
    masks = np.zeros((len(lying), 3, COUNT + 1), np.uint8)
    for mask, (number, k) in zip(masks, lying, strict=True):
        mask[number - 1, k] = 1
    ds = segments(masks, lying)
    name_sources(ds, sources)
    save(folder, [ds])
    return read([folder])


@given(PLACES)
def test_masks_are_in_the_slices_that_the_frames_of_the_image_have(
    tmp_path_factory: pytest.TempPathFactory, lying: list[tuple[int, int]]
) -> None:
    volumes = _read(tmp_path_factory.mktemp("seg"), lying, [(uid(8), k + 1) for _, k in lying])

    wanted = np.zeros((1, max(k for _, k in lying) + 1, 3, COUNT + 1), np.uint8)
    for number, k in lying:
        wanted[0, k, number - 1, k] = number
    (volume,) = volumes
    assert np.array_equal(volume.voxels, wanted)
    assert volume.space == "unplaced"


def test_several_segments_of_an_image_of_one_frame_are_one_slice(tmp_path: Path) -> None:
    (volume,) = _read(tmp_path, [(1, 0), (2, 0)], [(uid(8), None)] * 2)

    assert volume.voxels.shape == (1, 1, 3, COUNT + 1)
    assert volume.voxels[0, 0, :2, 0].tolist() == [1, 2]


@pytest.mark.parametrize(
    "sources",
    [[(uid(8), 1), (uid(9), 2)], [(uid(8), 1), (uid(8), 1)], [(uid(8), 1), (uid(8), 10**9)]],
    ids=["two images", "one frame", "no frame"],
)
def test_masks_whose_frame_is_uncertain_are_reported(sources: list[tuple[str, int | None]], tmp_path: Path) -> None:
    volumes = _read(tmp_path, [(1, 0), (1, 1)], sources)

    assert any("which of those a slice belongs to is unknown" in note for volume in volumes for note in volume.warnings)


# --- made of NIfTI ----------------------------------------------------------------------------------------------------


def test_a_mask_without_a_place_has_the_name_of_its_segment(tmp_path: Path) -> None:
    volumes = _read(tmp_path, [(1, 0), (2, 1)], [(uid(8), 1), (uid(9), 2)])

    names = {tuple(np.argwhere(volume.voxels)[0][2:].tolist()): segments_of(volume) for volume in volumes}
    assert {place: [(one.number, one.label) for one in found] for place, found in names.items()} == {
        (0, 0): [(1, "part 1")], (1, 1): [(1, "part 2")],
    }  # fmt: skip
    assert all(set(np.unique(volume.voxels)) == {0, 1} for volume in volumes)


def _ultrasound(folder: Path, frames: int, spacing: list[float] | None = None) -> Path:
    """Write an image without a position, of several frames; all pixels differ."""
    ds = image(ramp(frames * 4, 5, dtype="u1"), ULTRASOUND_MULTI_FRAME)
    ds.Rows, ds.NumberOfFrames, ds.PatientID, ds.PatientName = 4, frames, "U1", "Echo^E"
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID", "PixelSpacing"):
        if keyword in ds:
            delattr(ds, keyword)
    if spacing:
        ds.PixelSpacing = spacing
    save(folder, [ds])
    return folder


def _mask_of(folder: Path, reverse: bool) -> tuple[Path, np.ndarray]:
    """Write a mask on the grid of the NIfTI image of some DICOM, its columns in either order."""
    to_nifti(folder, folder.parent / "nifti")
    (written,) = (folder.parent / "nifti").rglob("*.nii.gz")
    grid = nibabel.load(written)
    labels = (np.arange(np.prod(grid.shape)).reshape(grid.shape) % 3).astype(np.uint8)
    labels[..., 1:2] = 0
    mask = nibabel.Nifti1Image(labels, grid.affine)
    path = folder.parent / "mask_dseg.nii.gz"
    nibabel.save(mask.as_reoriented([[0, -1], [1, 1], [2, 1]]) if reverse else mask, path)
    return path, labels


@pytest.mark.parametrize("spacing", [None, [0.15, 0.2]])
def test_highdicom_finds_the_mask_of_each_frame(spacing: list[float] | None, tmp_path: Path) -> None:
    from highdicom.seg import segread

    reference = _ultrasound(tmp_path / "us", 4, spacing)
    path, labels = _mask_of(reference, reverse=False)
    to_dicom(path, tmp_path / "out", kind="seg", reference=reference, allow_no_overlap=True)
    made = segread(next((tmp_path / "out").rglob("*.dcm")))

    ((_, _, uid_of_source),) = made.get_source_image_uids()
    masks = made.get_pixels_by_source_frame(uid_of_source, [1, 2, 3, 4], combine_segments=True)
    assert np.array_equal(masks, labels[:, ::-1].T)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("form", ["binary", "labelmap"])
def test_a_mask_of_an_image_without_position_refers_to_its_frames(form: str, reverse: bool, tmp_path: Path) -> None:
    reference = _ultrasound(tmp_path / "us", 4)
    path, labels = _mask_of(reference, reverse)
    report = to_dicom(path, tmp_path / "out", kind="seg", segmentation=form, reference=reference, allow_no_overlap=True)
    made = pydicom.dcmread(next((tmp_path / "out").rglob("*.dcm")))

    assert report.ok
    assert made.PatientID == "U1"
    assert "FrameOfReferenceUID" not in made
    source = pydicom.dcmread(next(reference.iterdir()))
    for groups in made.PerFrameFunctionalGroupsSequence:
        (derivation,) = groups.DerivationImageSequence
        (of_frame,) = derivation.SourceImageSequence
        assert of_frame.ReferencedSOPInstanceUID == source.SOPInstanceUID
        assert of_frame.ReferencedFrameNumber == groups.FrameContentSequence[0].InStackPositionNumber
        assert not {"PlanePositionSequence", "PlaneOrientationSequence"} & set(groups.dir())
    (volume,) = read(tmp_path / "out")
    assert np.array_equal(volume.voxels[0], labels[:, ::-1].T)


def test_only_the_size_does_not_show_that_a_mask_is_of_an_image(tmp_path: Path) -> None:
    """Another patient's ultrasound is as large, and nowhere as well."""
    path, _ = _mask_of(_ultrasound(tmp_path / "us", 4), reverse=False)

    (failure,) = to_dicom(path, tmp_path / "out", kind="seg", reference=tmp_path / "us").failures

    assert "has no position, so nothing shows" in failure.error
    assert "allow_no_overlap" in failure.error


def test_a_mask_of_one_frame_keeps_its_number(tmp_path: Path) -> None:
    (volume,) = _read(tmp_path, [(1, 6)], [(uid(8), 7)])

    assert volume.voxels.any(axis=(2, 3))[0].tolist() == [False] * 6 + [True]
    assert any("counted as the frames" in note for note in volume.warnings)


def test_an_image_of_another_size_or_kind_needs_a_position(tmp_path: Path) -> None:
    reference = _ultrasound(tmp_path / "us", 4)
    path, labels = _mask_of(reference, reverse=False)
    other = tmp_path / "other_dseg.nii"
    nibabel.save(nibabel.Nifti1Image(labels[..., :3], nibabel.load(path).affine), other)

    for image_path, kind in ((other, "seg"), (path, "sc"), (path, "rtstruct"), (path, "pm")):
        (failure,) = to_dicom(image_path, tmp_path / f"out_{kind}", kind=kind, reference=reference).failures
        assert "has no position" in failure.error


def test_several_images_without_position_leave_the_choice_open(tmp_path: Path) -> None:
    reference = _ultrasound(tmp_path / "us", 4)
    path, _ = _mask_of(reference, reverse=False)
    (first,) = reference.iterdir()
    other = pydicom.dcmread(first)
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = uid(8, 2)
    other.save_as(reference / "other.dcm")

    given = {"kind": "seg", "allow_no_overlap": True}
    (failure,) = to_dicom(path, tmp_path / "refused", reference=reference, **given).failures
    assert "2 images without a position fit" in failure.error
    assert to_dicom(path, tmp_path / "made", reference=first, **given).ok


# --- edited -----------------------------------------------------------------------------------------------------------


def _edited(folder: Path, places: list[tuple[int, int, int]], affine: np.ndarray | None = None) -> ConversionReport:
    """Convert the Segmentation of a folder to NIfTI, set label 1 at some (column, row, frame), and convert it back."""
    path, *_ = (p for p in to_nifti(folder, folder.parent / "nifti").outputs if p.name.endswith(".nii.gz"))
    image = nibabel.load(path)
    labels = np.asarray(image.dataobj).copy().reshape((*image.shape[:2], -1))
    for column, row, frame in places:
        labels[column, labels.shape[1] - 1 - row, frame] = 1
    nibabel.save(nibabel.Nifti1Image(labels, image.affine if affine is None else affine, image.header), path)
    return to_dicom(folder.parent / "nifti", folder.parent / "back")


def _sources_by_frame(path: Path) -> tuple[pydicom.Dataset, dict[int, str]]:
    """Return which image and frame each slice refers to."""
    ds, sources = pydicom.dcmread(path), {}
    for groups in ds.PerFrameFunctionalGroupsSequence:
        (source,) = groups.DerivationImageSequence[0].SourceImageSequence
        number = groups.FrameContentSequence[0].InStackPositionNumber
        sources[number] = f"{source.ReferencedSOPInstanceUID} {source.get('ReferencedFrameNumber')}"
    return ds, sources


def test_an_edited_one_has_no_position_and_refers_to_the_frames_of_its_image(tmp_path: Path) -> None:
    _read(tmp_path / "seg", [(1, 0), (2, 2)], [(uid(8), 1), (uid(8), 3)])
    report = _edited(tmp_path / "seg", [(4, 0, 2), (5, 1, 1)])  # there was no mask of frame 2
    assert [entry.outcome for entry in report.entries] == ["derived"]
    ds, sources = _sources_by_frame(report.outputs[0])
    text = str(ds)
    assert not any(word in text for word in ("Plane Position", "Plane Orientation", "Frame of Reference UID", "Image Position"))
    assert sources == {number: f"{uid(8)} {number}" for number in (1, 2, 3)}
    (volume,) = read(report.outputs)
    assert volume.space == "unplaced"
    assert np.argwhere(volume.voxels[0] == 1).tolist() == [[0, 0, 0], [1, 1, 5], [2, 0, 4]]
    assert np.argwhere(volume.voxels[0] == 2).tolist() == [[2, 1, 2]]


def test_an_edited_one_of_an_image_of_one_frame_refers_to_it(tmp_path: Path) -> None:
    _read(tmp_path / "seg", [(1, 0), (2, 0)], [(uid(8), None)] * 2)
    report = _edited(tmp_path / "seg", [(4, 0, 0)])
    assert _sources_by_frame(report.outputs[0])[1] == {1: f"{uid(8)} None"}


def test_edited_masks_of_several_images_refer_to_theirs(tmp_path: Path) -> None:
    """Each image is one of its own: what follows what is not known."""
    _read(tmp_path / "seg", [(1, 0), (2, 1)], [(uid(8), None), (uid(9), None)])
    report = _edited(tmp_path / "seg", [(4, 0, 0)])
    groups = [pydicom.dcmread(path).PerFrameFunctionalGroupsSequence[0] for path in report.outputs]
    assert not any("PlanePositionSequence" in group for group in groups)
    images = [group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID for group in groups]
    assert images == [uid(8), uid(9)]


def test_on_another_grid_it_is_refused(tmp_path: Path) -> None:
    _read(tmp_path / "seg", [(1, 0), (2, 2)], [(uid(8), 1), (uid(8), 3)])
    affine = np.diag([2.0, 2.0, 1.0, 1.0])
    (failure,) = _edited(tmp_path / "seg", [(4, 0, 2)], affine).failures
    assert "the grid of a Segmentation without a position was changed" in failure.error
    assert not list((tmp_path / "back").rglob("*.dcm"))


def test_one_that_is_restored_has_no_warning_about_its_header(tmp_path: Path) -> None:
    """The image of NIfTI has no position because the original has none: nothing was lost."""
    _read(tmp_path / "seg", [(1, 0), (2, 2)], [(uid(8), 1), (uid(8), 3)])
    to_nifti(tmp_path / "seg", tmp_path / "nifti")
    (entry,) = to_dicom(tmp_path / "nifti", tmp_path / "back").entries
    assert entry.outcome == "reissued"
    assert not [warning for warning in entry.log.warnings if "sform" in warning]

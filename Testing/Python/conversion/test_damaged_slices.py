"""A file whose compressed pixel data cannot be decoded costs only itself in every target: it counts as missing."""

from __future__ import annotations

import pickle
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import RLELossless

from nifti_dicom_bridge import (
    BridgeError,
    ConversionReport,
    DicomReadError,
    Outcome,
    apply,
    compare,
    inspect,
    open_zarr,
    read,
    to_dicom,
    to_nifti,
    to_preview,
    to_zarr,
)
from nifti_dicom_bridge.conversion.inputs import streamed
from nifti_dicom_bridge.errors import DamagedFilesError, DecoderMissingError
from nifti_dicom_bridge.formats.dicom.reading.pixel_data import decompress
from phantoms.base import MR, ramp, save, slices, write
from phantoms.multiframe import enhanced
from support.damaged_series import BAD, COUNT, compressed, damaged_series, damaged_times, without
from support.drawn_regions import Drawing

INCOMPLETE = "1 file(s) of the series could not be read: it is incomplete"


def _check_report(report: ConversionReport, name: str = "003.dcm") -> None:
    (failure,) = report.failures
    assert failure.inputs[0].name == name
    assert "cannot be decoded" in failure.error
    assert not report.ok
    (converted,) = [entry for entry in report.entries if entry.outcome is not Outcome.FAILED]
    assert INCOMPLETE in converted.log.warnings
    assert len(converted.inputs) == COUNT - 1


@pytest.mark.parametrize("options", [{}, {"jobs": 2}, {"deidentify": True}, {"layout": "bids"}])
def test_a_nifti_image_is_what_it_is_without_the_file(options: dict[str, object], tmp_path: Path) -> None:
    folder = damaged_series(tmp_path / "scans")

    report = to_nifti(folder, tmp_path / "out", **options)

    if "deidentify" not in options:
        _check_report(report)
    without(folder, BAD)
    expected = to_nifti(folder, tmp_path / "expected", **options)
    names = [path.relative_to(tmp_path / "out") for path in report.outputs]
    assert names == [path.relative_to(tmp_path / "expected") for path in expected.outputs]
    image, other = (nibabel.load(next(p for p in one.outputs if p.suffix == ".gz")) for one in (report, expected))
    assert np.array_equal(np.asanyarray(image.dataobj), np.asanyarray(other.dataobj))
    assert np.array_equal(image.affine, other.affine)


@pytest.mark.parametrize("options", [{}, {"deidentify": True}])
def test_a_streamed_image_is_written_again_without_the_file(
    options: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "IN_MEMORY", 0)
    folder = damaged_series(tmp_path / "scans", [COUNT - 1])

    report = to_nifti(folder, tmp_path / "out", **options)

    without(folder, COUNT - 1)
    expected = to_nifti(folder, tmp_path / "expected", **options)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in expected.outputs)
    image, other = (nibabel.load(one.outputs[0]) for one in (report, expected))
    assert np.array_equal(np.asanyarray(image.dataobj), np.asanyarray(other.dataobj))


def test_a_store_is_what_it_is_without_the_file(tmp_path: Path) -> None:
    folder = damaged_series(tmp_path / "scans")

    report = to_zarr(folder, tmp_path / "out")

    _check_report(report)
    without(folder, BAD)
    (store,), (expected,) = (one.outputs[:1] for one in (report, to_zarr(folder, tmp_path / "expected")))
    assert np.array_equal(np.asarray(open_zarr(store).voxels), np.asarray(open_zarr(expected).voxels))


def test_pictures_are_what_they_are_without_the_file(tmp_path: Path) -> None:
    folder = damaged_series(tmp_path / "scans")

    report = to_preview(folder, tmp_path / "out", gif=False, mp4=False)

    _check_report(report)
    without(folder, BAD)
    expected = to_preview(folder, tmp_path / "expected", gif=False, mp4=False)
    assert report.outputs[0].read_bytes() == expected.outputs[0].read_bytes()


def test_restoring_gives_the_files_that_were_not_damaged(tmp_path: Path) -> None:
    folder = damaged_series(tmp_path / "scans")
    images = to_nifti(folder, tmp_path / "images").outputs

    report = to_dicom(images[0], tmp_path / "back", uids="keep", names="original")

    without(folder, BAD)
    assert [path.name for path in report.outputs] == sorted(path.name for path in folder.iterdir())
    assert compare(folder, tmp_path / "back").same


def test_dicom_of_dicom_is_written_without_the_file(tmp_path: Path) -> None:
    report = to_dicom(damaged_series(tmp_path / "scans"), tmp_path / "out", uids="keep")

    _check_report(report)
    assert len(report.outputs) == COUNT - 1


def test_a_time_that_lost_a_slice_is_an_image_of_its_own(tmp_path: Path) -> None:
    folder = damaged_times(tmp_path / "scans", [5])

    report = to_nifti(folder, tmp_path / "out")

    without(folder, 5)
    expected = to_nifti(folder, tmp_path / "expected")
    assert [path.name for path in report.outputs] == [path.name for path in expected.outputs]
    assert nibabel.load(report.outputs[0]).shape == (12, 16, 4, 2)


def test_all_damaged_files_of_an_image_are_found(tmp_path: Path) -> None:
    report = to_nifti(damaged_series(tmp_path / "scans", [0, 3, 5]), tmp_path / "out")

    assert [entry.inputs[0].name for entry in report.failures] == ["001.dcm", "004.dcm", "006.dcm"]
    assert nibabel.load(report.outputs[0]).shape[2] == 3


def test_an_image_of_damaged_files_fails_and_nothing_is_written(tmp_path: Path) -> None:
    report = to_nifti(damaged_series(tmp_path / "scans", range(COUNT)), tmp_path / "out")

    (failure,) = report.entries
    assert failure.outcome is Outcome.FAILED
    assert f"All {COUNT} files of the image are damaged." in failure.error
    assert not list((tmp_path / "out").glob("*"))


@pytest.mark.slow
def test_many_files_are_examined_in_several_processes(tmp_path: Path) -> None:
    for number in range(1, 6):
        data_sets = slices(ramp(40, 8, 8, dtype="<u2"), MR, series=number)
        save(tmp_path / "scans" / str(number), compressed(data_sets, [number]))

    report = to_nifti(tmp_path / "scans", tmp_path / "out", deidentify=True, jobs=2)

    assert len(report.failures) == 5
    assert [nibabel.load(path).shape[2] for path in report.outputs if path.suffix == ".gz"] == [39] * 5


def test_one_series_of_several_is_converted_again(tmp_path: Path) -> None:
    damaged_series(tmp_path / "scans" / "a")
    good = slices(ramp(4, 16, 12, dtype="<u2"), MR, series=2)
    save(tmp_path / "scans" / "b", compressed(good, ()))

    report = to_nifti(tmp_path / "scans", tmp_path / "out")

    assert sorted(nibabel.load(path).shape[2] for path in report.outputs if path.suffix == ".gz") == [4, COUNT - 1]
    assert len(report.entries) == 3


def test_each_entry_is_handed_on_once(tmp_path: Path) -> None:
    from nifti_dicom_bridge import Job, convert

    entries = []
    report = convert(Job(damaged_series(tmp_path / "scans"), tmp_path / "out"), finished=entries.append)

    assert entries == report.entries


def test_regions_are_drawn_on_the_slices_that_are_left(tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    save(folder, slices(ramp(COUNT, 16, 12, dtype="<u2"), MR))
    drawing = Drawing(series_folder=folder)
    drawing.contour(drawing.roi(1, "part"), np.array([[2.0, 2], [8, 2], [8, 8], [2, 8]]), 1)
    write(tmp_path / "regions" / "plan.dcm", drawing.ds)
    damaged_series(folder)

    report = to_nifti([folder, tmp_path / "regions"], tmp_path / "out")

    shapes = {nibabel.load(path).shape for path in report.outputs if path.suffix == ".gz"}
    assert shapes == {(12, 16, COUNT - 1)}


def test_a_missing_decoder_is_not_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = decompress._decoded

    def without_decoder(instance, *arguments):
        if instance.path.endswith("003.dcm"):
            raise DecoderMissingError("no decoder")
        return decoded(instance, *arguments)

    monkeypatch.setattr(decompress, "_decoded", without_decoder)

    report = to_nifti(damaged_series(tmp_path / "scans", ()), tmp_path / "out")

    assert [entry.error for entry in report.entries] == ["no decoder"]


def test_a_file_that_was_changed_meanwhile_is_not_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = damaged_series(tmp_path / "scans")
    decoded = decompress._decoded

    def changing(instance, *arguments):
        with open(instance.path, "ab") as file:
            file.write(b"more")
        return decoded(instance, *arguments)

    monkeypatch.setattr(decompress, "_decoded", changing)

    report = to_nifti(folder, tmp_path / "out")

    assert [entry.outcome for entry in report.entries] == [Outcome.FAILED]


def test_a_file_with_one_damaged_frame_is_damaged(tmp_path: Path) -> None:
    data_sets = [enhanced(1, 4), enhanced(1, 4)]
    for number, ds in enumerate(data_sets):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        for groups in ds.PerFrameFunctionalGroupsSequence:
            groups.FrameContentSequence[0].TemporalPositionIndex = number + 1
        ds.compress(RLELossless, generate_instance_uid=False)
    frames = list(generate_frames(data_sets[1].PixelData, number_of_frames=4))
    data_sets[1].PixelData = encapsulate([*frames[:2], frames[2][:80], frames[3]])
    save(tmp_path / "scans", data_sets)

    report = to_nifti(tmp_path / "scans", tmp_path / "out")

    (failure,) = report.failures
    assert "002.dcm" in failure.error
    assert failure.error.endswith("It is frame 3 of 4.")
    assert nibabel.load(report.outputs[0]).shape[2:] == (4,)


def test_reading_names_the_damaged_files_or_leaves_them_out(tmp_path: Path) -> None:
    folder = damaged_series(tmp_path / "scans")

    with pytest.raises(DamagedFilesError, match=r"003\.dcm: .* Leave damaged files out to convert the other 5 file\(s\)"):
        read(folder)

    (volume,) = read(folder, skip_damaged=True)
    assert volume.voxels.shape[1] == COUNT - 1
    assert INCOMPLETE in volume.warnings
    assert any("003.dcm: the pixel data" in text for text in volume.warnings)
    with pytest.raises(DicomReadError, match=r"001\.dcm"):
        read(damaged_series(tmp_path / "others", range(COUNT)), skip_damaged=True)


def test_a_deep_inspection_names_the_damaged_file(tmp_path: Path) -> None:
    result = inspect(damaged_series(tmp_path / "scans"), deep=True)

    assert [Path(problem["path"]).name for problem in result.problems] == ["003.dcm"]


def test_an_algorithm_is_applied_to_what_is_not_damaged(tmp_path: Path) -> None:
    shapes = []

    def segmented(image):
        shapes.append(image.shape)
        return (image.get_fdata() > 5).astype("uint8")

    report = apply(damaged_series(tmp_path / "scans"), tmp_path / "out", segmented, kind="seg")

    assert shapes == [(12, 16, COUNT - 1)]
    assert [entry.inputs[0].name for entry in report.failures] == ["003.dcm"]


def test_the_error_is_the_same_in_another_process() -> None:
    error = pickle.loads(pickle.dumps(DamagedFilesError("damaged", {"a.dcm": "why"})))

    assert isinstance(error, BridgeError)
    assert (str(error), error.reasons) == ("damaged", {"a.dcm": "why"})

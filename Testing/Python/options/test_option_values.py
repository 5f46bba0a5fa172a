"""Options accept what people write, and refuse every other value when they are created."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from pathlib import Path

import pytest

from nifti_dicom_bridge import (
    ConversionOptions,
    FileOptions,
    Job,
    OptionError,
    PreviewOptions,
    Resample,
    Target,
    Uids,
    WindowChoice,
)


@pytest.mark.parametrize(("given", "expected"), [
    ({"target": "dicom"}, Target.DICOM),
    ({"uids": "keep"}, Uids.KEEP),
    ({"uids": Uids.KEEP}, Uids.KEEP),
    ({"reference": "scans"}, Path("scans")),
    ({"reference": Path("scans")}, Path("scans")),
    ({"resample": "tilt, spacing"}, {Resample.TILT, Resample.SPACING}),
    ({"resample": ["tilt", Resample.SPACING]}, {Resample.TILT, Resample.SPACING}),
    ({"resample": {"shear"}}, {Resample.SHEAR}),
    ({"resample": Resample.SHEAR}, {Resample.SHEAR}),
    ({"resample": ""}, frozenset()),
    ({"set_values": {"SeriesNumber": 7}}, {"SeriesNumber": "7"}),
    ({"max_error": 1}, 1.0),
    ({"preview": {"mosaic": 20}}, PreviewOptions(mosaic=20)),
    ({"per_file": {"CT.nii": FileOptions(kind="ct")}}, {Path("CT.nii"): FileOptions(kind="ct")}),
])  # fmt: skip
def test_values_are_stored_as_the_code_expects_them(given, expected):
    (name,) = given
    assert getattr(ConversionOptions(**given), name) == expected


@pytest.mark.parametrize(("given", "expected"), [
    ({"window": "auto"}, WindowChoice.AUTO), ({"window": "-600,1500"}, (-600.0, 1500.0)), ({"window": (4, 40)}, (4.0, 40.0)),
    ({"mosaic": "planes"}, 0), ({"mosaic": "20"}, 20), ({"overlay": "seg"}, Path("seg")), ({"fps": 5}, 5.0),
])  # fmt: skip
def test_values_of_pictures_are_stored_as_the_code_expects_them(given, expected):
    (name,) = given
    assert getattr(PreviewOptions(**given), name) == expected


@pytest.mark.parametrize(("given", "message"), [
    ({"uids": "kep"}, "uids: 'kep' is not valid. Expected one of: new, keep. Did you mean keep?"),
    ({"target": Uids.KEEP}, "Expected one of: nifti, dicom, zarr, preview."),
    ({"target": 3}, "Expected one of: nifti, dicom, zarr, preview."),
    ({"resample": "tlt"}, "Expected one of: tilt, spacing, shear. Did you mean tilt?"),
    ({"resample": 5}, "Expected one or several of: tilt, spacing, shear."),
    ({"gzip": "no"}, "gzip: 'no' is not valid. Expected True or False."),
    ({"pyramid": -5}, "pyramid: -5 is not valid. Expected a whole number from 0 to 16."),
    ({"pyramid": 17}, "from 0 to 16"),
    ({"pyramid": True}, "from 0 to 16"),
    ({"max_error": float("nan")}, "Expected a number of at least 0."),
    ({"max_error": -1}, "Expected a number of at least 0."),
    ({"reference": ""}, "Expected a path."),
    ({"reference": 3}, "Expected a path."),
    ({"set_values": ["PatientID"]}, "Expected DICOM keywords and their values."),
    ({"set_values": {"PatientID": None}}, "Expected a DICOM keyword, and text or a number."),
    ({"deidentify_key": 3}, "Expected text."),
    ({"preview": 3}, "Expected PreviewOptions."),
    ({"per_file": {"CT.nii": {}}}, "Expected input files and the FileOptions of each."),
    ({"preview": {"fps": 0}}, "Expected a number above 0, up to 1000."),
    ({"preview": {"fps": float("nan")}}, "Expected a number above 0, up to 1000."),
    ({"preview": {"mosaic": -1}}, "Expected a number of slices, or planes."),
    ({"preview": {"mosaic": "0"}}, "Expected a number of slices, or planes."),
    ({"preview": {"window": "40"}}, "Expected CENTER,WIDTH such as 40,400, or auto, or full."),
    ({"preview": {"window": (40, 0)}}, "The width must be above 0."),
    ({"preview": {"window": (40, float("inf"))}}, "The width must be above 0."),
    ({"preview": {"letters": 1}}, "Expected True, False or None."),
    ({"uid": "keep"}, "Unknown option uid. Did you mean uids?"),
    ({"xyz": 1}, "Unknown option xyz. Options are target, uids,"),
])  # fmt: skip
def test_other_values_are_refused_with_what_was_expected(given, message):
    with pytest.raises(OptionError) as caught:
        ConversionOptions(**given)
    assert message in str(caught.value)


def test_a_value_is_checked_when_it_is_assigned_later():
    options = ConversionOptions()
    options.uids = "keep"  # type: ignore[assignment]
    assert options.uids is Uids.KEEP
    with pytest.raises(OptionError):
        options.uids = "kep"  # type: ignore[assignment]


def test_the_error_carries_the_option_that_is_affected():
    with pytest.raises(OptionError) as caught:
        PreviewOptions(fps=-1)
    assert (caught.value.code, caught.value.options) == ("invalid-value", ("preview.fps",))


def test_options_can_be_copied_replaced_and_sent_to_another_process():
    options = ConversionOptions(target="dicom", set_values={"PatientID": "7"}, preview={"mosaic": 3})
    assert pickle.loads(pickle.dumps(options)) == copy.deepcopy(options) == options
    assert dataclasses.replace(options, target="zarr").target is Target.ZARR


def test_an_error_can_be_sent_to_another_process():
    with pytest.raises(OptionError) as caught:
        ConversionOptions(pyramid=-5)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.options, again.template) == (str(caught.value), ("pyramid",), caught.value.template)


def test_two_conversions_do_not_share_their_values():
    ConversionOptions().set_values["PatientID"] = "7"
    assert ConversionOptions().set_values == {}


def test_their_representation_shows_what_is_not_the_default():
    options = ConversionOptions(target="dicom", reference="scans", resample="shear")
    assert repr(options) == "ConversionOptions(target='dicom', resample=['shear'], reference='scans')"


@pytest.mark.parametrize("inputs", ["/data/x", Path("/data/x"), ["/data/x"], (Path("/data/x"),)])
def test_a_job_takes_one_path_or_many(inputs):
    job = Job(inputs, "out")
    assert (job.inputs, job.output) == ([Path("/data/x")], Path("out"))


@pytest.mark.parametrize("inputs", [3, None, {"a": 1}, [3], ""])
def test_a_job_refuses_what_is_not_a_path(inputs):
    with pytest.raises(OptionError, match="Expected a path"):
        Job(inputs, "out")

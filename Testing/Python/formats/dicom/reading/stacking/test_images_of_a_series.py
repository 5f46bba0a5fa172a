"""Images of one series that differ in meaning are separate volumes, whose names state the difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import DicomReadError
from nifti_dicom_bridge.formats.dicom.reading.read import read
from nifti_dicom_bridge.model.volume import Volume
from phantoms.base import CT, MR, PET, image, put_pixels, ramp, save, slices, uid
from phantoms.dynamic import enhanced
from phantoms.multiframe import group

SLICES, RADIOGRAPH = 4, "1.2.840.10008.5.1.4.1.1.1"


def series(attribute: str, values: list[Any], kind: str = MR, times: int = 1) -> list[Dataset]:
    """Return a series with an image for each value of an attribute; the voxels of image n are 100 n + slice."""
    found = []
    for n, value in enumerate(values):
        for t in range(times):
            pixels = np.array([np.full((4, 5), 100 * n + 10 * t + k) for k in range(SLICES)], "<i2")
            for ds in slices(pixels, kind):
                ds.InstanceNumber = len(found) + 1
                ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, len(found) + 1)
                if times > 1:
                    ds.TemporalPositionIdentifier = t + 1
                if value is not None:
                    setattr(ds, attribute, value)
                found.append(ds)
    return found


def images(folder: Path, found: list[Dataset]) -> dict[str, Volume]:
    """Return the volumes that files become, by the end of their name."""
    save(folder, found)
    return {volume.name.partition("series_1")[2].strip("_"): volume for volume in read([folder])}


def firsts(found: dict[str, Volume]) -> dict[str, int]:
    """Return the first voxel of each image; all its slices are those of one value."""
    for volume in found.values():
        assert volume.voxels.shape[1] == SLICES
        assert len(set((volume.voxels // 100).reshape(-1).tolist())) == 1
    return {name: int(volume.voxels[0, 0, 0, 0]) for name, volume in found.items()}


def _types(*words: str) -> list[list[str]]:
    return [["ORIGINAL", "PRIMARY", *word.split("\\")] for word in words]


def _codes(meaning: str, value: str = "1") -> list[Dataset]:
    return [group(CodeValue=value, CodingSchemeDesignator="DCM", CodeMeaning=meaning)]


def _mapping(units: str) -> list[Dataset]:
    unit = [group(CodeValue=units, CodingSchemeDesignator="UCUM", CodeMeaning=units)]
    return [group(RealWorldValueSlope=1.0, RealWorldValueIntercept=0.0, MeasurementUnitsCodeSequence=unit)]


@pytest.mark.parametrize(
    ("attribute", "values", "names"),
    [
        ("EchoTime", ["2.5", "5"], ["echo2_5", "echo5"]),
        ("EchoNumbers", ["1", "2"], ["echonumber1", "echonumber2"]),
        ("InversionTime", ["700", "2500"], ["TI700", "TI2500"]),
        ("FlipAngle", ["5", "20"], ["flip5", "flip20"]),
        ("FrameOfReferenceUID", [uid(5), uid(6)], ["space1", "space2"]),
        ("ImageType", _types("M\\ND", "P\\ND"), ["", "phase"]),
        ("ImageType", _types("M_FFE\\M\\FFE", "PHASE MAP\\P\\FFE", "R_FFE\\R\\FFE", "I_FFE\\I\\FFE"),
         ["", "phase", "real", "imaginary"]),
        ("ImageType", _types("M_FFE\\M", "SW_M_FFE\\M", "SW_P\\P"), ["", "swi", "phase-swi"]),
        ("ImageType", _types("W\\W", "F\\F", "IP\\IP", "OP\\OP"), ["water", "fat", "inphase", "outphase"]),
        ("ImageType", _types("M\\DIXON\\WATER", "M\\DIXON\\FAT", "M\\DIXON\\IN_PHASE", "M\\DIXON\\OUT_PHASE"),
         ["water", "fat", "inphase", "outphase"]),
        ("ImageType", _types("T1 MAP\\T1", "R2_STAR\\R2_STAR", "FF\\FF", "ADC"), ["t1map", "r2star", "fatfraction", "adc"]),
        ("ImageType", _types("M", "SWI", "MNIP"), ["", "swi", "minip"]),
        ("ImageType", _types("M\\VENDOR1", "M\\VENDOR2"), ["type-vendor1", "type-vendor2"]),
        ("MagnetizationTransfer", ["ON_RESONANCE", "NONE"], ["mt", ""]),
        ("ImagedNucleus", ["1H", "23NA"], ["1h", "23na"]),
        ("DerivationCodeSequence", [None, _codes("Subtraction")], ["", "subtraction"]),
        ("RealWorldValueMappingSequence", [_mapping("ms"), _mapping("Hz")], ["ms", "hz"]),
    ],
)  # fmt: skip
def test_images_that_differ_in_meaning(attribute: str, values: list[Any], names: list[str], tmp_path: Path) -> None:
    found = firsts(images(tmp_path, series(attribute, values)))

    expected = {name.replace("type-", ""): 100 * n for n, name in enumerate(names)}
    assert found == expected


def _derived(second: list[Dataset] | None, attribute: str, values: list[Any]) -> list[Dataset]:
    """Return images of two times, of which the second states how it was derived."""
    found = series(attribute, values)
    for ds in found[len(found) // 2 :]:
        ds.DerivationCodeSequence = second
    return found


@pytest.mark.parametrize(("code", "meaning"), [("113040", "Lossy Compression"), ("121327", "Full fidelity image")])
def test_compression_is_not_a_meaning(code: str, meaning: str, tmp_path: Path) -> None:
    found = _derived(_codes(meaning, code), "AcquisitionNumber", [1, 2])

    (volume,) = images(tmp_path, found).values()

    assert volume.voxels[:, 0, 0, 0].tolist() == [0, 100]


def test_traces_are_one_image_with_those_that_are_not_derived(tmp_path: Path) -> None:
    found = _derived(_codes("Pixel by pixel mean", "113049"), "DiffusionBValue", [0.0, 1000.0])

    (volume,) = images(tmp_path, found).values()

    assert volume.voxels[:, 0, 0, 0].tolist() == [0, 100]


def test_kernels_of_a_ct_series(tmp_path: Path) -> None:
    found = firsts(images(tmp_path, series("ConvolutionKernel", ["B30f", "B70f"], CT)))

    assert found == {"kernel-B30f": 0, "kernel-B70f": 100}


def test_each_image_keeps_its_own_times(tmp_path: Path) -> None:
    found = images(tmp_path, series("ImageType", _types("M", "P"), times=3))

    assert {name: volume.voxels.shape[0] for name, volume in found.items()} == {"": 3, "phase": 3}
    assert found["phase"].voxels[:, 0, 0, 0].tolist() == [100, 110, 120]


def test_an_image_type_that_changes_from_slice_to_slice_is_one_image(tmp_path: Path) -> None:
    found = series("ImageType", _types("M"))
    for ds, word in zip(found, ("A", "A", "B", "B"), strict=True):
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL", word]

    assert list(firsts(images(tmp_path, found))) == [""]


@pytest.mark.parametrize("words", ["PERFUSION\\ASL", "ASL\\NONE"])
def test_label_and_control_are_times_of_one_image_whatever_their_tr(words: str, tmp_path: Path) -> None:
    found = series("RepetitionTime", ["4000", "4000.5"])
    for n, ds in enumerate(found):
        ds.ImageType, ds.AcquisitionNumber = ["ORIGINAL", "PRIMARY", *words.split("\\")], n // SLICES + 1

    (volume,) = images(tmp_path, found).values()

    assert volume.voxels[:, 0, 0, 0].tolist() == [0, 100]


@pytest.mark.parametrize(
    ("attribute", "values"),
    [
        ("EchoTime", ("4.92", "4.9199", "4.9200001")),
        ("EchoTime", ("2.46", "2.47", "2.46")),
        ("RepetitionTime", ("2000", "2000.01", "1999.9")),
        ("FlipAngle", ("9", "9.0123", "9.0246")),
    ],
)
def test_numbers_that_jitter_from_slice_to_slice_are_one_image(attribute: str, values: tuple[str, ...], tmp_path: Path) -> None:
    found = slices(np.array([np.full((4, 5), k) for k in range(3)], "<i2"), MR)
    for ds, value in zip(found, values, strict=True):
        setattr(ds, attribute, value)

    (volume,) = images(tmp_path, found).values()

    assert volume.voxels[0, :, 0, 0].tolist() == [0, 1, 2]
    assert any("within the image" in warning for warning in volume.warnings)


def test_echoes_that_are_close_at_the_same_places_stay_apart(tmp_path: Path) -> None:
    assert set(images(tmp_path, series("EchoTime", ["2.46", "2.48"]))) == {"echo2_46", "echo2_48"}


@pytest.mark.parametrize(
    ("group", "creator", "number", "manufacturer", "words"),
    [
        (0x2005, "Philips MR Imaging DD 001", 0x11, "Philips Medical Systems", (["M"], ["P"])),
        (0x0021, "SIEMENS MR SDI 02", 0x75, "SIEMENS", (["ORIGINAL", "PRIMARY", "M"], ["ORIGINAL", "PRIMARY", "P"])),
    ],
)
def test_phase_that_only_a_private_element_states(
    group: int, creator: str, number: int, manufacturer: str, words: tuple[list[str], ...], tmp_path: Path
) -> None:
    found = series("Manufacturer", [manufacturer] * 2)
    for n, ds in enumerate(found):
        ds.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
        ds.private_block(group, creator, create=True).add_new(number, "CS", words[n // SLICES])

    assert set(images(tmp_path, found)) == {"", "phase"}


def test_units_of_pet_are_not_mixed(tmp_path: Path) -> None:
    assert set(images(tmp_path, series("Units", ["BQML", "CNTS"], PET))) == {"units-BQML", "units-CNTS"}


@pytest.mark.parametrize("dtype", ["<u2", "<i4"])
def test_slices_of_another_pixel_type_are_reported(dtype: str, tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5), MR)
    put_pixels(found[1], ramp(4, 5, dtype=dtype))

    volumes = images(tmp_path, found).values()

    assert sorted(volume.voxels.shape[1] for volume in volumes) == [1, 2]
    assert all("pixels have another type" in volume.warnings[0] for volume in volumes)


@pytest.mark.parametrize(
    ("attribute", "values", "kind", "names"),
    [
        ("KVP", ["80", "140"], CT, ["80kv", "140kv"]),
        ("SequenceVariant", ["SP", ["SP", "MTC"]], MR, ["", "mt"]),
        ("RescaleType", ["HU", "MGML"], CT, ["hu", "mgml"]),
        ("MultienergyCTCharacteristicsSequence", [[group(MonoenergeticEnergyEquivalent=energy)] for energy in (40, 70)], CT,
         ["40kev", "70kev"]),
        ("SliceThickness", ["3", "6"], CT, ["3mm", "6mm"]),
        ("ReceiveCoilName", ["C1", "C2"], MR, ["c1", "c2"]),
        ("ViewPosition", ["AP", "LL"], RADIOGRAPH, ["ap", "ll"]),
        ("ImageLaterality", ["L", "R"], RADIOGRAPH, ["l", "r"]),
        ("DoseType", ["PHYSICAL", "ERROR"], "1.2.840.10008.5.1.4.1.1.481.2", ["physical", "error"]),
    ],
)  # fmt: skip
def test_images_that_differ_in_how_they_were_made(
    attribute: str, values: list[Any], kind: str, names: list[str], tmp_path: Path
) -> None:
    found = images(tmp_path, series(attribute, values, kind))

    assert firsts(found) == dict(zip(names, [0, 100], strict=True))


def test_views_without_positions_are_named(tmp_path: Path) -> None:
    found = []
    for n, (side, view) in enumerate((("L", "CC"), ("R", "CC"), ("L", "MLO"), ("R", "MLO"))):
        ds = image(ramp(4, 5, start=20 * n, dtype="<u2"), "1.2.840.10008.5.1.4.1.1.1.2", instance=n + 1)
        ds.ImageLaterality, ds.ViewPosition = side, view
        found.append(ds)

    names = {name: int(volume.voxels[0, 0, 0, 0]) for name, volume in images(tmp_path, found).items()}

    assert names == {"l-cc": 0, "r-cc": 20, "l-mlo": 40, "r-mlo": 60}


def test_a_name_of_an_image_without_a_position_has_each_word_once(tmp_path: Path) -> None:
    """It was called mpr_mpr-derived."""
    found = [*slices(ramp(3, 4, 5), CT), *slices(ramp(1, 4, 5), CT)]
    for n, ds in enumerate(found):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, n)
    found[-1].ImageType = ["DERIVED", "PRIMARY", "AXIAL", "MPR"]
    del found[-1].ImagePositionPatient

    assert list(images(tmp_path, found)) == ["", "mpr_derived"]


def test_a_tube_voltage_that_changes_from_slice_to_slice_is_one_image(tmp_path: Path) -> None:
    found = series("KVP", ["120"], CT)
    for n, ds in enumerate(found):
        ds.KVP = str(100 + 20 * (n % 2))

    assert list(images(tmp_path, found)) == [""]


@pytest.mark.slow
def test_slices_of_other_units_are_reported(tmp_path: Path) -> None:
    found = series("RescaleType", ["HU"], CT)
    found[2].RescaleType = "US"

    (volume,) = images(tmp_path, found).values()

    assert any("different units" in warning and "HU, US" in warning for warning in volume.warnings)


@pytest.mark.parametrize("kind", [CT, PET])
def test_a_rescale_that_the_kind_requires_is_missed(kind: str, tmp_path: Path) -> None:
    found = series("SeriesDescription", ["series 1"], kind)
    for ds in found:
        ds.RescaleSlope = ""

    (volume,) = images(tmp_path, found).values()

    assert any("RescaleSlope (0028,1053) is missing or empty" in warning for warning in volume.warnings)


@pytest.mark.parametrize(
    ("sequence", "attribute", "values", "names"),
    [
        ("MRTimingAndRelatedParametersSequence", "FlipAngle", [4.0, 18.0], ["flip4", "flip18"]),
        (
            "MRVelocityEncodingSequence",
            "VelocityEncodingDirection",
            [[1.0, 0, 0], [0, 0, 1.0]],
            ["velocity1_0_0", "velocity0_0_1"],
        ),
        ("CTXRayDetailsSequence", "KVP", [80.0, 140.0], ["80kv", "140kv"]),
    ],
)
def test_frames_of_an_enhanced_object_that_differ_in_how_they_were_made(
    sequence: str, attribute: str, values: list[Any], names: list[str], tmp_path: Path
) -> None:
    order = np.random.default_rng(2).permutation(12).tolist()
    ds = enhanced([0, 1], order, by_index=False)
    del ds.DimensionIndexSequence
    ds.Modality = "CT" if attribute == "KVP" else "MR"
    for n, groups in zip(order, ds.PerFrameFunctionalGroupsSequence, strict=True):
        setattr(groups, sequence, [group(**{attribute: values[n // 6]})])

    found = {name: set(volume.voxels.reshape(-1).tolist()) for name, volume in images(tmp_path, [ds]).items()}

    assert found == {name: {100 * (n + 1) + k for k in range(6)} for n, name in enumerate(names)}


@pytest.mark.parametrize(("presentation", "is_reported"), [("COLOR", True), ("MONOCHROME", False)])
def test_colors_of_a_supplemental_palette_are_reported(presentation: str, is_reported: bool, tmp_path: Path) -> None:
    found = series("PixelPresentation", [presentation])
    for ds in found:
        ds.RedPaletteColorLookupTableDescriptor = [256, 3840, 8]

    (volume,) = images(tmp_path, found).values()

    assert any("stored values from 3840 on are numbers of colors" in words for words in volume.warnings) == is_reported


def test_numbers_of_a_palette_are_reported(tmp_path: Path) -> None:
    found = series("PhotometricInterpretation", ["PALETTE COLOR"])

    (volume,) = images(tmp_path, found).values()

    assert any("colors in a palette" in warning for warning in volume.warnings)


@pytest.mark.parametrize(("b_values", "names"), [([0, 500], {""}), ([500, 500], {"original-primary", "derived-secondary"})])
def test_derived_images_of_other_b_values_are_of_one_image(b_values: list[int], names: set[str], tmp_path: Path) -> None:
    found = series("ImageType", [["ORIGINAL", "PRIMARY", "OTHER"], ["DERIVED", "SECONDARY", "OTHER"]])
    for ds in found:
        ds.DiffusionBValue = b_values["DERIVED" in ds.ImageType]

    assert set(images(tmp_path, found)) == names


def test_an_agent_that_is_given_within_a_dynamic_series_does_not_divide_it(tmp_path: Path) -> None:
    found = series("ContrastBolusAgent", [None, "Gd"], times=3)
    for ds in found:
        del ds.TemporalPositionIdentifier

    (volume,) = images(tmp_path, found).values()

    assert volume.voxels.shape[0] == 6


def test_texts_that_alternate_do_not_divide_slices_of_which_one_is_missing(tmp_path: Path) -> None:
    found = slices(np.array([np.full((4, 5), k) for k in range(5)], "<i2"), MR)
    del found[3]
    for n, ds in enumerate(found):
        ds.SeriesDescription = f"part {n % 2}"

    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert sorted(set(volume.voxels.ravel().tolist())) == [0, 1, 2, 4]


def test_original_and_derived_images_are_separate(tmp_path: Path) -> None:
    types = [["ORIGINAL", "PRIMARY", "OTHER"], ["DERIVED", "PRIMARY", "OTHER"], ["DERIVED", "SECONDARY", "OTHER"]]

    found = images(tmp_path, series("ImageType", types))

    assert firsts(found) == {"original-primary": 0, "derived-primary": 100, "derived-secondary": 200}


def _with_screen(position: list[str]) -> list[Dataset]:
    """Return a series of CT whose first file is a picture of doses that has a position."""
    (screen,) = slices(ramp(1, 4, 5, start=900))
    screen.ImageType, screen.ImagePositionPatient = ["DERIVED", "SECONDARY", "OTHER"], position
    found = [screen, *series("KVP", ["120"], CT)]
    for n, ds in enumerate(found):
        ds.InstanceNumber, ds.SOPInstanceUID = n + 1, uid(1, n + 1)
    return found


@pytest.mark.parametrize("position", [["-10.5", "20.25", "-30.125"], ["-10.5", "20.25", "-27.625"], ["0", "0", "0"]])
def test_a_picture_in_a_series_is_no_slice_of_it(position: list[str], tmp_path: Path) -> None:
    """A dose report with the position of a slice took the place of that slice; elsewhere, it was one more slice."""
    found = images(tmp_path, _with_screen(position))

    assert found.pop("").voxels[0, :, 0, 0].tolist() == [0, 1, 2, 3]
    assert [volume.voxels[0, :, 0, 0].tolist() for volume in found.values()] == [[900]]


def test_words_that_change_from_slice_to_slice_set_no_time_apart(tmp_path: Path) -> None:
    found = series("SeriesDescription", ["series 1"], CT, times=3)
    for n, ds in enumerate(found):
        ds.SliceThickness = f"2.5{n:02d}"

    (volume,) = images(tmp_path, found).values()

    assert volume.voxels.shape[:2] == (3, SLICES)


def test_a_derived_slice_in_the_gap_of_a_volume_is_a_slice_of_it(tmp_path: Path) -> None:
    found = series("KVP", ["120"], CT)
    found[2].ImageType = ["DERIVED", "PRIMARY", "AXIAL"]

    assert firsts(images(tmp_path, found)) == {"": 0}


@pytest.mark.parametrize(
    ("attribute", "values", "names"),
    [
        ("SeriesDescription", ["series 1", "series 2"], ["1", "2"]),
        ("ContrastBolusAgent", ["", "GD"], ["", "gd"]),
        ("SequenceName", ["fl3d1_v150in", "fl3d1_v150ap"], ["velocity150in", "velocity150ap"]),
        ("CorrectedImage", [["DECY", "ATTN"], ["DECY"]], ["attn", "decy"]),
        ("ReconstructionMethod", ["OSEM", "FBP"], ["osem", "fbp"]),
        ("AttenuationCorrectionMethod", ["MEASURED", "NONE"], ["measured", "none"]),
        ("ScatterCorrectionMethod", ["MODEL", "NONE"], ["model", "none"]),
        ("DecayCorrection", ["START", "ADMIN"], ["start", "admin"]),
        ("ReconstructionAlgorithm", ["ITERATIVE", "FILTER_BACK_PROJ"], ["iterative", "proj"]),
    ],
)
@pytest.mark.parametrize("counted", [True, False])
def test_images_that_only_texts_distinguish(
    attribute: str, values: list[str], names: list[str], counted: bool, tmp_path: Path
) -> None:
    found = series(attribute, values)
    for ds in found:
        ds.InstanceNumber = ds.InstanceNumber if counted else 1
        del ds.AcquisitionNumber, ds.AcquisitionTime, ds.ContentTime

    by_name = {name.rpartition("_")[2]: first for name, first in firsts(images(tmp_path, found)).items()}

    assert by_name == dict(zip(names, [0, 100], strict=True))


def test_descriptions_that_change_from_slice_to_slice_are_one_image(tmp_path: Path) -> None:
    found = series("SeriesDescription", ["series 1"])
    for n, ds in enumerate(found):
        ds.SeriesDescription = f"series {n % 2}"

    assert len(images(tmp_path, found)) == 1


@pytest.mark.parametrize("gone", range(4))
def test_images_of_two_slices_of_which_one_is_missing_are_separate(gone: int, tmp_path: Path) -> None:
    found = [ds for n, ds in enumerate(series("SequenceName", ["fl3d1_v150in", "fl3d1_v150ap"])) if n % SLICES < 2]
    del found[gone]

    volumes = images(tmp_path, found).values()

    assert sorted(volume.voxels[:, :, 0, 0].tolist() for volume in volumes) == sorted(
        [[[value for value in (first, first + 1) if value != [0, 1, 100, 101][gone]]] for first in (0, 100)]
    )


@pytest.mark.parametrize("repeating", [{"EchoNumbers": [1, 2]}, {"FrameOfReferenceUID": [uid(5), uid(6)]},
                                       {"EchoNumbers": [1, 2], "FrameOfReferenceUID": [uid(5), uid(6)]}])  # fmt: skip
def test_names_do_not_repeat_what_a_better_attribute_states(repeating: dict[str, list[Any]], tmp_path: Path) -> None:
    found = series("EchoTime", ["2.5", "5"])
    for n, ds in enumerate(found):
        for attribute, values in repeating.items():
            setattr(ds, attribute, values[n // SLICES])

    assert firsts(images(tmp_path, found)) == {"echo2_5": 0, "echo5": 100}


def test_an_image_without_a_position_is_in_no_space(tmp_path: Path) -> None:
    found = series("KVP", ["120", "120"], CT)[: SLICES + 1]
    del found[-1].ImagePositionPatient

    assert set(images(tmp_path, found)) == {"", "2"}


def test_image_types_that_differ_in_more_than_their_origin_are_separate_also_by_b_value(tmp_path: Path) -> None:
    """Trace images are next to the image of b = 0 as acquired; images of another kind are not."""
    found = series("ImageType", [["ORIGINAL", "PRIMARY", "OTHER"], ["DERIVED", "SECONDARY", "CONTRAST"]])
    for ds in found:
        ds.DiffusionBValue = 500 * ("DERIVED" in ds.ImageType)

    assert sorted(firsts(images(tmp_path, found)).values()) == [0, 100]


def _b0_map(count: int = 3) -> list[Dataset]:
    """Return slices of GE's sequence B0map: a map in Hz, then the magnitude."""
    found = []
    for n in range(2 * count):
        (ds,) = slices(np.full((1, 4, 5), n, "<i2"), MR, origin=(0, 0, 3 * (n % count)))
        ds.InstanceNumber, ds.Manufacturer, ds.ImageType = n + 1, "GE MEDICAL SYSTEMS", ["ORIGINAL", "PRIMARY", "OTHER"]
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, n)
        ds.private_block(0x0019, "GEMS_ACQU_01", create=True).add_new(0x9C, "LO", "research/B0map")
        ds.private_block(0x0021, "GEMS_RELA_01", create=True).add_new(0x4F, "SS", count)
        found.append(ds)
    return found


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_map_of_ge_is_in_the_first_instances_of_its_series(count: int, tmp_path: Path) -> None:
    found = images(tmp_path, _b0_map(count)[::-1])

    assert {name: volume.voxels[0, :, 0, 0].tolist() for name, volume in found.items()} == {
        "fieldmaphz": list(range(count)), "": list(range(count, 2 * count)),
    }  # fmt: skip


def test_the_map_of_ge_without_instance_numbers_is_refused(tmp_path: Path) -> None:
    found = _b0_map()
    for ds in found:
        del ds.InstanceNumber
    save(tmp_path, found)

    with pytest.raises(DicomReadError, match="InstanceNumber"):
        read([tmp_path])


def test_a_series_of_one_volume_of_ge_has_no_map_and_needs_no_instance_numbers(tmp_path: Path) -> None:
    found = _b0_map()[:3]
    for ds in found:
        del ds.InstanceNumber
        ds.ImagesInAcquisition = 3

    assert list(images(tmp_path, found)) == [""]


PAIRS = [("CorrectedImage", [["DECY", "ATTN", "SCAT"], ["DECY"]]), ("AttenuationCorrectionMethod", ["CT", "NONE"])]


@pytest.mark.parametrize(("attribute", "values"), PAIRS)
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("clock", ["FrameReferenceTime", "AcquisitionTime", ""])
def test_pet_with_and_without_a_correction_are_images_of_their_own_whatever_their_clocks(
    attribute: str, values: list[Any], times: int, clock: str, tmp_path: Path
) -> None:
    found = series(attribute, values, PET, times)
    for n, ds in enumerate(found):
        second = n // SLICES + 1
        if clock:
            setattr(ds, clock, str(1000 * second) if clock == "FrameReferenceTime" else f"0304{second:02}")
    volumes = list(images(tmp_path, found).values())

    assert sorted(volume.voxels.shape[:2] for volume in volumes) == [(times, SLICES)] * 2
    assert sorted(int(volume.array[0, 0, 0, 0]) for volume in volumes) == [0, 100]


def test_a_correction_that_begins_during_a_dynamic_scan_makes_no_other_image(tmp_path: Path) -> None:
    found = series("CorrectedImage", [["DECY", "ATTN"]], PET, 6)
    for n, ds in enumerate(found):
        ds.FrameReferenceTime = str(1000 * (n // SLICES))
        ds.CorrectedImage = ["DECY", "ATTN", "SCAT"] if n >= SLICES else ["DECY", "ATTN"]
    (volume,) = images(tmp_path, found).values()

    assert volume.voxels.shape[:2] == (6, SLICES)

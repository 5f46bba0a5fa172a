"""Images of one series that differ in meaning are separate volumes, whose names state the difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from phantoms.base import CT, MR, PET, image, put_pixels, ramp, slices, uid
from phantoms.dynamic import enhanced
from phantoms.multiframe import group
from support.series_of_images import RADIOGRAPH, SLICES, codes_of, firsts, images, mapping_to, series, types_of


@pytest.mark.parametrize(
    ("attribute", "values", "names"),
    [
        ("EchoTime", ["2.5", "5"], ["echo2_5", "echo5"]),
        ("EchoNumbers", ["1", "2"], ["echonumber1", "echonumber2"]),
        ("InversionTime", ["700", "2500"], ["TI700", "TI2500"]),
        ("FlipAngle", ["5", "20"], ["flip5", "flip20"]),
        ("FrameOfReferenceUID", [uid(5), uid(6)], ["space1", "space2"]),
        ("ImageType", types_of("M\\ND", "P\\ND"), ["", "phase"]),
        ("ImageType", types_of("M_FFE\\M\\FFE", "PHASE MAP\\P\\FFE", "R_FFE\\R\\FFE", "I_FFE\\I\\FFE"),
         ["", "phase", "real", "imaginary"]),
        ("ImageType", types_of("M_FFE\\M", "SW_M_FFE\\M", "SW_P\\P"), ["", "swi", "phase-swi"]),
        ("ImageType", types_of("W\\W", "F\\F", "IP\\IP", "OP\\OP"), ["water", "fat", "inphase", "outphase"]),
        ("ImageType", types_of("M\\DIXON\\WATER", "M\\DIXON\\FAT", "M\\DIXON\\IN_PHASE", "M\\DIXON\\OUT_PHASE"),
         ["water", "fat", "inphase", "outphase"]),
        ("ImageType", types_of("T1 MAP\\T1", "R2_STAR\\R2_STAR", "FF\\FF", "ADC"), ["t1map", "r2star", "fatfraction", "adc"]),
        ("ImageType", types_of("M", "SWI", "MNIP"), ["", "swi", "minip"]),
        ("ImageType", types_of("M\\VENDOR1", "M\\VENDOR2"), ["type-vendor1", "type-vendor2"]),
        ("MagnetizationTransfer", ["ON_RESONANCE", "NONE"], ["mt", ""]),
        ("ImagedNucleus", ["1H", "23NA"], ["1h", "23na"]),
        ("DerivationCodeSequence", [None, codes_of("Subtraction")], ["", "subtraction"]),
        ("RealWorldValueMappingSequence", [mapping_to("ms"), mapping_to("Hz")], ["ms", "hz"]),
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
    found = _derived(codes_of(meaning, code), "AcquisitionNumber", [1, 2])

    (volume,) = images(tmp_path, found).values()

    assert volume.voxels[:, 0, 0, 0].tolist() == [0, 100]


def test_traces_are_one_image_with_those_that_are_not_derived(tmp_path: Path) -> None:
    found = _derived(codes_of("Pixel by pixel mean", "113049"), "DiffusionBValue", [0.0, 1000.0])

    (volume,) = images(tmp_path, found).values()

    assert volume.voxels[:, 0, 0, 0].tolist() == [0, 100]


def test_kernels_of_a_ct_series(tmp_path: Path) -> None:
    found = firsts(images(tmp_path, series("ConvolutionKernel", ["B30f", "B70f"], CT)))

    assert found == {"kernel-B30f": 0, "kernel-B70f": 100}


def test_each_image_keeps_its_own_times(tmp_path: Path) -> None:
    found = images(tmp_path, series("ImageType", types_of("M", "P"), times=3))

    assert {name: volume.voxels.shape[0] for name, volume in found.items()} == {"": 3, "phase": 3}
    assert found["phase"].voxels[:, 0, 0, 0].tolist() == [100, 110, 120]


def test_an_image_type_that_changes_from_slice_to_slice_is_one_image(tmp_path: Path) -> None:
    found = series("ImageType", types_of("M"))
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

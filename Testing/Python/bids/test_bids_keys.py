"""BIDS keys: one fact each, on volumes made of a few attributes."""

import gzip
import struct

import numpy as np
import pytest

from nifti_dicom_bridge import bids
from nifti_dicom_bridge.bids import from_sidecar, ge_times, pet, phase_encoding, siemens_text
from nifti_dicom_bridge.model import metadata
from nifti_dicom_bridge.model.dicom_source import DicomSource, Origin
from nifti_dicom_bridge.model.metadata import Element, Encoding, Instance, Item, SeriesMetadata
from nifti_dicom_bridge.model.space.axes import reoriented_affine
from nifti_dicom_bridge.model.volume import Volume
from nifti_dicom_bridge.model.voxels.pixels import PixelRecord, Rescale
from nifti_dicom_bridge.standard.siemens_csa import protocol_of

AXIAL = "1\\0\\0\\0\\1\\0"
SAGITTAL = "0\\1\\0\\0\\0\\-1"


def element(value, vr="LO"):
    if isinstance(value, (bytes, tuple)):
        return Element(vr, value)
    return Element(vr, str(value).encode("utf-8"))


def instance(attributes, number=1):
    found = {tag: value if isinstance(value, Element) else element(value) for tag, value in attributes.items()}
    return Instance({0x00080060: element("MR"), 0x00200013: element(number), **found}, {}, None, Encoding(), None)


def volume(*instances, times=1, slices=None, matrix=None):
    slices = slices or len(instances) // times
    frames = np.array([[(t * slices + k, 0) for k in range(slices)] for t in range(times)], np.int32)
    voxels = np.zeros((times, slices, 12, 16), np.int16)
    return of_series(voxels, np.diag([-2.0, -2.0, 3.0, 1.0]) if matrix is None else matrix, SeriesMetadata(instances, frames))


def of_series(voxels, matrix, series):
    origin = Origin("", voxels.shape, matrix, Rescale(), "<i2")
    return Volume(voxels, matrix, source=DicomSource(series, PixelRecord("<i2"), origin))


def stored(found):
    return reoriented_affine(np.asarray(found.ijk_to_ras, float), (0, 1, 2), (1, -1, 1), found.shape_ijk)


def keys(found):
    return bids.keys_of(found, stored(found))


def one(attributes):
    return keys(volume(instance(attributes)))


@pytest.mark.parametrize(
    ("tag", "text", "key", "value"),
    [
        (0x00101010, "048Y", "PatientAge", 48),
        (0x00101010, "018M", "PatientAge", 1.5),
        (0x00100030, "19660101", "PatientBirthDate", "1966-01-01"),
        (0x00080070, "SIEMENS", "Manufacturer", "Siemens"),
        (0x00080070, "GE MEDICAL SYSTEMS", "Manufacturer", "GE"),
        (0x00080070, "Philips Medical Systems", "Manufacturer", "Philips"),
        (0x00080070, "Esaote", "Manufacturer", "Esaote"),
        (0x00180080, "2000", "RepetitionTime", 2),
        (0x00181020, "27\\LX", "SoftwareVersions", "27\\LX"),
        (0x00120063, "a\\b", "DeidentificationMethod", ["a", "b"]),
        (0x00541001, "BQML", "Units", "Bq/mL"),
        (0x00189020, "NONE", "MTState", False),
        (0x00180021, "SP\\MTC\\OSP", "MTState", True),
        (0x00181048, "IODINE", "ContrastBolusIngredient", "IODINE"),
        (0x00189016, "RF", "SpoilingType", "RF"),
        (
            0x00080008,
            "ORIGINAL\\PRIMARY\\M_FFE\\M\\FFE",
            "ImageType",
            ["ORIGINAL", "PRIMARY", "M", "FFE", "M", "FFE", "MAGNITUDE"],
        ),
    ],
)
def test_attribute_is_written_as_bids_requires(tag, text, key, value):
    assert one({tag: text})[key] == value


@pytest.mark.parametrize("key", ["PatientWeight", "EchoTime", "SeriesNumber"])
def test_nothing_is_written_of_what_is_absent_or_zero(key):
    assert key not in one({0x00101030: "0", 0x00180081: "0", 0x00200011: "0"})


def test_department_is_none_by_name_where_there_is_none():
    assert one({0x00081040: ""})["InstitutionalDepartmentName"] == "None"


@pytest.mark.parametrize(("tag", "key"), [(0x00181048, "ContrastBolusIngredient"), (0x00180023, "MRAcquisitionType")])
def test_word_that_bids_does_not_know_is_left_out(tag, key):
    assert key not in one({tag: "UNKNOWN"})


def test_what_is_written_reads_back_to_the_same_attribute():
    attributes = {
        0x00101010: "048Y", 0x00100030: "19660101", 0x00181020: "27\\LX", 0x00180081: "30.5", 0x00541001: "BQML",
        0x00189020: "NONE", 0x00180020: "EP\\GR", 0x00080032: "101112.500000",
    }  # fmt: skip
    back = {edit.path[0]: "\\".join(edit.texts) for edit in from_sidecar.edited_keys(one(attributes), {}, "x.json").direct}
    assert {tag: back[tag] for tag in attributes} == attributes


def test_edit_of_a_nested_attribute_names_the_way_to_it():
    (edit,) = from_sidecar.edited_keys({"InjectedRadioactivity": 200}, {"InjectedRadioactivity": 185}, "x.json").direct
    assert (edit.path, edit.texts) == ((0x00540016, 0x00181074), ["200000000"])


def test_edit_that_puts_in_what_dcm2niix_writes_for_nothing_is_none():
    assert from_sidecar.edited_keys({"InstitutionalDepartmentName": "None"}, {}, "x.json").direct == ()


def test_edit_of_a_computed_key_is_named():
    found = from_sidecar.edited_keys({"SliceTiming": [0, 1], "TaskName": "rest", "EchoTime": 3}, {}, "x.json")
    assert found.ignored == ("SliceTiming",)


@pytest.mark.parametrize(
    ("scanning", "variant", "name"),
    [
        ("EP\\SE", "SK", "Spin Echo EPI"),
        ("EP", "SK", "Gradient Echo EPI"),
        ("GR\\IR", "SK\\SP\\MP", "MPRAGE"),
        ("GR\\IR", "SK\\SP", "Spoiled Gradient Echo"),
        ("SE\\GR", "NONE", "Gradient Echo"),
        ("SE\\IR", "SP", "Inversion Recovery Spin Echo"),
        ("RM", "NONE", None),
    ],
)
def test_pulse_sequence_type(scanning, variant, name):
    assert one({0x00180020: scanning, 0x00180021: variant}).get("PulseSequenceType") == name


# --- private elements -------------------------------------------------------------------------------------------------

GE_ACQUISITION = {0x00080070: "GE MEDICAL SYSTEMS", 0x00190011: "GEMS_ACQU_01"}


def test_private_element_is_found_in_the_block_of_its_creator():
    assert one({**GE_ACQUISITION, 0x0019119E: "EPI2"})["InternalPulseSequenceName"] == "EPI2"


def test_private_element_of_another_creator_is_not_taken():
    other = {0x00080070: "GE MEDICAL SYSTEMS", 0x00190010: "SOMEBODY", 0x0019109E: "EPI2"}
    assert "InternalPulseSequenceName" not in one(other)


def test_private_element_without_any_creator_is_read_where_the_vendor_has_it():
    assert one({0x00080070: "GE MEDICAL SYSTEMS", 0x0019109E: "EPI"})["InternalPulseSequenceName"] == "EPI"


def test_value_of_the_functional_group_of_a_frame_is_found():
    timing_item = (Item({0x00180080: element("1500", "DS")}),)
    shared = (Item({0x00189112: Element("SQ", timing_item)}),)
    assert one({0x52009229: Element("SQ", shared)})["RepetitionTime"] == 1.5


# --- phase encoding ---------------------------------------------------------------------------------------------------


def siemens(direction, positive, cosines=AXIAL):
    return {
        0x00080070: "SIEMENS", 0x00180023: "2D", 0x00181312: direction, 0x00200037: cosines,
        0x00210011: "SIEMENS MR SDI 02", 0x0021111C: str(positive),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("direction", "positive", "letter"), [("COL", 1, "j-"), ("COL", 0, "j"), ("ROW", 1, "i"), ("ROW", 0, "i-")]
)
def test_direction_is_that_of_the_file_whose_rows_are_flipped(direction, positive, letter):
    assert one(siemens(direction, positive))["PhaseEncodingDirection"] == letter


def test_direction_is_that_of_the_volume_where_the_file_has_its_order():
    assert bids.keys_of(volume(instance(siemens("COL", 1))))["PhaseEncodingDirection"] == "j"


def test_direction_follows_the_matrix_not_the_row_and_column():
    matrix = np.array([[0, 0, 3.0, 0], [2.0, 0, 0, 0], [0, -2.0, 0, 0], [0, 0, 0, 1]])
    turned = matrix[:, [1, 0, 2, 3]]  # a file that stores columns first
    found = volume(instance(siemens("ROW", 1, SAGITTAL)), matrix=matrix)
    assert bids.keys_of(found, turned)["PhaseEncodingDirection"] == "j-"


def test_axis_alone_where_the_polarity_is_unknown():
    found = one({0x00080070: "Philips", 0x00180023: "2D", 0x00181312: "ROW", 0x00200037: AXIAL})
    assert found["PhaseEncodingAxis"] == "i"
    assert "PhaseEncodingDirection" not in found


def test_ge_binary_header_states_the_polarity():
    raw = bytearray(2000)
    struct.pack_into("<f", raw, 0, 24.0)
    struct.pack_into("<H", raw, 0x3A, 0x800)
    assert phase_encoding.ge_header_polarity(bytes(raw)) == 1
    struct.pack_into("<H", raw, 0x30, 0x4)
    assert phase_encoding.ge_header_polarity(bytes(raw)) == -1


# --- timing -----------------------------------------------------------------------------------------------------------


def slices(maker, values, repetition="2000", **more):
    shared = {0x00180023: "2D", 0x00180080: repetition, **more}
    return volume(*(instance({**shared, **maker(value)}, n + 1) for n, value in enumerate(values)))


def clock(value):
    return {0x00080070: "SIEMENS", 0x00080032: f"1011{12 + value:09.6f}"}


def test_slice_timing_is_relative_to_the_first_slice():
    assert keys(slices(clock, [0.5, 0.0, 1.0]))["SliceTiming"] == [0.5, 0, 1]


def test_slice_timing_is_in_the_order_of_the_file():
    found = slices(clock, [0.5, 0.0, 1.0])
    backwards = reoriented_affine(np.asarray(found.ijk_to_ras, float), (0, 1, 2), (1, 1, -1), found.shape_ijk)
    assert bids.keys_of(found, backwards)["SliceTiming"] == [1, 0, 0.5]


def test_slice_timing_beyond_the_repetition_of_epi_is_left_out():
    epi = slices(lambda value: {**clock(value), 0x00180020: "EP"}, [0.5, 0.0, 3.0])
    assert "SliceTiming" not in keys(epi)


def test_slices_with_the_same_time_are_multiband():
    assert keys(slices(clock, [0.0, 0.5, 0.0, 0.5]))["MultibandAccelerationFactor"] == 2


@pytest.mark.parametrize("times", [[0.0, 0.0, 0.0], [0.0, 0.5, 0.0]])
def test_slices_that_happen_to_have_the_same_time_are_not(times):
    assert "MultibandAccelerationFactor" not in keys(slices(clock, times))


def test_ge_interleaved_slices():
    assert ge_times.ge_times(5, 1, 2.0, True, (29.1, True)) == pytest.approx([0, 1.2, 0.4, 1.6, 0.8])


def test_ge_multiband_repeats_the_shots():
    assert ge_times.ge_times(6, 2, 3.0, False, (29.1, True)) == [0, 1, 2, 0, 1, 2]


def test_ge_multiband_of_early_software_is_unknown():
    assert ge_times.ge_times(6, 2, 3.0, True, (25.0, False)) is None


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("27\\LX\\MR Software release:RX27.0_R02_1831.a", (27.0, False)),
        ("27\\LX\\MR Software release:RX27.0_R03_1831.a", (27.0, True)),
        ("28\\LX\\MR29.1_EA_2039.g", (29.1, True)),
        ("nonsense", (0.0, False)),
    ],
)
def test_ge_release(text, release):
    assert ge_times.ge_release(text) == pytest.approx(release)


def test_volumes_of_a_philips_3d_train_take_the_time_between_dynamics():
    def group(begin):
        frame = {0x20050010: "Philips MR Imaging DD 001", 0x200510A0: Element("FL", struct.pack("<f", begin))}
        return Item({tag: value if isinstance(value, Element) else element(value) for tag, value in frame.items()})

    def hidden(begin):
        holder = {0x20050014: element("Philips MR Imaging DD 005"), 0x2005140F: Element("SQ", (group(begin),))}
        return Item(holder)

    per_frame = tuple(hidden(begin) for begin in (0.0, 0.0, 2.5, 2.5, 5.0, 5.0))
    enhanced = instance(
        {0x00080070: "Philips", 0x00180023: "3D", 0x00180080: "30", 0x00180091: "15", 0x52009230: Element("SQ", per_frame)}
    )
    frames = np.array([[(0, 2 * t + k) for k in range(2)] for t in range(3)], np.int32)
    voxels = np.zeros((3, 2, 12, 16), np.int16)
    found = keys(of_series(voxels, np.diag([-2.0, -2.0, 3.0, 1.0]), SeriesMetadata((enhanced,), frames)))
    assert (found["RepetitionTime"], found["RepetitionTimeExcitation"]) == (2.5, 0.03)


@pytest.mark.parametrize(("starts", "seconds"), [((0, 14.5), 3.0), ((0, 4, 8), 4.0)])
def test_two_volumes_have_no_rate(starts, seconds):
    instances = tuple(
        instance({0x00080070: "SIEMENS", 0x00080060: "MR", 0x00180080: "3000", 0x00080032: f"1000{start:09.6f}"})
        for start in starts
    )
    frames = np.array([[(t, 0)] for t in range(len(starts))], np.int32)
    voxels = np.zeros((len(starts), 1, 12, 16), np.int16)
    found = keys(of_series(voxels, np.diag([-2.0, -2.0, 3.0, 1.0]), SeriesMetadata(instances, frames)))
    assert found["RepetitionTime"] == seconds


def test_ge_protocol_block():
    from nifti_dicom_bridge.bids import ge

    packed = gzip.compress(b'NOSLC "15"\nIOPT "EPI, FMRI"\n')
    assert ge.protocol_block(struct.pack("<I", len(packed)) + packed)["IOPT"] == "EPI, FMRI"
    assert ge.protocol_block(b"no gzip") == {}
    assert ge.protocol_block(packed[:20]) == {}


# --- Siemens protocol -------------------------------------------------------------------------------------------------

PROTOCOL = b"""binary MrPhoenixProtocol <XProtocol>
### ASCCONV BEGIN ###
sPat.lAccelFactPE                        = 2
sPat.ucPATMode                           = 0x2
asCoilSelectMeas[0].asList[0].sCoilElementID.tCoilID = ""Head_32""
sKSpace.ucPhasePartialFourier            = 0x4 # ' '
sTXSPEC.asNucleusInfo[0].flReferenceAmplitude = 300.5
### ASCCONV END ###"""


def test_protocol_states_the_coil_and_acceleration():
    found = one({0x00080070: "SIEMENS", 0x00290010: "SIEMENS CSA HEADER", 0x00291020: Element("OB", PROTOCOL)})
    wanted = {
        "ReceiveCoilName": "Head_32", "ParallelReductionFactorInPlane": 2, "MatrixCoilMode": "GRAPPA", "PartialFourier": 0.75,
        "TxRefAmp": 300.5,
    }  # fmt: skip
    assert {key: found[key] for key in wanted} == wanted


def test_control_and_label_are_counted_in_pairs():
    lines = b'### ASCCONV BEGIN ###\ntSequenceFileName = "%SiemensSeq%\\ep2d_pasl"\n### ASCCONV END ###'
    csa = {0x00080070: "SIEMENS", 0x00290010: "SIEMENS CSA HEADER", 0x00291020: Element("OB", lines)}
    found = keys(volume(*(instance(csa, n + 1) for n in range(14)), times=7))
    assert (found["TotalAcquiredPairs"], found["M0Type"]) == (3, "Included")


def test_protocol_that_is_none_is_empty():
    assert protocol_of(b"SV10 nothing") == ""
    assert siemens_text.values("a = \n", "a") == []


def test_effective_echo_spacing_of_siemens():
    found = one(
        {
            **siemens("COL", 1),
            0x00190010: "SIEMENS MR HEADER",
            0x00191028: Element("FD", struct.pack("<d", 25.0)),
        }
    )
    assert found["EffectiveEchoSpacing"] == pytest.approx(1 / (25 * 12), rel=1e-5)
    assert found["TotalReadoutTime"] == pytest.approx(11 / (25 * 12), rel=1e-5)


# --- positron emission tomography -------------------------------------------------------------------------------------


def positron(times):
    tracer = Item({0x00180031: element("FDG -- fluorodeoxyglucose"), 0x00181074: element("185000000", "DS")})
    return volume(
        *(
            instance(
                {
                    0x00080060: "PT",
                    0x00080031: "101000",
                    0x00080032: f"10{10 + minutes:02d}00",
                    0x00541321: "1.1",
                    0x00181242: "60000",
                    0x00540016: Element("SQ", (tracer,)),
                },
                n + 1,
            )
            for n, minutes in enumerate(times)
        ),
        times=len(times),
    )


def test_pet_frames_count_from_the_series():
    found = keys(positron([1, 2, 4]))
    assert found["FrameTimesStart"] == [60, 120, 240]
    assert found["FrameDuration"] == [60, 60, 60]
    assert found["TimeZero"] == "10:10:00"


def test_pet_frames_have_a_scatter_fraction_each():
    fractions = iter(["0", "0.2", "0.3"])
    found = volume(
        *(instance({0x00080060: "PT", 0x00541323: next(fractions), 0x00080032: f"1010{n:02d}"}, n + 1) for n in range(3)),
        times=3,
    )
    assert keys(found)["ScatterFraction"] == [0, 20, 30]


def test_pet_of_several_beds_began_with_the_first():
    def bed(seconds):
        times = {0x00080031: "235950", 0x00080032: f"0000{seconds:02d}"}
        return {**times, 0x00080060: "PT", 0x00541321: f"{1 + seconds / 100:g}"}

    found = keys(slices(bed, [20, 20, 10, 10]))
    assert found["FrameTimesStart"] == [20]
    assert found["DecayCorrectionFactor"] == [1.1]


@pytest.mark.parametrize(
    ("series", "acquired", "start"), [("120000", "102000", -6000), ("235500", "000500", 600), ("101000.5", "101000", -0.5)]
)
def test_pet_frames_before_the_series_or_after_midnight(series, acquired, start):
    found = one({0x00080060: "PT", 0x00080031: series, 0x00080032: acquired})

    assert found["FrameTimesStart"] == [start]


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [("", -1800, -1740), ("20240501234500", -1800, -1740), ("20240430234500+0100", -88200, -88140), ("19000101", -1800, -1740)],
)
def test_pet_injection_before_midnight(moment, start, end):
    clocks = {0x00181072: element("234500", "TM"), 0x00181073: element("234600", "TM")}
    tracer = Item({**clocks, 0x00181078: element(moment, "DT")} if moment else clocks)
    series = {0x00080021: "20240502", 0x00080031: "001500", 0x00541102: "ADMIN", 0x00540016: Element("SQ", (tracer,))}

    found = one({0x00080060: "PT", **series})

    assert (found["InjectionStart"], found["InjectionEnd"], found["ImageDecayCorrectionTime"]) == (start, end, start)


@pytest.mark.parametrize(("injected", "scanned", "start"), [("093000", "220000", -45000), ("100100", "100000", 60)])
def test_pet_injection_by_the_clock_alone_is_before_the_scan_but_for_minutes(injected, scanned, start):
    tracer = Item({0x00181072: element(injected, "TM")})

    found = one({0x00080060: "PT", 0x00080031: scanned, 0x00540016: Element("SQ", (tracer,))})

    assert found["InjectionStart"] == start


@pytest.mark.parametrize(("day", "start"), [("20060128", -4019), ("20060127", -4019 - 86400), ("20060129", -4019)])
def test_pet_injection_is_not_on_the_day_after_the_scan(day, start):
    tracer = Item({0x00181078: element(f"{day}135100.00", "DT")})

    series = {0x00080060: "PT", 0x00080021: "20060128", 0x00080031: "145759"}
    found = one({**series, 0x00540016: Element("SQ", (tracer,))})

    assert found["InjectionStart"] == start


def test_pet_activity_is_in_megabecquerel():
    found = keys(positron([0]))
    assert (found["TracerName"], found["InjectedRadioactivity"], found["InjectedRadioactivityUnits"]) == ("FDG", 185, "MBq")


@pytest.mark.parametrize(
    ("text", "found"), [("OP-OSEM4i21s", (21, 4)), ("OSEM3D-OP-PSFi10s16", (16, 10)), ("3D-RAMLA", None), ("", None)]
)
def test_subsets_and_iterations(text, found):
    assert pet.recon_parameters(text) == found


@pytest.mark.parametrize(
    ("text", "found"), [("XYZ Gauss2.00", ("XYZ Gauss", 2)), ("Gaussian 5 mm", ("Gaussian", 5)), ("All-pass", None), ("", None)]
)
def test_filter(text, found):
    assert pet.filter_of(text) == found


def test_every_key_can_be_written_as_json():
    import json

    found = one({0x00180081: Element("DS", b"nan"), 0x00180088: Element("DS", b"1\\x"), 0x00080032: "99"})
    json.dumps(found, allow_nan=False)
    assert "EchoTime" not in found
    assert metadata.text({}, 1) == ""


def test_private_numbers_whose_vr_an_archive_did_not_know():
    binary = {0x2005100E: Element("UN", struct.pack("<f", 0.25)), 0x20011022: Element("UN", struct.pack("<f", 2.5))}
    creators = {0x20050010: "PHILIPS MR IMAGING DD 001", 0x20010010: "PHILIPS IMAGING DD 001"}

    found = one({0x00080070: "Philips", 0x00281053: "2", **creators, **binary})

    assert (found["PhilipsScaleSlope"], found["WaterFatShift"]) == (0.25, 2.5)


def test_real_values_of_philips_volumes_with_scales_of_their_own_are_precise():
    from dataclasses import replace

    scaled = {0x00080070: "Philips", 0x20050010: "Philips MR Imaging DD 001", 0x2005100E: Element("FL", struct.pack("<f", 5.9))}
    found = volume(instance(scaled))
    assert keys(found)["UsePhilipsFloatNotDisplayScaling"] == 0
    real = replace(found, source=replace(found.source, pixel_record=PixelRecord("<i2", rescaled=True)))
    assert keys(real)["UsePhilipsFloatNotDisplayScaling"] == 1


@pytest.mark.parametrize(
    ("words", "duration_ms", "expected"),
    [
        ("EP", 21, {"TotalReadoutTime": 0.021}),
        ("EP\\SE", 999, {"TotalReadoutTime": 0.999}),
        ("EP", 305000, {"AcquisitionDuration": 305.0}),
        ("GR\\IR", 190713, {"AcquisitionDuration": 190.713}),
        ("GR", 190.7, {}),  # in seconds, as in the standard, or in ms
    ],
)
def test_the_duration_of_uih_is_of_one_echo_train_or_of_the_acquisition(words, duration_ms, expected):
    found = one({0x00080070: "UIH", 0x00180020: words, 0x00189073: Element("FD", struct.pack("<d", duration_ms))})
    assert {key: found[key] for key in ("TotalReadoutTime", "AcquisitionDuration") if key in found} == expected


@pytest.mark.parametrize(
    ("field", "frequency", "nucleus", "expected"),
    [
        ("3", "123.2", "1H", (3, 123.2)),
        ("3", "128175953", "1H", (3, 128.175953)),
        ("15000", "63.86094", "1H", (1.5, 63.86094)),
        ("2000", "85255980", "", (0.2, 8.525598)),
        ("5000", "212851070", "", (0.5, 21.285107)),
        ("3", "128175.95", "1H", (3, 128.17595)),
        ("15015", "", "1H", (None, None)),
        ("15000", "25.85", "31P", (None, 25.85)),
        ("", "128175953", "1H", (None, None)),
        ("3", "99999999", "1H", (3, None)),
    ],
)
def test_field_strength_and_frequency_are_in_tesla_and_mhz(field, frequency, nucleus, expected):
    found = one({0x00180087: field, 0x00180084: frequency, 0x00180085: nucleus})
    assert (found.get("MagneticFieldStrength"), found.get("ImagingFrequency")) == expected

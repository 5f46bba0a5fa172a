"""Times, doses and reconstruction of PET frames."""

import pytest

from nifti_dicom_bridge.bids import pet
from nifti_dicom_bridge.model.metadata import Element, Item
from support.attribute_volumes import element, instance, keys, one, slices, volume


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

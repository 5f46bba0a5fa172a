"""Every contradiction between options is refused by every front end, for the same reason."""

from __future__ import annotations

import numpy as np
import pytest

from nifti_dicom_bridge import (
    ConversionOptions,
    FileOptions,
    Job,
    OptionError,
    Volume,
    check_options,
    command_line_words,
    convert,
    message_of,
    propose,
    write,
)
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.options.checks import RULES, SINGLE_IMAGE_RULES
from phantoms import PHANTOMS
from support.contradicting_options import EXAMPLES, RULE_OF, arguments_of, options_of

ALL = pytest.mark.parametrize("code", [rule.code for rule in RULES])
VOLUME = Volume(np.zeros((1, 2, 3, 4), np.int16), np.eye(4))


def test_every_rule_has_an_example_and_no_two_have_one_code():
    assert sorted(EXAMPLES) == sorted(rule.code for rule in RULES)


@ALL
def test_the_example_breaks_this_rule_first(code, tmp_path):
    with pytest.raises(OptionError) as caught:
        check_options(options_of(code, tmp_path))
    assert (caught.value.code, caught.value.options) == (code, RULE_OF[code].options)


@ALL
def test_convert_refuses_it_before_it_reads_anything(code, tmp_path):
    with pytest.raises(OptionError) as caught:
        convert(Job(tmp_path / "not there", tmp_path / "out", options_of(code, tmp_path)))
    assert caught.value.code == code
    assert not (tmp_path / "out").exists()


@ALL
def test_write_refuses_it(code, tmp_path):
    with pytest.raises(OptionError) as caught:
        write(VOLUME, tmp_path / "out", options_of(code, tmp_path))
    assert caught.value.code in {code, *(rule.code for rule in SINGLE_IMAGE_RULES)}
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("code", [code for code, choices in EXAMPLES.items() if choices.get("target") == "dicom"])
def test_propose_refuses_what_contradicts_dicom(code, tmp_path):
    with pytest.raises(OptionError) as caught:
        propose(tmp_path, options_of(code, tmp_path))
    assert caught.value.code == code


@ALL
def test_the_command_line_refuses_it_in_its_own_words(code, tmp_path, capsys):
    arguments = arguments_of(code, tmp_path)
    if not arguments:
        pytest.skip("only Python has this option")
    assert main(["convert", str(tmp_path / "not there"), "-o", str(tmp_path / "out"), *arguments]) == 2
    error = RULE_OF[code].error(options_of(code, tmp_path))
    assert capsys.readouterr().err == f"nifti-dicom-bridge: {message_of(error, command_line_words)}\n"


@ALL
def test_its_reason_names_the_affected_options_and_no_other(code, tmp_path):
    named: set[str] = set()

    def collect(option: str, value: str) -> str:
        named.add(option)
        return option

    message_of(RULE_OF[code].error(options_of(code, tmp_path)), collect)
    assert named - {"target"} <= set(RULE_OF[code].options) | {"layout"}
    assert named & set(RULE_OF[code].options)


def test_the_choices_of_single_files_are_checked_too(tmp_path):
    own = {tmp_path / "CT.nii": FileOptions(kind="ct")}
    with pytest.raises(OptionError, match="new UIDs"):
        check_options(ConversionOptions(target="dicom", uids="keep", per_file=own))


@pytest.mark.parametrize("rule", SINGLE_IMAGE_RULES, ids=lambda rule: rule.code)
def test_write_refuses_what_applies_to_many_images(rule, tmp_path):
    choices = {
        "selection-of-single-image": ConversionOptions(series="7"),
        "filename-of-single-image": ConversionOptions(filename="{series}"),
        "skip-existing-of-single-image": ConversionOptions(skip_existing=True),
        "bids-of-single-image": ConversionOptions(layout="bids"),
        "resample-of-single-image": ConversionOptions(resample="tilt"),
        "choices-for-single-files": ConversionOptions(target="dicom", per_file={"CT.nii": FileOptions()}),
    }[rule.code]
    with pytest.raises(OptionError) as caught:
        write(VOLUME, tmp_path / "out", choices)
    assert caught.value.code == rule.code


@pytest.mark.parametrize("count", [0, 2])
def test_a_sidecar_is_for_one_image(count, tmp_path):
    for number in range(count):
        write(VOLUME, tmp_path / "in" / f"{number}.nii")
        (tmp_path / "in" / f"{number}.json").unlink()
    if not count:
        PHANTOMS["classic_ct"].write(tmp_path / "dicom")
        convert(Job(tmp_path / "dicom", tmp_path / "in"))
    (tmp_path / "keys.json").write_text("{}")
    with pytest.raises(OptionError, match=f"contain {count or 'none'}"):
        convert(Job(tmp_path / "in", tmp_path / "out", ConversionOptions(target="dicom", sidecar=tmp_path / "keys.json")))
    assert not (tmp_path / "out").exists()

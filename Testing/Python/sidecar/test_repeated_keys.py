"""A key that occurs twice in JSON, or a column in a table: it is unknown which value counts, so it is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import OptionError, Outcome, SidecarError, read_sidecar, to_dicom
from nifti_dicom_bridge.errors import LabelError
from nifti_dicom_bridge.labels import read_labels
from nifti_dicom_bridge.model.files.json_files import parse_json
from nifti_dicom_bridge.model.files.option_files import read_option_file
from support.round_trip import KEY, RoundTrip

TWICE = '{"a": {"EchoTime": 1, "x": 2, "EchoTime": 3}}'
WORDS = 'the key "EchoTime" occurs more than once'


def test_it_is_refused_at_every_level() -> None:
    with pytest.raises(ValueError, match=WORDS):
        parse_json(TWICE)
    assert parse_json('{"a": {"EchoTime": 1}, "b": {"EchoTime": 2}}') == {"a": {"EchoTime": 1}, "b": {"EchoTime": 2}}


def test_the_same_value_twice_is_one_value() -> None:
    assert parse_json('{"a": [1], "a": [1]}') == {"a": [1]}


def test_in_a_file_of_an_option(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(TWICE)
    with pytest.raises(OptionError, match=WORDS):
        read_option_file(tmp_path / "a.json", "metadata")


@pytest.mark.parametrize("text", ['{"1": "spleen", "2": "liver", "1": "lung"}', "index\tname\tname\n1\tspleen\tlung\n"])
def test_in_labels(text: str, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text(text)
    with pytest.raises(LabelError, match=r"key \"1\" occurs more than once|several columns are called 'name'"):
        read_labels(tmp_path / "labels.txt")


def test_columns_of_labels_that_are_not_used_may_be_repeated(tmp_path: Path) -> None:
    (tmp_path / "labels.tsv").write_text("index\tname\tnote\tnote\n1\tspleen\tlarge\tright\n")
    assert [(label.number, label.label) for label in read_labels(tmp_path / "labels.tsv")] == [(1, "spleen")]


def test_in_the_keys_of_a_sidecar_with_a_record(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    text = round_trip.sidecar().read_text("utf-8")
    round_trip.sidecar().write_text(text.replace("{\n", '{\n  "Modality": "MR",\n', 1), "utf-8")

    (entry,) = round_trip.home().entries
    assert entry.outcome is Outcome.FAILED
    assert 'the key "Modality" occurs more than once' in entry.error


def test_in_a_second_record(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    text = round_trip.sidecar().read_text("utf-8")
    round_trip.sidecar().write_text(text.replace("\n}\n", f',\n  "{KEY}": {{}}\n}}\n'), "utf-8")

    with pytest.raises(SidecarError, match=f'the key "{KEY}" occurs more than once'):
        read_sidecar(round_trip.sidecar())


@pytest.mark.parametrize("indent", [None, 1, 2])
def test_a_record_in_another_form_of_json_is_read(indent: int | None, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    top = json.loads(round_trip.sidecar().read_text("utf-8"))
    round_trip.sidecar().write_text(json.dumps(top, indent=indent), "utf-8")

    assert read_sidecar(round_trip.sidecar()) == top
    assert round_trip.home().entries[0].outcome.value == "restored"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [("participants.json", '{"age": {"Units": "year"}, "age": {"Units": "week"}}', 'the key "age" occurs more than once'),
     ("participants.tsv", "participant_id\tage\tage\nsub-01\t3\t4\n", "several columns are called 'age'"),
     ("dataset_description.json", '{"Name": "x", "DatasetType": "raw", "DatasetType": "derivative"}', 'the key "DatasetType"')],
)  # fmt: skip
def test_in_files_of_a_dataset(name: str, text: str, words: str, tmp_path: Path) -> None:
    root = tmp_path / "d"
    (root / "sub-01" / "anat").mkdir(parents=True)
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 5, 6), "i2"), np.eye(4)), root / "sub-01/anat/sub-01_T1w.nii")
    (root / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    (root / "participants.tsv").write_text("participant_id\tage\nsub-01\t3\n")
    (root / name).write_text(text)
    (entry,) = to_dicom(root, tmp_path / "out").entries

    assert words in " ".join([entry.error, *entry.log.warnings])

"""How blocks are compressed: a small window for noise only, and nothing that other readers could not decompress."""

import gzip
import itertools
import zlib

import numpy as np
import pytest

from nifti_dicom_bridge.formats.nifti import deflate_settings, gzip_writer
from nifti_dicom_bridge.formats.nifti.deflate_settings import SAMPLE, Settings, compressed, settings_for

pytest.importorskip("isal", reason="zlib has one setting")

SMALL, WHOLE = -9, -15


def noise(count, seed=1):
    """As of CT of bone: 16 bits, of which 10 vary."""
    return np.random.default_rng(seed).normal(0, 200, count).astype("<i2").tobytes()


def rows_alike(count):
    """Rows of 4096 bytes, each like the one before: farther away than a small window reaches."""
    return (noise(2048) * (count // 4096 + 1))[:count]


@pytest.mark.parametrize(("data", "window"), [(noise(SAMPLE // 2), SMALL), (rows_alike(SAMPLE), WHOLE)], ids=["noise", "rows"])
def test_the_window_is_small_where_matches_far_away_save_nothing(data, window):
    assert settings_for(data).window == window


def test_data_shorter_than_a_sample_have_the_whole_window():
    assert settings_for(noise(SAMPLE // 4)).window == WHOLE


def test_zlib_always_has_the_whole_window(monkeypatch):
    monkeypatch.setattr(deflate_settings, "deflate_codec", lambda: zlib)

    assert settings_for(noise(SAMPLE // 2)).window == WHOLE


@pytest.mark.parametrize(
    "data", [noise(SAMPLE), rows_alike(2 * SAMPLE), b"", bytes(SAMPLE)], ids=["noise", "rows", "none", "zeros"]
)
def test_parts_are_raw_deflate_of_all_bytes(data):
    parts = [memoryview(data)[:1000], memoryview(data)[1000:]]

    raw = b"".join(compressed(parts, settings_for(data)))

    assert zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw) == data


@pytest.mark.parametrize("cuts", [(352,), (100, 352), (1, 2, 288, 289), (289,), (1000,)])
def test_the_first_bytes_are_compressed_alike_however_they_are_cut(cuts):
    """isal misses the third byte as a match, or not, where its first call reaches it: files differed from run to run."""
    data = b"\x5c\x01" + bytes(8) + noise(2048)
    edges = [0, *cuts, len(data)]
    parts = [memoryview(data)[start:stop] for start, stop in itertools.pairwise(edges)]

    for window in (SMALL, WHOLE):
        settings = Settings(1, window=window)
        assert b"".join(compressed(parts, settings)) == b"".join(compressed([data], settings))


def test_settings_follow_the_data_within_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(gzip_writer, "BLOCK", SAMPLE)
    used = []
    monkeypatch.setattr(
        gzip_writer, "compressed", lambda parts, settings: used.append(settings.window) or compressed(parts, settings)
    )
    data = noise(4 * SAMPLE) + rows_alike(8 * SAMPLE) + noise(SAMPLE)  # noise has two bytes a value

    with gzip_writer.BlockWriter(tmp_path / "a.gz", len(data), threads=1) as file:
        file.write(data)

    assert used == [SMALL] * 8 + [WHOLE] * 8 + [SMALL] * 2
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == data

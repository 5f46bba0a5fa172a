"""Scripts/convert.py, run as ``Slicer --no-main-window --python-script`` runs it, in a process of its own."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = "NiftiDicomBridge/Scripts/convert.py"


@pytest.fixture
def run(tmp_path):
    """Run Slicer's stand-in with the script; returns the finished process."""

    def run(*arguments, options=(), prelude=""):
        start = prelude or "import runpy; runpy.run_module('slicer_host', run_name='__main__', alter_sys=True)"
        command = [
            sys.executable,
            "-c",
            start,
            *options,
            "--no-main-window",
            "--python-script",
            SCRIPT,
            "--",
            *map(str, arguments),
        ]
        path = os.pathsep.join([str(ROOT / "Testing"), os.environ.get("PYTHONPATH", "")])
        env = os.environ | {"PYTHONPATH": path, "SLICER_HOST_HOME": str(tmp_path / "home"), "QT_QPA_PLATFORM": "offscreen"}
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)

    return run


@pytest.fixture
def series(write_series, tmp_path):
    write_series(tmp_path / "dicom")
    return tmp_path / "dicom"


@pytest.fixture
def own_database(tmp_path):
    """The DICOM database that the settings name."""
    folder = tmp_path / "own database"
    folder.mkdir()
    (folder / "ctkDICOM.sql").touch()
    settings = tmp_path / "home" / "slicer-host" / "Slicer.ini"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"[General]\nDatabaseDirectory_0.8.1={folder}\n", "utf-8")
    return folder


def test_round_trip_exits_with_0(run, series, tmp_path):
    done = run("convert", series, "--to", "nifti", "-o", tmp_path / "nifti")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "nifti").glob("*.nii.gz"))) == 1
    done = run("convert", tmp_path / "nifti", "--to", "dicom", "--uids", "keep", "-o", tmp_path / "back")
    assert done.returncode == 0, done.stderr
    assert "restored" in done.stdout
    originals = sorted(pydicom.dcmread(p).SOPInstanceUID for p in series.iterdir())
    assert sorted(pydicom.dcmread(p).SOPInstanceUID for p in (tmp_path / "back").rglob("*.dcm")) == originals


def test_register_adds_to_the_database_of_the_settings(run, series, own_database, tmp_path):
    run("convert", series, "--to", "nifti", "-o", tmp_path / "nifti")
    done = run("convert", tmp_path / "nifti", "--to", "dicom", "-o", tmp_path / "back", "--register")
    assert done.returncode == 0, done.stderr
    assert "4 instances added to Slicer's DICOM database" in done.stdout
    rows = sqlite3.connect(own_database / "ctkDICOM.sql").execute("SELECT Filename FROM Images").fetchall()
    assert len(rows) == 4
    assert all((own_database / name).is_file() for (name,) in rows)


def test_register_without_database_exits_with_1(run, series, tmp_path):
    run("convert", series, "--to", "nifti", "-o", tmp_path / "nifti")
    done = run("convert", tmp_path / "nifti", "--to", "dicom", "-o", tmp_path / "back", "--register")
    assert done.returncode == 1
    assert "database is not open" in done.stderr


def test_failure_exits_with_1(run, tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.dcm").write_bytes(b"no DICOM")
    done = run("convert", tmp_path / "bad", "--to", "nifti", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr.strip()


@pytest.mark.parametrize("arguments", [["convert"], ["bogus"], ["convert", "x", "--to", "zip", "-o", "y"]])
def test_wrong_usage_exits_with_2(run, arguments):
    assert run(*arguments).returncode == 2


def test_help_exits_with_0_and_tells_of_register(run):
    done = run("convert", "--help")
    assert done.returncode == 0
    assert "--register" in done.stdout


def test_missing_package_is_told_in_one_sentence(run):
    prelude = (
        "import slicer_host.packaging_names as p; p.pip_check = lambda req, _seen=None: 'isal' not in str(req); "
        "import runpy; runpy.run_module('slicer_host', run_name='__main__', alter_sys=True)"
    )
    done = run("inspect", ".", prelude=prelude)
    assert done.returncode == 1
    assert "Python packages are missing in Slicer: isal" in done.stderr
    assert "Traceback" not in done.stderr


def test_unexpected_error_ends_slicer_too(run):
    prelude = (
        "import sys; sys.path.append('NiftiDicomBridge'); import nifti_dicom_bridge.cli as c; c.main = lambda *a, **k: 1 / 0; "
        "import runpy; runpy.run_module('slicer_host', run_name='__main__', alter_sys=True)"
    )
    done = run("inspect", ".", prelude=prelude)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr


def test_script_is_no_command_line_module():
    assert not (ROOT / SCRIPT).read_bytes().startswith(b"#!")


def test_script_does_nothing_when_a_worker_process_imports_it():
    subprocess.run([sys.executable, "-c", f"import runpy; runpy.run_path({SCRIPT!r})"], cwd=ROOT, check=True, timeout=60)

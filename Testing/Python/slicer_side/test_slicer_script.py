"""Scripts/convert.py, run as ``Slicer --no-main-window --python-script`` runs it, in a process of its own."""

import runpy
import sqlite3
import subprocess
import sys

import pydicom
import pytest

from nifti_dicom_bridge import FEATURES
from support.paths import ROOT

SCRIPT = "NiftiDicomBridge/Scripts/convert.py"


@pytest.fixture
def run(run_script):
    return run_script


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


@pytest.mark.slow
def test_round_trip_exits_with_0(run, series, tmp_path):
    done = run("convert", series, "--to", "nifti", "-o", tmp_path / "nifti")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "nifti").glob("*.nii.gz"))) == 1
    done = run("convert", tmp_path / "nifti", "--to", "dicom", "--uids", "keep", "-o", tmp_path / "back")
    assert done.returncode == 0, done.stderr
    assert "restored" in done.stdout
    originals = sorted(pydicom.dcmread(p).SOPInstanceUID for p in series.iterdir())
    assert sorted(pydicom.dcmread(p).SOPInstanceUID for p in (tmp_path / "back").rglob("*.dcm")) == originals


@pytest.mark.slow
def test_register_adds_to_the_database_of_the_settings(run, series, own_database, tmp_path):
    run("convert", series, "--to", "nifti", "-o", tmp_path / "nifti")
    done = run("convert", tmp_path / "nifti", "--to", "dicom", "-o", tmp_path / "back", "--register")
    assert done.returncode == 0, done.stderr
    assert "4 instances added to Slicer's DICOM database" in done.stdout
    rows = sqlite3.connect(own_database / "ctkDICOM.sql").execute("SELECT Filename FROM Images").fetchall()
    assert len(rows) == 4
    assert all((own_database / name).is_file() for (name,) in rows)


@pytest.mark.slow
def test_register_without_database_exits_with_1(run, series, tmp_path):
    run("convert", series, "--to", "nifti", "-o", tmp_path / "nifti")
    done = run("convert", tmp_path / "nifti", "--to", "dicom", "-o", tmp_path / "back", "--register")
    assert done.returncode == 1
    assert "database is not open" in done.stderr
    assert not (tmp_path / "back").exists()  # asked before anything was written


@pytest.mark.slow
def test_database_of_a_folder_is_made_and_filled(run, series, own_database, tmp_path):
    run("convert", series, "--to", "nifti", "-o", tmp_path / "nifti")
    folder = tmp_path / "new" / "database"
    done = run("convert", tmp_path / "nifti", "--to", "dicom", "-o", tmp_path / "back", "--database", folder)
    assert done.returncode == 0, done.stderr
    assert f"4 instances added to the DICOM database in {folder}" in done.stdout
    rows = sqlite3.connect(folder / "ctkDICOM.sql").execute("SELECT Filename FROM Images").fetchall()
    assert len(rows) == 4
    assert all((folder / name).is_file() for (name,) in rows)
    own = sqlite3.connect(own_database / "ctkDICOM.sql").execute("SELECT Filename FROM Images").fetchall()
    assert own == []  # the person's own database was not touched


@pytest.mark.slow
def test_database_that_holds_the_instances_already_is_left_alone(run, series, tmp_path):
    run("convert", series, "--to", "nifti", "-o", tmp_path / "nifti")
    arguments = ("convert", tmp_path / "nifti", "--to", "dicom", "--uids", "keep", "--database", tmp_path / "db", "-o")
    assert run(*arguments, tmp_path / "first").returncode == 0
    done = run(*arguments, tmp_path / "second")
    assert done.returncode == 0, done.stderr
    assert "0 instances added" in done.stdout
    assert "4 were there already and stay as they are" in done.stdout


@pytest.mark.slow
def test_database_where_none_can_be_exits_with_1(run, series, tmp_path):
    run("convert", series, "--to", "nifti", "-o", tmp_path / "nifti")
    (tmp_path / "file").touch()
    done = run("convert", tmp_path / "nifti", "--to", "dicom", "-o", tmp_path / "back", "--database", tmp_path / "file" / "db")
    assert done.returncode == 1
    assert "cannot be created" in done.stderr
    assert not (tmp_path / "back").exists()
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_database_of_nifti_is_wrong_usage(run, series, tmp_path):
    done = run("convert", series, "--to", "nifti", "-o", tmp_path / "nifti", "--database", tmp_path / "db")
    assert done.returncode == 2
    assert not (tmp_path / "db").exists()


@pytest.mark.slow
def test_database_without_conversion_is_wrong_usage(run, tmp_path):
    done = run("inspect", tmp_path, "--database", tmp_path / "db")
    assert done.returncode == 2
    assert "use it with convert" in done.stderr


@pytest.mark.slow
def test_batch_over_folders_goes_on_after_a_failure_and_exits_with_1(run, write_series, tmp_path):
    for name in ("a", "b"):
        write_series(tmp_path / "in" / name)
    (tmp_path / "in" / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM no more")
    done = run("convert", tmp_path / "in", "--to", "nifti", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert len(list((tmp_path / "out").glob("*.nii.gz"))) == 2


@pytest.mark.slow
def test_failure_exits_with_1(run, tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.dcm").write_bytes(b"no DICOM")
    done = run("convert", tmp_path / "bad", "--to", "nifti", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr.strip()


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["convert"], ["bogus"], ["convert", "x", "--to", "zip", "-o", "y"]])
def test_wrong_usage_exits_with_2(run, arguments):
    assert run(*arguments).returncode == 2


@pytest.mark.slow
def test_help_exits_with_0_and_contains_register(run):
    done = run("convert", "--help")
    assert done.returncode == 0
    assert "--register" in done.stdout
    assert "--database DIR" in done.stdout
    assert "--install-dependencies" in done.stdout


@pytest.mark.slow
def test_missing_package_is_reported_in_one_sentence(run):
    prelude = (
        "import slicer_host.packaging_names as p; p.pip_check = lambda req, _seen=None: 'highdicom' not in str(req); "
        "import runpy; runpy.run_module('slicer_host', run_name='__main__', alter_sys=True)"
    )
    done = run("inspect", ".", prelude=prelude)
    assert done.returncode == 1
    assert "Python packages are missing in Slicer: highdicom" in done.stderr
    assert "Traceback" not in done.stderr


INSTALLING = """
import slicer_host.packaging_names as p
done = []
p.pip_check = lambda req, _seen=None: 'highdicom' not in str(req) or bool(done)
def pip_ensure(requirements, **options):
    print("installing", sorted(options.items()))
    done.append(1)
p.pip_ensure = pip_ensure
import runpy; runpy.run_module('slicer_host', run_name='__main__', alter_sys=True)
"""


@pytest.mark.slow
def test_missing_package_is_installed_when_asked_for(run, series, tmp_path):
    done = run("convert", series, "--to", "nifti", "-o", tmp_path / "out", "--install-dependencies", prelude=INSTALLING)
    assert done.returncode == 0, done.stderr
    asked = "('prompt_install', False), ('prompt_restart', False)"
    assert asked in done.stdout
    assert "('show_progress', False), ('skip_in_testing', False)" in done.stdout
    assert len(list((tmp_path / "out").glob("*.nii.gz"))) == 1


@pytest.mark.slow
def test_installing_alone_is_enough_to_ask_for(run):
    done = run("--install-dependencies", prelude=INSTALLING)
    assert done.returncode == 0, done.stderr
    assert "installing" in done.stdout


@pytest.mark.slow
def test_package_that_cannot_be_installed_is_reported_in_one_sentence(run):
    prelude = INSTALLING.replace("done.append(1)", "raise RuntimeError('no network')")
    done = run("--install-dependencies", prelude=prelude)
    assert done.returncode == 1
    assert "Not installed: highdicom" in done.stderr
    assert "docs/offline.md" in done.stderr
    assert "Traceback" not in done.stderr


NO_ZARR = """
import nifti_dicom_bridge.optional_packages as o
o.installed_version = lambda name: "" if name == "zarr" else "99"
"""


@pytest.mark.slow
def test_packages_of_a_feature_are_installed_from_a_folder_of_wheels(run, tmp_path):
    prelude = NO_ZARR + INSTALLING.replace(
        "p.pip_ensure", "p.pip_install = lambda arguments, **options: print(' '.join(arguments))\np.pip_ensure", 1
    )
    done = run(
        "--install-dependencies",
        "--for",
        "zarr",
        "--wheels",
        tmp_path,
        prelude="import sys; sys.path.append('NiftiDicomBridge')\n" + prelude,
    )
    assert f"--no-index --find-links {tmp_path} highdicom>=0.27 zarr>=3.1.4,<4" in done.stdout
    assert "Not installed: " in done.stderr


@pytest.mark.slow
def test_a_missing_package_of_a_feature_is_installed_by_the_script(run, series, tmp_path):
    prelude = (
        "import sys; sys.path.append('NiftiDicomBridge')\n"
        "import nifti_dicom_bridge.optional_packages as o; known = o.installed_version\n"
        "o.installed_version = lambda name: '' if name == 'zarr' else known(name)\n"
        "import runpy; runpy.run_module('slicer_host', run_name='__main__', alter_sys=True)"
    )
    done = run("convert", series, "--to", "zarr", "-o", tmp_path / "out", prelude=prelude)
    assert "--install-dependencies --for zarr" in done.stdout + done.stderr
    assert "pip install" not in done.stdout + done.stderr


def test_features_are_known_by_the_extras_of_pip():
    script = runpy.run_path(str(ROOT / SCRIPT), run_name="script")
    assert {feature.extra for feature in FEATURES.values()} <= script["names_of_features"]().keys()
    assert script["names_of_features"]()["network"] == ["network", "dicomweb"]


@pytest.mark.slow
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
    subprocess.run([sys.executable, "-c", f"import runpy; runpy.run_path({SCRIPT!r})"], cwd=ROOT, check=True)

"""Public names: none hides a module, and type checkers know all of them."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import nifti_dicom_bridge
from support import code_blocks
from support.oracles import module
from support.paths import ROOT

PACKAGE = Path(nifti_dicom_bridge.__file__).parent


def test_no_public_name_is_the_name_of_a_module() -> None:
    modules = {module.name for module in pkgutil.iter_modules([str(PACKAGE)])}
    assert not modules & set(nifti_dicom_bridge.__all__)


def test_no_package_hides_one_of_its_modules() -> None:
    hidden = []
    for found in pkgutil.walk_packages([str(PACKAGE)], "nifti_dicom_bridge."):
        package, _, name = found.name.rpartition(".")
        if name == "__main__":
            continue
        module = import_module(found.name)
        if getattr(import_module(package), name) is not module:
            hidden.append(found.name)
    assert hidden == []


def test_star_import_gives_all_public_names() -> None:
    found: dict[str, object] = {}
    exec("from nifti_dicom_bridge import *", found)
    assert set(nifti_dicom_bridge.__all__) <= set(found)


def strict_problems(code: str, folder: Path) -> str:
    """Return what ``mypy --strict`` reports about code as a user writes it."""
    module("mypy")
    (folder / "example.py").write_text(code, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--config-file=", "--cache-dir", str(CACHE)]
    # mypy finds installed packages by itself, and refuses their folder as a path of sources
    environment = {} if "site-packages" in PACKAGE.parts else {"MYPYPATH": str(PACKAGE.parent)}
    done = subprocess.run([*command, "example.py"], cwd=folder, capture_output=True, text=True, env=environment, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


CACHE = ROOT / ".mypy_cache" / "examples"


@pytest.mark.slow
def test_type_checkers_know_every_public_name(tmp_path: Path) -> None:
    names = ", ".join(nifti_dicom_bridge.__all__)
    assert strict_problems(f"from nifti_dicom_bridge import {names}\nprint({names})\n", tmp_path) == ""


@pytest.mark.slow
def test_the_examples_of_the_guides_pass_a_strict_type_checker(tmp_path: Path) -> None:
    blocks = code_blocks.blocks("python") + code_blocks.blocks("python", code_blocks.ROOT / "docs" / "guide" / "python.md")
    assert len(blocks) == 3
    for block in blocks:
        assert strict_problems(block, tmp_path) == ""


ACCEPTED = """
from pathlib import Path
from nifti_dicom_bridge import ConversionOptions, Job, PreviewOptions, Resample, Target, Uids, compare, convert, inspect
from nifti_dicom_bridge import read, to_dicom, to_nifti, to_preview, validate, write

options = ConversionOptions(target="dicom", uids="keep", reference="scans", resample=["shear"], set_values={"PatientID": 7})
same = ConversionOptions(target=Target.DICOM, uids=Uids.KEEP, reference=Path("scans"), resample={Resample.SHEAR})
pictures = ConversionOptions(target="preview", preview=PreviewOptions(window="40,400", mosaic="planes"))
uids: Uids = options.uids
references: Path | tuple[Path, ...] | None = options.reference
convert(Job("scans", "nifti"))
convert(Job([Path("scans"), "more"], Path("nifti"), options))
report = to_nifti("scans", Path("nifti"), gzip=False)
print(report.ok, report.outputs[0].name, to_dicom(report.outputs, "back", uids="keep"))
print(to_preview(["a", "b"], "pictures", mosaic=20), inspect("scans").images, validate(Path("back")).ok, compare("a", "b").same)
write(read("scans")[0], "copy.nii.gz", options)
"""


@pytest.mark.slow
def test_strings_and_paths_are_accepted_as_people_write_them(tmp_path: Path) -> None:
    assert strict_problems(ACCEPTED, tmp_path) == ""


@pytest.mark.slow
def test_a_number_for_a_choice_is_not_accepted(tmp_path: Path) -> None:
    code = "from nifti_dicom_bridge import ConversionOptions\nConversionOptions(uids=3)\n"
    assert "incompatible type" in strict_problems(code, tmp_path)

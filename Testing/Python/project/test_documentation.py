"""The generated pages are current, the site builds strictly without a network, and its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

import nifti_dicom_bridge
from support.oracles import module
from support.paths import ROOT, TESTING

sys.path.insert(0, str(TESTING))
from documentation.pages import generated_pages

HINT = "run: cd Testing && python -m documentation"


@pytest.mark.parametrize("path", generated_pages(), ids=lambda path: path.name)
def test_a_generated_page_is_current(path):
    assert path.read_text("utf-8") == generated_pages()[path], HINT


def test_every_public_name_is_on_the_page_of_the_python_api_once():
    text = (ROOT / "docs" / "reference" / "python.md").read_text("utf-8")
    assert sorted(re.findall(r"^::: nifti_dicom_bridge\.(\w+)$", text, re.MULTILINE)) == nifti_dicom_bridge.__all__


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    module("mkdocstrings_handlers.python")
    module("material")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(folder)]
    environment = {"PYTHONPATH": str(ROOT / "NiftiDicomBridge"), "http_proxy": "http://127.0.0.1:9", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.slow
def test_links_inside_the_site_lead_to_a_page_and_a_heading(site):
    pages = {path: path.read_text("utf-8") for path in site.rglob("*.html") if path.name != "404.html"}
    anchors = {path: set(re.findall(r'\bid="([^"]+)"', text)) for path, text in pages.items()}
    broken = []
    for path, text in pages.items():
        for link in re.findall(r'\b(?:href|src)="([^"]*)"', text):
            target, anchor = urldefrag(unquote(link))
            if re.match(r"[a-z]+:|//", target):
                continue
            place = (path.parent / target).resolve() if target else path
            place = place / "index.html" if place.is_dir() else place
            if not place.is_file() or (anchor and not anchor.startswith("__") and anchor not in anchors.get(place, {anchor})):
                broken.append((path.relative_to(site).as_posix(), link))
    assert broken == []


@pytest.mark.slow
def test_pages_load_nothing_from_other_servers(site):
    resource = re.compile(r'<(?:script|img|link rel="stylesheet")[^>]*(?:src|href)="(https?://[^"]+)"')
    pages = {path.name: resource.findall(path.read_text("utf-8")) for path in site.rglob("*.html")}
    assert {name: links for name, links in pages.items() if links} == {}


@pytest.mark.slow
def test_every_public_name_has_its_docstring_in_the_site(site):
    text = (site / "reference" / "python.html").read_text("utf-8")
    assert [name for name in nifti_dicom_bridge.__all__ if f'id="nifti_dicom_bridge.{name}"' not in text] == []

"""The tests that Slicer runs inside itself give the same result here, both ways."""

import re
from pathlib import Path

import pytest

from support.paths import ROOT

SOURCES = sorted((ROOT / "NiftiDicomBridge" / "NiftiDicomBridgeLib").rglob("SelfTest*.py"))
METHODS = [name for path in SOURCES for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))]


@pytest.mark.parametrize("method", METHODS)
def test_method_alone(slicer, plugin, method):
    import unittest

    from NiftiDicomBridge import NiftiDicomBridgeTest

    result = unittest.TestResult()
    NiftiDicomBridgeTest(method).run(result)
    assert not result.skipped
    assert not result.failures + result.errors, (result.failures + result.errors)[0][1]


@pytest.mark.slow
def test_all_through_self_tests(slicer, plugin):
    slicer.selfTests["NiftiDicomBridge"]()


@pytest.mark.slow
def test_all_through_the_test_runner(slicer, plugin, module):
    slicer.testing.runUnitTest([str(Path(module.path).parent)], "NiftiDicomBridge")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["NiftiDicomBridgePanelTest", "NiftiDicomBridgeEntryPointsTest"])
def test_tests_for_slicer(slicer, plugin, name):
    slicer.app.startupCompleted.emit()
    slicer.testing.runUnitTest([str(ROOT / "Testing" / "Slicer")], name)


@pytest.mark.slow
def test_a_failure_is_reported_both_ways(slicer, plugin, monkeypatch):
    from NiftiDicomBridge import NiftiDicomBridgeTest

    monkeypatch.setattr(NiftiDicomBridgeTest, METHODS[0], lambda self: self.fail("on purpose"))
    with pytest.raises(AssertionError, match="1 of"):
        NiftiDicomBridgeTest().runTest()


def test_the_database_that_was_open_is_open_again(slicer, database):
    from NiftiDicomBridge import NiftiDicomBridgeTest

    before = database.databaseFilename
    NiftiDicomBridgeTest("test_panel_lists_the_volumes_of_the_scene").debug()
    assert database.isOpen
    assert database.databaseFilename == before

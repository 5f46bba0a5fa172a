"""The tests that run inside Slicer: by its test runner, ctest, and *Reload and Test*."""

from __future__ import annotations

import unittest

from .SelfTests.SelfTestDerived import DerivedTests
from .SelfTests.SelfTestDialogs import DialogTests
from .SelfTests.SelfTestNodes import NodeTests
from .SelfTests.SelfTestPanel import PanelTests
from .SelfTests.SelfTestRoundTrip import RoundTripTests


class NiftiDicomBridgeTest(RoundTripTests, NodeTests, DerivedTests, DialogTests, PanelTests):
    """All self-tests of the module: they create their data, and fail if anything they need is missing."""

    def runTest(self) -> None:
        """Run every test with its setUp and tearDown: the same as one by one in a test runner."""
        suite = unittest.defaultTestLoader.loadTestsFromTestCase(type(self))
        result = unittest.TextTestRunner(verbosity=2).run(suite)
        if not result.wasSuccessful() or result.skipped:
            wrong = len(result.failures) + len(result.errors) + len(result.skipped)
            raise AssertionError(f"{wrong} of {result.testsRun} tests failed or were skipped. See the log for details.")

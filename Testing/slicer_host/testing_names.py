"""Stand-in for ``slicer.testing``."""

import sys
import unittest


def runUnitTest(path, testname):
    """Run all tests that unittest finds in a module; raise when one fails."""
    for folder in [path] if isinstance(path, str) else path:
        sys.path.append(folder)
    suite = unittest.TestLoader().loadTestsFromName(testname)
    if not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful():
        raise Exception("Test failed")

"""The documented table of BIDS keys is that of the code."""

import importlib.util

from support.paths import TESTING

SCRIPT = TESTING / "bids_keys_table.py"


def test_documented_table_is_up_to_date():
    spec = importlib.util.spec_from_file_location("bids_keys_table", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    text = script.DOCUMENT.read_text("utf-8")
    assert script.document(text) == text, "run: python Testing/bids_keys_table.py"

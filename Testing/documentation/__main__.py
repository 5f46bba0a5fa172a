"""Write the generated pages of the documentation."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "NiftiDicomBridge"))

from documentation.pages import write_pages  # noqa: E402

for path in write_pages():
    print(f"written: {path.relative_to(ROOT)}")

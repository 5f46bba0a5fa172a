"""What differs between operating systems."""

from __future__ import annotations

import os

IS_WINDOWS = os.name == "nt"

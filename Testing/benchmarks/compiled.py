"""Modules are compiled before anything is measured, as pip does when it installs a package."""

import atexit
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def use_compiled_modules() -> None:
    """Let the processes that are started from here find the package compiled, in a folder that is removed at the end."""
    spec = importlib.util.find_spec("nifti_dicom_bridge")
    if spec is None or spec.origin is None:
        sys.exit("nifti_dicom_bridge is not there: pip install .")
    folder = tempfile.mkdtemp(prefix="compiled-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = folder
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(Path(spec.origin).parent)], check=True)

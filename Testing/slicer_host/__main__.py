"""Stand-in for the command line ``Slicer --no-main-window --python-script SCRIPT -- ARGUMENTS…``.

Ends when the script does, with the code that Slicer would end with: Slicer itself keeps running after a script that
neither exits nor was started with ``--testing``, so that is reported here as code 99.
"""

from __future__ import annotations

import os
import runpy
import sys
import traceback

import slicer_host

KEEPS_RUNNING = 99


class _Redirect:
    """What PythonQt puts in the place of sys.stdout and sys.stderr: it can do no more than this."""

    def __init__(self, stream):
        self._stream = stream
        self.closed = False

    def write(self, text):
        self._stream.write(text)
        self._stream.flush()

    def flush(self):
        self._stream.flush()

    def isatty(self):
        return False


def main(argv: list[str]) -> int:
    """Run a script as Slicer does and return the exit code of the application."""
    options, arguments = (argv[: argv.index("--")], argv[argv.index("--") + 1 :]) if "--" in argv else (argv, [])
    script = options[options.index("--python-script") + 1]
    testing = "--testing" in options
    slicer_host.start(main_window="--no-main-window" not in options, testing=testing, home=os.environ.get("SLICER_HOST_HOME"))
    sys.argv = [script, *arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
    sys.stdout, sys.stderr = _Redirect(sys.stdout), _Redirect(sys.stderr)
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1 if testing else KEEPS_RUNNING
    return 0 if testing else KEEPS_RUNNING


if __name__ == "__main__":
    # The streams and Qt go down in an order that PySide6 does not like: what matters is the code.
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

"""``python -m nifti_dicom_bridge``: the command line."""

import sys


def program() -> None:
    """Run the command line as a program of its own; an interruption while it is imported ends it as at any other moment."""
    try:
        from .cli import program as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    program()

"""``python -m nifti_dicom_bridge``: the command line."""

from .cli import program

if __name__ == "__main__":
    program()

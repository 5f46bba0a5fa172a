"""What people write who need NIfTI as DICOM: SimpleITK reads the image and writes slices.

python nifti_peer.py FOLDER DICOM
"""

from __future__ import annotations

import sys
from pathlib import Path

import SimpleITK
from zarr_peer import write_slices

if __name__ == "__main__":
    (path,) = Path(sys.argv[1]).glob("*.nii*")
    write_slices(SimpleITK.ReadImage(str(path), SimpleITK.sitkInt16), sys.argv[2])

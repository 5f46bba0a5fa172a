"""A denoiser and a segmenter of a few lines: ``scipy_tools.py smooth|threshold INPUT OUTPUT``."""

import sys

import nibabel
import numpy as np
from scipy import ndimage


def smooth(data):
    return ndimage.gaussian_filter(data, 1.0).astype(np.float32)


def threshold(data):
    labels, _ = ndimage.label(data > data.mean() + data.std())
    return np.minimum(labels, 5).astype(np.uint8)


if __name__ == "__main__":
    name, source, target = sys.argv[1:4]
    image = nibabel.load(source)
    nibabel.save(nibabel.Nifti1Image(globals()[name](image.get_fdata()), image.affine), target)

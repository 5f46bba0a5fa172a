"""``vtkITK`` as Slicer calls it: the wheel has its classes among the names of ``slicer``. They are the real ones."""

from __future__ import annotations

import slicer

globals().update({name: getattr(slicer, name) for name in dir(slicer) if name.startswith("vtkITK") and name != "vtkITK"})

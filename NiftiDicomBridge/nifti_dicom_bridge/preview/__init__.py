"""Pictures to look at: PNG, animated GIF, MP4, and all metadata as text. This room writes; it reads nothing back."""

from .overlay import Labels
from .render import picture, plane_picture
from .view import View, view_of
from .write import PreviewInput, stage_preview

__all__ = ["Labels", "PreviewInput", "View", "picture", "plane_picture", "stage_preview", "view_of"]

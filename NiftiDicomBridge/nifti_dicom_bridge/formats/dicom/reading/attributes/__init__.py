"""Attributes of frames: where the standard and vendors put them, and which of them distinguish the volumes of a series."""

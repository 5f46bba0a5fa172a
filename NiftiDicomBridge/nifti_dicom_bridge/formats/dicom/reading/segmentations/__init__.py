"""Frames of Segmentation objects → label maps (PS3.3 C.8.20)."""

"""Volumes → nodes of the scene, as Slicer shows them."""

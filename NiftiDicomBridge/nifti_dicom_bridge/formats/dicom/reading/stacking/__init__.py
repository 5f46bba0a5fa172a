"""Frames → stacks: which frames make one volume, and in which order."""

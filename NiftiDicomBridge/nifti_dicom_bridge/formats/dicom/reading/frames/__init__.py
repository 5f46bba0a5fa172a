"""Instances → frames: where each frame is, and what it shows."""

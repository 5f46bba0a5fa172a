"""Pixel data → frames (PS3.5 8 and A.4), compressed or not."""

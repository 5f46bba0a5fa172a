"""Stored values → what they mean: rescale, tables and mappings."""

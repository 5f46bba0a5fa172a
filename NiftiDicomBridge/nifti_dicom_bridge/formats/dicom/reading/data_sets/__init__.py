"""Files ⇄ instances (PS3.10, PS3.5 7): bytes, elements, and headers of many files at once."""

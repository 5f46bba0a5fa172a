"""Files: which are read, how they are named, and text, tables and JSON from them."""

"""MRML nodes → plain data that another thread may use."""

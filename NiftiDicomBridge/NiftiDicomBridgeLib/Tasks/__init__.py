"""What a button starts: read on the main thread, work in any thread, finish on the main thread."""

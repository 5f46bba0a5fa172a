"""What the inputs contain, before anything is converted."""

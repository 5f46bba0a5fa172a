"""What an image contains: samples, pixels, and the values that they stand for."""

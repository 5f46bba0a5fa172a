"""Where an image is: axes, planes, grids and resampling."""

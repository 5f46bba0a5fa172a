"""Images, their geometry, numbers and attributes, whatever the format."""

"""The images of the inputs: which they are, what is next to them, and what a person edited."""

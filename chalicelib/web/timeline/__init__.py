"""A timeline as lines and as a picture."""

"""A text of a patient comes in."""

"""A consultation request comes in."""

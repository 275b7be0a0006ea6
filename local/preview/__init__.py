"""Everything that the clinic says, on one page."""

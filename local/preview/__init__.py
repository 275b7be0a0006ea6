"""All that the clinic says, on one page."""

"""How a patient is reached, and who wants no texts."""

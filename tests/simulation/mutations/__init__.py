"""Guards removed one at a time: the simulation must notice."""

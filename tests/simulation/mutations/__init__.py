"""Guards taken away one at a time: the simulation must notice."""

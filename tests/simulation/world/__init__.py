"""People and providers of the simulation."""

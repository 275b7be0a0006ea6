"""The simulated time, faults and boundaries."""

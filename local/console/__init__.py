"""The console of the local run."""

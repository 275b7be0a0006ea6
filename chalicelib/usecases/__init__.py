"""What people do: load, decide, commit. A use case never sends."""

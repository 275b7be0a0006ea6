"""Values and the rules that hold for them. No clock, no environment, no input or output."""

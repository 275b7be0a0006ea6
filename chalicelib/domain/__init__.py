"""What is true: values and decisions. No clock, no environment, no input or output."""

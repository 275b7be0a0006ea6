"""What tests start from, do and look at, each defined once and valid by default."""

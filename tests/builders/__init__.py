"""What tests start from, do and look at, each defined once and valid as it stands."""

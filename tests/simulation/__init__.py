"""A clinic of many days in seconds: the real service, people, and every fault, from one seed."""

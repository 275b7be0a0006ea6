"""The decisions that staff take: each is one class that says everything about it."""

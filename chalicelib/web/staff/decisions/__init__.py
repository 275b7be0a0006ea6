"""The decisions that staff take: each is one class, which says everything about it."""

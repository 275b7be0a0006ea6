"""What stands in a row beside its record."""

ONLY_FOR_INDEXES = {"pk", "sk", "record", "due_shard", "open_kind", "patient_at", "ttl"}

"""What is held about a patient is exported and erased."""

"""Patients with their consents and phones, and the clinic's staff."""

"""Visits are booked, moved, cancelled and attended."""

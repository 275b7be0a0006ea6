"""Requests, appointments and courses, and what is busy on a day."""

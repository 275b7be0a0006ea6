"""Bookend: requests, bookings, and the texts on both ends of a visit."""

VERSION = "0.1.0"

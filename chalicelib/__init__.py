"""Bookend: requests, bookings, and the texts on both ends of a visit."""

import zoneinfo

VERSION = "0.1.0"

# zoneinfo prefers the machine's own files, which may be older than the tzdata that we pin, or have
# other zones. This is set here because every other module of ours is imported after this one.
zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()

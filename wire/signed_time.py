"""
A Time answers a device that asked for UTC. The asker's random challenge is signed
with it, so an old answer cannot set a clock back. Asked of the M-LMD by its meters,
of the aggregator by its M-LMDs.
"""

from .kind import TIME as KIND  # noqa: F401
from .schema import UTC_S, Layout, octets

CHALLENGE_SIZE = 8
LAYOUT = Layout("Time", (("time_s", UTC_S), ("challenge", octets(CHALLENGE_SIZE))))
Time = LAYOUT.cls

SIZE_MAX = 250

# The question is not signed: one byte, then the challenge.
REQUEST = b"\x01"

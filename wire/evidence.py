"""
An Evidence shows by other people's signatures that an aggregator did wrong. It needs no
trust in whoever sends it. Either two different light blocks of one number, or of one
part of one window; or one light block and the readings of a device in it, with the
Merkle proofs that they are all of that device, of which its entry says something else;
or two parts of one window with one reading in both.
"""

from .kind import EVIDENCE as KIND  # noqa: F401
from .schema import HASH, ID, U32, U62, Layout, listing, octets, record

LEAF = Layout(
    "EvidenceLeaf",
    (
        ("reading", octets(1, 8192)),  # as signed
        ("index", U32),  # among the leaves of the light block
        ("path", listing(HASH, 0, 32)),  # RFC 9162, 2.1.3.1
    ),
)
Leaf = LEAF.cls

LAYOUT = Layout(
    "Evidence",
    (
        ("nonce", U62),
        ("light_block", octets(1, 256 * 1024)),  # as signed
        ("contrary", octets(0, 240 * 1024)),  # the other light block; empty when there is but one
        ("device_id", ID),  # whose readings; zeros where there are none
        # Of one light block: neighbours first and last, to show that none is left out. Of two: the reading in each.
        ("leaves", listing(record(LEAF), 0, 66)),
    ),
)
Evidence = LAYOUT.cls

SIZE_MAX = 512 * 1024

"""
A ReadingAsk is a household's question to the aggregator for its meter's readings of one
window; it is answered with where each stands in its light block, on the asker's own topic.
Readings are the household's own: whoever asks signs, with the key their id was made from.
"""

from . import topics
from .kind import READING_ASK as KIND  # noqa: F401
from .proof import MERKLE
from .schema import ID, U16, UTC_S, Layout, octets, record

LAYOUT = Layout(
    "ReadingAsk",
    (
        ("asker_id", ID),  # any 8 bytes: where the answer goes
        ("device_id", ID),
        ("window_start_s", UTC_S),
        ("public_key", octets(32)),  # of who signed: the signer's id is the first 8 bytes of SHA-256 over it
    ),
)
ReadingAsk = LAYOUT.cls

SIZE_MAX = 250

# One answer, not signed: with a proof of the light block's root it makes a whole (docs/proofs.md).
ANSWER_LAYOUT = Layout(
    "ReadingPlace",
    (
        ("area_id", ID),
        ("window_start_s", UTC_S),
        ("part", U16),
        ("reading", octets(1, 8192)),  # as signed
        ("place", record(MERKLE)),  # under the light block's merkle_root
    ),
)
Answer = ANSWER_LAYOUT.cls
ANSWER_SIZE_MAX = 16384


def topic_of(area_id):
    """Where an area's households ask. area_id: 8 bytes."""
    return "/".join((topics.ROOT, area_id.hex(), "ask"))


def answer_topic_of(area_id, asker_id):
    """Where they are answered. asker_id: 8 bytes of the asker's choice."""
    return "/".join((topics.ROOT, area_id.hex(), "proof", asker_id.hex()))

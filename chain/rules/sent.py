"""A Sent is a transaction after the checks every kind passes: decoded, from a known signer, its signature verified."""

from typing import Any, NamedTuple

from chain.state import Subject

OPERATOR = 0  # the role of the key in genesis; the others are in wire/registration.py


class Sent(NamedTuple):
    transaction: bytes  # as signed
    signer_id: bytes
    signer: Subject
    message: Any  # the namedtuple of the kind's layout

"""
Trusting headers. A phone knows the ledger's full node by its key; a header that key signed is what all proofs are
checked against. Headers that follow one another show that the full node tells everybody one story.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from phone.errors import ProofError
from wire import cose, header, message
from wire.errors import WireError

Verify = Callable[[bytes, bytes, bytes], bool]  # public key, message, signature


def read_header(data: bytes, keys: Mapping[bytes, bytes], network_id: bytes, verify: Verify) -> Any:
    """The wire.header.Header in untrusted bytes. keys: id -> public key of whom we trust. Raises ProofError."""
    try:
        _, found = message.open_as(header.KIND, header.LAYOUT, data, keys.get, network_id, verify, header.SIZE_MAX)
    except WireError as error:
        is_stranger = error.name in ("unknown_signer", "bad_signature")
        raise ProofError("stranger" if is_stranger else "malformed", str(error)) from error
    return found


class HeaderChain:
    """The latest header, and the hash that the next one has to name; nothing else of the past is kept."""

    def __init__(self, keys: Mapping[bytes, bytes], network_id: bytes, verify: Verify) -> None:
        self._keys, self._network_id, self._verify = keys, network_id, verify
        self.latest: Any = None
        self.digest = b""

    def read(self, data: bytes) -> Any:
        """A header by a trusted key, of any height. Raises ProofError."""
        return read_header(data, self._keys, self._network_id, self._verify)

    def check_signature(self, envelope: Any, public_key: bytes) -> None:
        """Raises WireError unless this key signed it for our network."""
        cose.check_signature(envelope, public_key, self._network_id, self._verify)

    def follow(self, data: bytes) -> Any:
        """
        The next header; the first may be of any height. One further on is taken, too, on its signature alone: a phone
        that was off for a month does not fetch a month. Raises ProofError: also `fork`, `old_header`.
        """
        found, digest = self.read(data), sha256(data).digest()
        if self.latest is not None:
            if found.height < self.latest.height or found.interval < self.latest.interval:
                raise ProofError("old_header", str(found.height))
            if found.height == self.latest.height and digest != self.digest:
                raise ProofError("fork", f"height {found.height}")
            if found.height == self.latest.height + 1 and found.previous_hash != self.digest:
                raise ProofError("fork", f"height {found.height} does not follow ours")
        self.latest, self.digest = found, digest
        return found

"""
The Group of a ledger that is not everybody's: what crosses the broker under its topics is sealed under the group's key
(XSalsa20-Poly1305, by libsodium), in both directions. Who has no key can neither read it nor be heard.

Keys change when a member leaves: the first one in the file seals, every one of them opens.
"""

from collections.abc import Sequence
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox


class Group:
    """prefix: of the topics that are sealed. Without keys everything passes as it is."""

    def __init__(self, prefix: str, keys: Sequence[bytes] = ()) -> None:
        self._prefix = prefix
        self._boxes = [SecretBox(key) for key in keys]

    def sealed(self, topic: str, payload: bytes) -> bytes:
        return bytes(self._boxes[0].encrypt(payload)) if self._is_ours(topic) else payload

    def opened(self, topic: str, payload: bytes) -> bytes | None:
        """What a message says; None for one that is not the group's."""
        if not self._is_ours(topic):
            return payload
        return next((opened for box in self._boxes if (opened := _open(box, payload)) is not None), None)

    def _is_ours(self, topic: str) -> bool:
        return bool(self._boxes) and topic.startswith(self._prefix)


OPEN = Group("")  # everybody's


def load_group(prefix: str, path: Path | None) -> Group:
    """The keys in a file, 64 hex digits a line, the newest first. Raises ValueError naming the file."""
    if path is None:
        return Group(prefix)
    try:
        keys = [bytes.fromhex(line) for line in path.read_text().split()]
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{path}: not hex") from error
    if not keys or any(len(key) != SecretBox.KEY_SIZE for key in keys):
        raise ValueError(f"{path}: a group key has 32 bytes, in hex, one a line")
    return Group(prefix, keys)


def _open(box: SecretBox, payload: bytes) -> bytes | None:
    try:
        return box.decrypt(payload)
    except (CryptoError, ValueError):
        return None

"""
A Release is new firmware on its way to the devices: one image, announced under each of several
release keys. Whoever holds a key signs on a machine of their own; what the first signed, every
other only adds to. `wire/firmware_file.py` is the file.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from nacl.signing import SigningKey

from deploy import romfs
from deploy.boards import board, check_role
from deploy.errors import ReleaseError
from deploy.provision import ROLES
from wire import cose, firmware, firmware_file, message
from wire.errors import WireError


@dataclass(frozen=True)
class Signer:
    key: SigningKey

    @classmethod
    def load(cls, path: Path) -> "Signer":
        """From a file of 64 hex digits. Raises ReleaseError."""
        try:
            return cls(SigningKey(bytes.fromhex(path.read_text().strip())))
        except (OSError, ValueError) as error:
            raise ReleaseError(f"{path}: a release key is a file of 64 hex digits: {error}") from error

    @property
    def public_key(self) -> bytes:
        return bytes(self.key.verify_key)

    def announce(self, content: firmware.Firmware, network_id: bytes) -> bytes:
        """A Firmware, signed for this network."""
        identity = sha256(self.public_key).digest()[:8]
        sign = lambda data: self.key.sign(data).signature  # noqa: E731  as wire.cose wants it
        return message.seal(firmware.KIND, firmware.LAYOUT, content, identity, network_id, sign)


def content_of(image: bytes, role: str, board_name: str, version: int, now_s: int, days: int) -> firmware.Firmware:
    """What is signed about an image. Raises DeployError."""
    check_role(role, board(board_name))
    if not image.startswith(romfs.HEADER):
        raise ReleaseError("that is no image: give the rom.img of gridtide firmware")
    pieces = firmware.pieces(image)
    digest, first = sha256(image).digest(), firmware.piece_hash(pieces[0])
    expires_s = now_s + days * 86400
    return firmware.Firmware(ROLES[role], board_name.encode(), version, now_s, expires_s, len(image), digest, first)


def joined(data: bytes, signers: list[Signer], network_id: bytes) -> bytes:
    """A release file with the signatures of these added. Raises ReleaseError."""
    try:
        announcements, content, frames = firmware_file.decode(data)
    except WireError as error:
        raise ReleaseError(f"that is no release: {error}") from error
    known = {cose.open_envelope(one, firmware.SIZE_MAX).signer_id for one in announcements}
    added = [one.announce(content, network_id) for one in signers if sha256(one.public_key).digest()[:8] not in known]
    if not added:
        raise ReleaseError("these keys have signed it already")
    return firmware_file.encode([*announcements, *added], image_of(frames))


def image_of(frames: list[bytes]) -> bytes:
    """The image that these pieces carry."""
    return b"".join(frame[firmware.PIECE_SIZE_MAX - firmware.DATA_SIZE :] for frame in frames)


def told(data: bytes) -> str:
    """What a release is, in a line."""
    announcements, content, _ = firmware_file.decode(data)
    role = next(name for name, number in ROLES.items() if number == content.role)
    signers = ", ".join(cose.open_envelope(one, firmware.SIZE_MAX).signer_id.hex() for one in announcements)
    return f"{role} {content.board.decode()} version {content.version}, {content.size} bytes, signed by {signers}"

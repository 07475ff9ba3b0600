"""Who is who in a run: every key follows from the seed, so a seed fixes every id and every signature."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from nacl.bindings import crypto_sign, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey


@dataclass(frozen=True)
class Identity:
    """One holder of a key. seed: 32 bytes, the secret."""

    name: str
    seed: bytes

    @classmethod
    def of(cls, run_seed: int, name: str) -> "Identity":
        return cls(name, sha256(f"gridtide/{run_seed}/{name}".encode()).digest())

    @cached_property
    def _pair(self) -> tuple[bytes, bytes]:
        return crypto_sign_seed_keypair(self.seed)

    @property
    def public_key(self) -> bytes:
        return self._pair[0]

    @cached_property
    def id(self) -> bytes:
        return sha256(self.public_key).digest()[:8]

    @property
    def mac(self) -> bytes:
        """A locally administered address for the holder's radio."""
        return b"\x02" + self.id[:5]

    def sign(self, message: bytes) -> bytes:
        return crypto_sign(message, self._pair[1])[:64]


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        VerifyKey(public_key).verify(message, signature)
    except BadSignatureError:
        return False
    return True

"""
The firmware's Ed25519 and SHA-512 against PyNaCl and hashlib: RFC 8032's own vectors,
random ones, and every kind of key and signature on which libraries are known to differ.
The same questions go to every field machine under MicroPython, and to CPython.
"""

import hashlib
import os
import random
import sys

import pytest
from nacl.bindings import crypto_sign_open
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey

from tests.bench import textbook
from tests.wire import crypto_cases, interpreter, make_base_tables

SEED = 20261120
EXHAUSTIVE = bool(os.environ.get("EXHAUSTIVE"))

# RFC 8032, 7.1: seed, public key, message, signature.
RFC_8032 = """
9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a - e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb 3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c 72 92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00
c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7 fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025 af82 6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a
833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42 ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704
"""  # noqa: E501


def sha512(message: bytes) -> bytes:
    return hashlib.sha512(message).digest()


def libsodium_says(key: bytes, message: bytes, signature: bytes) -> str:
    try:
        crypto_sign_open(signature + message, key)
    except (CryptoError, ValueError):
        return "no"
    return "yes"


class Cases:
    """Questions and the answers of the oracles."""

    def __init__(self):
        self.random = random.Random(SEED)
        self.questions: list[str] = []
        self.answers: list[str] = []

    def ask(self, name: str, *octets: bytes, answer: str) -> None:
        self.questions.append(" ".join([name, *(part.hex() or "-" for part in octets)]))
        self.answers.append(answer)

    def ask_verify(self, key: bytes, message: bytes, signature: bytes) -> None:
        self.ask("verify", key, message, signature, answer=libsodium_says(key, message, signature))


def rfc_vectors(cases: Cases) -> None:
    for line in RFC_8032.split("\n"):
        if line:
            seed, key, message, signature = (bytes.fromhex(part.strip("-")) for part in line.split())
            cases.ask("key", seed, answer=key.hex())
            cases.ask("sign", seed, message, answer=signature.hex())
            cases.ask("verify", key, message, signature, answer="yes")


def digests(cases: Cases) -> None:
    for length in [*range(130), 239, 240, 241, 1000]:
        message = cases.random.randbytes(length)
        cases.ask("hash", message, answer=sha512(message).hex())


def random_messages(cases: Cases, count: int) -> None:
    """Each is signed, verified, and refused with one bit of the message, the signature or the key flipped."""
    for number in range(count):
        if number % 10 == 0:
            key = SigningKey(cases.random.randbytes(32))
        public_key, message = bytes(key.verify_key), cases.random.randbytes(cases.random.randrange(300))
        signature = key.sign(message).signature
        cases.ask("sign", bytes(key), message, answer=signature.hex())
        cases.ask_verify(public_key, message, signature)
        parts = [public_key, message or b"\0", signature]
        spoilt = cases.random.randrange(3)
        bit = cases.random.randrange(8 * len(parts[spoilt]))
        parts[spoilt] = flip(parts[spoilt], bit)
        cases.ask_verify(*parts)


def flip(octets: bytes, bit: int) -> bytes:
    changed = bytearray(octets)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def point_of_order_8():
    y = 2
    while True:
        x = textbook.recover_x(y, 0)
        if x is not None:
            point = textbook.multiply(textbook.L, (x, y, 1, x * y % textbook.P))
            if not textbook.equal(textbook.multiply(4, point), textbook.IDENTITY):
                return point
        y += 1


def with_torsion(cases: Cases) -> None:
    """Keys and R that carry a point of small order: the equation holds only up to the cofactor, or only exactly."""
    torsion = point_of_order_8()
    for key_part in range(8):
        for r_part in range(8):
            scalar, nonce = (cases.random.randrange(1, textbook.L) for _ in range(2))
            key = mixed(scalar, key_part, torsion)
            r = mixed(nonce, r_part, torsion)
            for attempt in range(4):
                message = bytes([attempt])
                challenge = textbook.number_of(sha512(r + key + message))
                s = (nonce + challenge * scalar) % textbook.L
                cases.ask_verify(key, message, r + s.to_bytes(32, "little"))


def mixed(scalar: int, part: int, torsion) -> bytes:
    point = textbook.add(textbook.multiply(scalar, textbook.BASE), textbook.multiply(part, torsion))
    return textbook.compress(point)


def small_order_encodings() -> list[bytes]:
    """The points of order 1, 2, 4 and 8, also not canonical, with either sign bit."""
    torsion = point_of_order_8()
    canonical = [
        int.from_bytes(textbook.compress(textbook.multiply(i, torsion)), "little") & (1 << 255) - 1 for i in range(8)
    ]
    numbers = sorted(set(canonical) | {textbook.P, textbook.P + 1})
    return [(y | sign << 255).to_bytes(32, "little") for y in numbers for sign in (0, 1)]


def edge_keys(cases: Cases) -> None:
    key = SigningKey(bytes(32))
    public_key, message = bytes(key.verify_key), b"edge"
    signature = key.sign(message).signature
    s = int.from_bytes(signature[32:], "little")
    for other in (s + textbook.L, s + 2 * textbook.L, textbook.L, textbook.L - 1, 0, 2**256 - 1):
        cases.ask_verify(public_key, message, signature[:32] + (other % 2**256).to_bytes(32, "little"))
    zero = bytes(32)
    for encoded in small_order_encodings():
        cases.ask_verify(encoded, message, encoded + zero)  # holds for everything, where small orders are let in
        cases.ask_verify(encoded, message, signature)
        cases.ask_verify(public_key, message, encoded + signature[32:])
        scalar, _ = textbook.expand(bytes(32), sha512)
        challenge = textbook.number_of(sha512(encoded + public_key + message))
        s = challenge * scalar % textbook.L
        cases.ask_verify(public_key, message, encoded + s.to_bytes(32, "little"))
    for y in [*range(textbook.P - 3, 2**255), 2, 3, 4, 5]:
        for sign in (0, 1):
            cases.ask_verify((y | sign << 255).to_bytes(32, "little"), message, signature)
    for length in (0, 31, 33, 63, 65):
        cases.ask("verify", bytes(length), message, signature, answer="no")
        cases.ask("verify", public_key, message, bytes(length), answer="no")


@pytest.fixture(scope="module")
def cases() -> Cases:
    made = Cases()
    rfc_vectors(made)
    digests(made)
    edge_keys(made)
    with_torsion(made)
    random_messages(made, 1000)
    assert made.answers.count("yes") > 1000  # the honest ones
    assert made.answers.count("no") > 1000
    return made


def compare(cases: Cases, answers: list[str], step: int = 1) -> None:
    wrong = [
        (question, expected, answer)
        for question, expected, answer in zip(cases.questions[::step], cases.answers[::step], answers, strict=True)
        if expected != answer
    ]
    assert not wrong, f"seed {SEED}: {len(wrong)} differ, the first: {wrong[0]}"


# The field machine, the heap it gets, and every how many-th question. "crypto_field" is the fallback without any
# native code: it answers all of them on CPython (below), and here with EXHAUSTIVE=1.
@pytest.mark.parametrize(
    ("machine", "heap", "step"),
    [("crypto_field_64", "96K", 1), ("crypto_field_32", "96K", 1), ("crypto_field", "160K", 1 if EXHAUSTIVE else 7)],
)
def test_the_devices_answers_are_libsodiums(cases, machine, heap, step, tmp_path):
    questions = tmp_path / "questions"
    questions.write_text("\n".join(cases.questions[::step]))
    compare(cases, interpreter.run("tests.wire.crypto_cases", str(questions), machine, heap=heap), step)


def test_the_same_code_on_cpython(cases, monkeypatch):
    monkeypatch.syspath_prepend(str(interpreter.ROOT / "firmware"))
    answers = [crypto_cases.answer(question.split()) for question in cases.questions]
    assert sys.modules["crypto_curve"].field.__name__ == "crypto_field"
    compare(cases, answers)


def test_the_field_machines_agree_at_their_bounds():
    assert interpreter.run("tests.wire.field_bounds") == ["388 pairs"]


def test_the_base_points_tables_are_the_textbooks():
    assert make_base_tables.PATH.read_text() == make_base_tables.text()

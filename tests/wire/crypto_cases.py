"""
Answers a file of Ed25519 and SHA-512 questions, one a line, with the firmware's code.
`test_ed25519` runs it under MicroPython, once for each field machine.

    hash MESSAGE | key SEED | sign SEED MESSAGE | verify KEY MESSAGE SIGNATURE        ("-" is empty)
"""

import sys
from binascii import hexlify, unhexlify

_signers: dict = {}


# Other modules under the names that are asked for on 64-bit words.
def _use(field):
    sys.modules["crypto_field_64"] = __import__(field)
    if field == "crypto_field_32":
        sys.modules["crypto_sha512_64"] = __import__("crypto_sha512_32")
    elif field == "crypto_field":  # no native code at all
        sys.modules["crypto_comb"] = __import__("crypto_comb_plain")
        sys.modules["crypto_sha512_64"] = __import__(field)  # it has none


def answer(question):
    import ed25519
    from sha512 import sha512

    name = question[0]
    octets = [b"" if part == "-" else unhexlify(part) for part in question[1:]]
    if name == "verify":
        return "yes" if ed25519.verify(octets[0], octets[1], octets[2]) else "no"
    if name == "hash":
        return hexlify(sha512(octets[0])).decode()
    if octets[0] not in _signers:
        _signers.clear()
        _signers[octets[0]] = ed25519.Signer(octets[0])
    signer = _signers[octets[0]]
    return hexlify(signer.sign(octets[1]) if name == "sign" else signer.public_key).decode()


if __name__ == "__main__":
    _use(sys.argv[2])
    with open(sys.argv[1]) as questions:
        for line in questions:
            print(answer(line.split()))

"""
TLS to the broker: who this device believes (one CA), and who it is (an EC key of its own, for
its Ed25519 key is none that mbedTLS knows). Three DER files on the flash, written by the operator.

Handshakes are made piece by piece by asyncio's streams: what else the device does goes on.
"""

import tls

# Forward secrecy and authentication in one pass; every port of MicroPython has it.
_CIPHERS = ("TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256",)


def _read(name):
    name = "tls-" + name + ".der"
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError:
        raise ValueError(name + " is missing on the flash: provisioning writes it")


def context():
    """The SSLContext of all connections. Raises ValueError for a file that is missing or wrong."""
    made = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    made.verify_mode = tls.CERT_REQUIRED  # pyright: ignore[reportAttributeAccessIssue]  an attribute of C
    made.set_ciphers(_CIPHERS)
    made.load_verify_locations(_read("ca"))
    made.load_cert_chain(_read("device"), _read("key"))
    return made

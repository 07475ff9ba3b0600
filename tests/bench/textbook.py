"""
Ed25519 as the RFC's own sample has it (RFC 8032, 6), in plain integers: the measure for
`firmware/ed25519.py`, and the tests' tool for making points that no honest signer makes.

Extended coordinates, double and add; runs on both interpreters. `sha512` is handed in.
"""

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_MINUS_1 = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(number, p):
    total = IDENTITY
    while number > 0:
        if number & 1:
            total = add(total, p)
        p = add(p, p)
        number >>= 1
    return total


def equal(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def recover_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * ROOT_MINUS_1 % P
    if (x * x - square) % P != 0:
        return None
    return P - x if (x & 1) != sign else x


def compress(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | ((x & 1) << 255)).to_bytes(32, "little")


def decompress(encoded):
    y = int.from_bytes(encoded, "little")
    sign = y >> 255
    y &= (1 << 255) - 1
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


_BASE_Y = 4 * pow(5, P - 2, P) % P
_BASE_X = recover_x(_BASE_Y, 0)
BASE = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % P)


def expand(seed, sha512):
    """(secret scalar, prefix) of a 32-byte seed."""
    digest = sha512(seed)
    scalar = int.from_bytes(digest[:32], "little")
    return scalar & ((1 << 254) - 8) | 1 << 254, digest[32:]


def number_of(digest):
    return int.from_bytes(digest, "little") % L


def sign(expanded, public_key, message, sha512):
    scalar, prefix = expanded
    nonce = number_of(sha512(prefix + message))
    r = compress(multiply(nonce, BASE))
    s = (nonce + number_of(sha512(r + public_key + message)) * scalar) % L
    return r + s.to_bytes(32, "little")


def verify(public_key, message, signature, sha512):
    key, r = decompress(public_key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= L:
        return False
    challenge = number_of(sha512(signature[:32] + public_key + message))
    return equal(multiply(s, BASE), add(r, multiply(challenge, key)))

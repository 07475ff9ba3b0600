"""The inner loop of SHA-512 on any interpreter; `crypto_sha512_64` and `crypto_sha512_32` have it in native code."""

_MASK = (1 << 64) - 1


def _words(halves):
    return [halves[i] | halves[i + 1] << 32 for i in range(0, len(halves), 2)]


def _rotate(word, count):
    return (word >> count | word << (64 - count)) & _MASK


# FIPS 180-4, 6.4.2, step 1.
def _schedule(block):
    w = [0] * 80
    for t in range(16):
        w[t] = int.from_bytes(block[8 * t : 8 * t + 8], "big")
    for t in range(16, 80):
        x, y = w[t - 15], w[t - 2]
        small = _rotate(x, 1) ^ _rotate(x, 8) ^ (x >> 7)
        large = _rotate(y, 19) ^ _rotate(y, 61) ^ (y >> 6)
        w[t] = (w[t - 16] + small + w[t - 7] + large) & _MASK
    return w


# FIPS 180-4, 6.4.2, steps 2 to 4.
def _compress(state, block, constants):
    a, b, c, d, e, f, g, h = state
    for word, constant in zip(_schedule(block), constants):
        t = h + (_rotate(e, 14) ^ _rotate(e, 18) ^ _rotate(e, 41)) + (g ^ (e & (f ^ g))) + constant + word
        h, g, f, e = g, f, e, (d + t) & _MASK
        t += (_rotate(a, 28) ^ _rotate(a, 34) ^ _rotate(a, 39)) + ((a & b) | (c & (a | b)))
        d, c, b, a = c, b, a, t & _MASK
    return [(old + new) & _MASK for old, new in zip(state, (a, b, c, d, e, f, g, h))]


def compress_all(halves, blocks, constants):
    """Takes `blocks` (bytes, a multiple of 128) into `halves` (array of 16, changed in place)."""
    state, constants = _words(halves), _words(constants)
    for start in range(0, len(blocks), 128):
        state = _compress(state, blocks[start : start + 128], constants)
    for i in range(8):
        halves[2 * i] = state[i] & 0xFFFFFFFF
        halves[2 * i + 1] = state[i] >> 32

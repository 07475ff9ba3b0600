"""
How long a device's signature and its verification take on the Unix port, against the
textbook's in the same run (promise P9: at most 0.75).

`figures` starts MicroPython on this same module; there it measures and prints JSON.
"""

import json
import sys
import time

_ROUNDS = 5
_DEVICE_TIMES = 100
_TEXTBOOK_TIMES = 5
_MESSAGE = bytes(200)


# The fastest of a few rounds, in microseconds for one call: the machine is shared.
def _measure_us(action, times):
    rounds = []
    for _ in range(_ROUNDS):
        start = time.ticks_us()
        for _ in range(times):
            action()
        rounds.append(time.ticks_diff(time.ticks_us(), start) / times)
    return min(rounds)


def _measure():
    import ed25519
    from sha512 import sha512

    from tests.bench import textbook

    seed = bytes(range(32))
    signer = ed25519.Signer(seed)
    key = signer.public_key
    signature = signer.sign(_MESSAGE)
    expanded = textbook.expand(seed, sha512)
    assert textbook.sign(expanded, key, _MESSAGE, sha512) == signature
    assert textbook.verify(key, _MESSAGE, signature, sha512)

    def verify_new_key():
        ed25519.forget_keys()
        ed25519.verify(key, _MESSAGE, signature)

    return {
        "sign_us": _measure_us(lambda: signer.sign(_MESSAGE), _DEVICE_TIMES),
        "verify_us": _measure_us(lambda: ed25519.verify(key, _MESSAGE, signature), _DEVICE_TIMES),
        "verify_new_key_us": _measure_us(verify_new_key, _TEXTBOOK_TIMES),
        "textbook_sign_us": _measure_us(lambda: textbook.sign(expanded, key, _MESSAGE, sha512), _TEXTBOOK_TIMES),
        "textbook_verify_us": _measure_us(lambda: textbook.verify(key, _MESSAGE, signature, sha512), _TEXTBOOK_TIMES),
    }


def figures() -> dict:
    """
    Microseconds for each operation, and `sign_ratio` and `verify_ratio`: device to textbook.

    `verify_us` is for a key heard before, whose table is kept; `verify_new_key_us` for its first message.
    """
    from tests.wire import interpreter

    measured = json.loads(interpreter.run("tests.bench.crypto")[-1])
    measured["sign_ratio"] = round(measured["sign_us"] / measured["textbook_sign_us"], 4)
    measured["verify_ratio"] = round(measured["verify_us"] / measured["textbook_verify_us"], 4)
    measured["verify_new_key_ratio"] = round(measured["verify_new_key_us"] / measured["textbook_verify_us"], 4)
    return measured


if __name__ == "__main__":
    print(json.dumps(_measure() if sys.implementation.name == "micropython" else figures()))

"""
Each of TUF's attacks on an update (theupdateframework.github.io/specification, 1.5.2), and some
more, tried on a device: what it runs afterwards, and that none got in. For both interpreters.
"""

import os

from update import VERSION_STEP_MAX

from tests.firmware.update_world import (
    BLOCK,
    BLOCKS,
    KEYS,
    NETWORK,
    NEW,
    NOW,
    ONE,
    PIECES,
    SPARE,
    STRANGER,
    TWO,
    World,
    announce,
    changed,
    content,
    sign,
)
from wire import firmware, kind, message, registration

# What is sent. Nothing of it is ever run.
ATTACKS = {
    "arbitrary installation: nobody's signature": lambda: forged(STRANGER),
    "arbitrary installation: unsigned": lambda: [changed(frame, len(frame) - 1) for frame in announce()] + PIECES,
    "arbitrary installation: of another network": lambda: sign(content(), ONE, TWO, network=b"network2") + PIECES,
    "arbitrary installation: another kind of message": lambda: sign(content(), ONE, TWO, as_kind=kind.TIME) + PIECES,
    "arbitrary installation: another image's pieces": lambda: announce() + firmware.pieces(NEW[:-1] + b"?"),
    "endless data: pieces without an end": lambda: announce() + [PIECES[0]] + PIECES[1:2] * 100,
    "endless data: a piece that is too long": lambda: announce() + [frame + bytes(1000) for frame in PIECES[:1]],
    "endless data: an image above the slot": lambda: announce(size=BLOCK * BLOCKS // 2 + 1) + PIECES,
    "endless data: an announcement that is too long": lambda: [frame + bytes(1000) for frame in announce()],
    "extraneous dependencies: more than one image": lambda: announce() + PIECES[:-1] + firmware.pieces(b"more"),
    "fast-forward": lambda: announce(version=5 + VERSION_STEP_MAX + 1) + PIECES,
    "indefinite freeze: an old announcement": lambda: announce(expires_s=NOW) + PIECES,
    "malicious mirror: a piece changed": lambda: announce() + PIECES[:20] + [changed(PIECES[20], 99)] + PIECES[21:],
    "malicious mirror: a piece left out": lambda: announce() + PIECES[:20] + PIECES[21:],
    "malicious mirror: its own pieces throughout": lambda: announce() + firmware.pieces(bytes(len(NEW))),
    "mix and match: pieces of two releases": lambda: announce() + PIECES[:20] + firmware.pieces(NEW + b"!")[20:],
    "mix and match: one signature of each": lambda: announce()[:1] + announce(version=7)[1:] + PIECES,
    "rollback: an older version": lambda: announce(version=4) + PIECES,
    "rollback: the version that runs": lambda: announce(version=5) + PIECES,
    "slow retrieval: it stops in the middle": lambda: announce() + PIECES[:15],
    "wrong software: for another role": lambda: announce(role=registration.MLMD) + PIECES,
    "wrong software: for another board": lambda: announce(board=b"esp32_c3") + PIECES,
    "key compromise: one of the release keys": lambda: sign(content(), ONE) * 3 + PIECES,
    "key compromise: one key, under two names": lambda: under_two_names() + PIECES,
    "key compromise: the aggregator's": lambda: [by_aggregator()] * 2 + PIECES,
    "truncated: the announcement": lambda: [frame[:-1] for frame in announce()] + PIECES,
    "truncated: the last piece": lambda: announce() + PIECES[:-1] + [PIECES[-1][:-1]],
    "truncated: the image": lambda: announce() + firmware.pieces(NEW[:-300]),
    "pieces without an announcement": lambda: PIECES,
    "noise": lambda: [os.urandom(250) for _ in range(20)] + [b"", b"\x03", b"\x02", b"\xd2"],
}


def forged(signer):
    seal = message.seal
    frames = [seal(kind.FIRMWARE, firmware.LAYOUT, content(), who, NETWORK, signer.sign) for who in (ONE, TWO)]
    return frames + PIECES


def under_two_names():
    seal = message.seal
    return [seal(kind.FIRMWARE, firmware.LAYOUT, content(), who, NETWORK, KEYS[ONE].sign) for who in (ONE, TWO)]


def by_aggregator():
    return message.seal(kind.FIRMWARE, firmware.LAYOUT, content(), b"area-id1", NETWORK, STRANGER.sign)


def test_no_attack_gets_in():
    accepted = []
    for name, attack in ATTACKS.items():
        with World() as world:
            world.send(*attack())
            if not world.is_untouched():
                accepted.append(name)
            assert max(world.partition.erases[:SPARE]) == 0, name
            assert max(world.partition.erases[SPARE:]) <= 1, name
    assert not accepted, accepted
    print(len(ATTACKS), "attacks tried,", len(accepted), "accepted")


# Whatever was tried before, the true update still gets in: no attack shuts the door.
def test_the_true_update_gets_in_after_each_attack():
    for name, attack in ATTACKS.items():
        with World() as world:
            world.send(*attack())
            world.send(*announce())
            if world.update.wanted is None:
                continue
            world.send(*PIECES)
            assert world.ready, name

"""
Each of TUF's attacks on an update (theupdateframework.github.io/specification, 1.5.2), and some
more, tried on a device: what it runs afterwards, and that none got in. For both interpreters.
"""

import gc
import os
from hashlib import sha256

import ed25519
from choice import choose
from slots import NONE, READY, TRYING, Flash, Slots
from update import VERSION_STEP_MAX, Update

from wire import firmware, kind, message, registration

NOW = 1800000000
DAY = 86400
NETWORK = b"network1"
BOARD = "esp32_devkit"
BLOCK, BLOCKS, SPARE = 4096, 4, 2  # the spare slot begins at block SPARE
OLD, NEW = b"old firmware" * 300, bytes(range(251)) * 19
KEYS = {b"release%d" % number: ed25519.Signer(bytes([number]) * 32) for number in (1, 2, 3)}
ONE, TWO, THREE = sorted(KEYS)
STRANGER = ed25519.Signer(bytes([9]) * 32)


class Partition:
    """NOR flash: an erase sets bits, a write clears them."""

    blocks = [bytearray(BLOCK) for _ in range(BLOCKS)]  # noqa: RUF012  one for all: the heap has no room for many

    def __init__(self):
        self.erases = [0] * BLOCKS
        for block in range(BLOCKS):
            self.ioctl(6, block)
        self.blocks[0][: len(OLD)] = OLD
        self.erases = [0] * BLOCKS

    def readblocks(self, block, buffer, offset=0):
        buffer[:] = self.blocks[block][offset : offset + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        assert offset + len(buffer) <= BLOCK
        for i in range(len(buffer)):
            self.blocks[block][offset + i] &= buffer[i]

    def ioctl(self, request, argument):
        if request == 6:
            self.blocks[argument][:] = b"\xff" * BLOCK
            self.erases[argument] += 1
        return BLOCKS if request == 4 else 0


class World:
    """A board with version 5, in a directory of its own."""

    def __init__(self):
        gc.collect()
        self.home = os.getcwd()
        self.path = f"/tmp/gridtide-update-{int.from_bytes(os.urandom(6), 'big')}"
        os.mkdir(self.path)
        os.mkdir(self.path + "/state")
        os.chdir(self.path)
        self.now_s = NOW
        self.refused = 0
        self.ready = False
        self.verified = 0
        self.partition = Partition()
        Slots().install(5, len(OLD), sha256(OLD).digest())
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in os.listdir("state"):
            os.remove("state/" + name)
        os.chdir(self.home)
        os.rmdir(self.path + "/state")
        os.rmdir(self.path)

    def utc_s(self):
        return self.now_s

    def _verify(self, *signed):
        self.verified += 1
        return ed25519.verify(*signed)

    def _count(self, name):
        assert name == "firmware_refused"
        self.refused += 1

    def _on_ready(self):
        self.ready = True

    def start(self):
        """Switched on again: what is in memory is gone."""
        release = (2, {identity: key.public_key for identity, key in KEYS.items()})
        args = (self.partition, Slots(), NETWORK, release, registration.METER, BOARD)
        self.update = Update(*args, self._verify, self, self._count, self._on_ready)

    def send(self, *frames):
        for frame in frames:
            self.update.take(frame)

    def is_untouched(self):
        """Whether the old firmware runs at the next start, and no other."""
        kept = Slots()
        chosen = choose(kept, Flash(self.partition), "interrupted")
        return not self.ready and chosen == (0, False) and (kept.state, kept.version) == (NONE, 5)


def content(image=NEW, version=6, **changes):
    fields = {"role": registration.METER, "board": BOARD.encode(), "version": version, "issued_s": NOW - DAY}
    fields["expires_s"], fields["size"], fields["sha256"] = NOW + DAY, len(image), sha256(image).digest()
    fields["first_piece"] = firmware.piece_hash(firmware.pieces(image)[0])
    fields.update(changes)
    return [fields[name] for name, _ in firmware.LAYOUT.fields]


def sign(fields, *signers, network=NETWORK, as_kind=kind.FIRMWARE):
    """The announcement, signed by each of the release keys of these names."""
    seal = message.seal
    return [seal(as_kind, firmware.LAYOUT, fields, who, network, KEYS[who].sign) for who in signers]


def announce(**changes):
    return sign(content(**changes), ONE, TWO)


PIECES = firmware.pieces(NEW)


def changed(data, at):
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


def test_a_good_update_is_tried_and_confirmed():
    with World() as world:
        world.send(*announce())
        assert world.update.wanted.version == 6
        world.send(*PIECES)
        assert world.ready and world.refused == 0
        kept = Slots()
        assert kept.state == READY and choose(kept, Flash(world.partition), "interrupted") == (1, True)
        for at in range(0, len(NEW), BLOCK):
            block = NEW[at : at + BLOCK]
            assert world.partition.blocks[SPARE + at // BLOCK][: len(block)] == block
        kept = Slots()
        assert kept.state == TRYING and kept.version == 5
        kept.confirm()
        kept = Slots()
        assert (kept.version, kept.version_floor, kept.active) == (6, 6, 1)
        assert choose(kept, Flash(world.partition), "interrupted") == (1, False)


# What is sent. Nothing of it is ever run.
ATTACKS = {
    "arbitrary installation: nobody's signature": lambda: forged(STRANGER),
    "arbitrary installation: unsigned": lambda: [changed(frame, len(frame) - 1) for frame in announce()] + PIECES,
    "arbitrary installation: of another network": lambda: sign(content(), ONE, TWO, network=b"network2") + PIECES,
    "arbitrary installation: another kind of message": lambda: sign(content(), ONE, TWO, as_kind=kind.TIME) + PIECES,
    "arbitrary installation: another image's pieces": lambda: announce() + firmware.pieces(NEW[:-1] + b"?"),
    "endless data: pieces without an end": lambda: announce() + [PIECES[0]] + PIECES[1:2] * 500,
    "endless data: a piece that is too long": lambda: announce() + [frame + bytes(5000) for frame in PIECES[:1]],
    "endless data: an image above the slot": lambda: announce(size=BLOCK * BLOCKS // 2 + 1) + PIECES,
    "endless data: an announcement that is too long": lambda: [frame + bytes(4000) for frame in announce()],
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


def test_slow_retrieval_ends_when_the_announcement_expires_and_a_newer_one_replaces_it():
    with World() as world:
        world.send(*announce())
        world.send(*PIECES[:15])
        world.send(*announce(version=6))
        assert world.update.wanted.version == 6
        newer = NEW + b"fixed"
        world.send(*announce(image=newer, version=7))
        assert world.update.wanted.version == 7
        world.send(*firmware.pieces(newer))
        assert world.ready and Slots().images[1].version == 7


def test_noise_costs_no_signature_check():
    with World() as world:
        for frames in (announce(version=5), announce(expires_s=NOW), announce(board=b"?"), announce(version=99999)):
            world.send(*frames)
        assert (world.verified, world.refused) == (0, 8)


def test_without_time_nothing_is_taken():
    with World() as world:
        world.now_s = None
        world.send(*announce())
        world.send(*PIECES)
        assert world.is_untouched()
        world.now_s = NOW
        world.send(*announce())
        world.send(*PIECES)
        assert world.ready


def test_a_download_goes_on_after_a_power_cut_at_any_piece():
    for cut in range(len(PIECES)):
        with World() as world:
            world.send(*announce())
            world.send(*PIECES[:cut])
            world.start()
            begun = world.update._index
            assert cut - 21 <= begun <= cut
            world.send(*PIECES[begun:])
            assert world.ready, cut
            assert max(world.partition.erases) <= 2


def test_an_image_that_was_damaged_after_it_came_is_not_run():
    with World() as world:
        world.send(*announce())
        world.send(*PIECES)
        world.partition.blocks[SPARE][1000] ^= 4
        kept = Slots()
        assert choose(kept, Flash(world.partition), "interrupted") == (0, False)
        assert (kept.reason, kept.version, kept.may_take(6)) == ("damaged", 5, False)


# (what ends the trial, the reset's word, why it is given up, whether the same version may come again)
ENDS = (
    ("an exception at import", "restarted", "raised", False),
    (None, "hung", "hung", False),
    (None, "restarted", "restarted", False),
    ("no network", "restarted", "no_network", False),
    ("silent chips", "restarted", "chips_silent", False),
    (None, "interrupted", "interrupted", True),
)
WORDS = {"an exception at import": "raised", "no network": "no_network", "silent chips": "chips_silent"}


def test_an_image_that_fails_its_trial_ran_once():
    for end, reset_reason, reason, again in ENDS:
        with World() as world:
            world.send(*announce())
            world.send(*PIECES)
            flash = Flash(world.partition)
            assert choose(Slots(), flash, "restarted") == (1, True)
            if end:
                Slots().explain(WORDS[end])
            kept = Slots()
            assert choose(kept, flash, reset_reason) == (0, False), end
            assert (kept.reason, kept.version, kept.version_floor, kept.may_take(6)) == (reason, 5, 5, again), end
            kept.report_sent()
            assert Slots().reason == "none"
            assert choose(Slots(), flash, "interrupted") == (0, False)


def test_an_image_that_always_loses_its_power_is_tried_three_times():
    with World() as world:
        world.send(*announce())
        world.send(*PIECES)
        flash = Flash(world.partition)
        for attempt in range(3):
            assert choose(Slots(), flash, "interrupted") == (1, True), attempt
            assert choose(Slots(), flash, "interrupted") == (0, False)
            world.start()
            world.send(*announce())  # what came already need not come again
        assert not Slots().may_take(6) and Slots().state == NONE
        world.send(*announce(version=7, image=NEW + b"fixed"))
        assert world.update.wanted.version == 7


def test_a_flash_that_lost_bits_of_the_newer_runs_the_older_and_remembers_the_version():
    with World() as world:
        world.send(*announce())
        world.send(*PIECES)
        flash = Flash(world.partition)
        choose(Slots(), flash, "restarted")
        Slots().confirm()
        world.partition.blocks[SPARE][0] ^= 1
        kept = Slots()
        assert choose(kept, flash, "interrupted") == (0, False)
        assert kept.version_floor == 6


def test_pieces_travel_back_to_back_over_mqtt():
    together = b"".join(PIECES[: firmware.MESSAGE_PIECES])
    assert firmware.frames_of(together) == PIECES[: firmware.MESSAGE_PIECES]
    assert firmware.frames_of(PIECES[-2] + PIECES[-1]) == PIECES[-2:]
    assert len(PIECES[0]) == firmware.PIECE_SIZE_MAX
    assert firmware.frames_of(announce()[0]) == announce()[:1]

"""An update from its announcement to its confirmation or its end: on a device, for both interpreters."""

from choice import choose
from slots import NONE, READY, TRYING, Flash, Slots

from tests.firmware.update_world import BLOCK, NEW, NOW, PIECES, SPARE, World, announce
from wire import firmware


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

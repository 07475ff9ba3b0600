"""What is on the flash survives power cuts at every write, torn files, spoilt bytes and a silent aggregator."""

import os
from pathlib import Path

import pytest
from nonvolatile import Nonvolatile
from outbox import Outbox, OutboxFull, entries

from tests.bench.flash_wear import ERASES_PER_BLOCK_AND_DAY_MAX
from tests.firmware.micropython import micropython, play_day


def test_power_cut_at_every_write_of_a_littlefs():
    """No boot, no sequence and no command twice; no kept reading lost; it always starts again."""
    cuts = int(micropython("power_cut.py", "1", "1").splitlines()[-1].split()[0])
    assert cuts > 300


@pytest.mark.parametrize(("role", "step"), [("meter", 35), ("mlmd", 45)])
def test_power_cut_at_the_writes_of_a_whole_devices_day(role, step, tmp_path):
    """On the bench's flash. EXHAUSTIVE=1: at every write, with nothing, half and all of it done."""
    step, shares = (1, "012") if os.environ.get("EXHAUSTIVE") else (step, "1")
    said = play_day(role, tmp_path, 1, step, shares)
    writes, _, erases_max = map(int, said[-2].split()[::2])
    cuts, boots = map(int, said[-1].split()[::2])
    assert cuts == len(range(1, writes + 1, step)) >= 50 and boots == len(shares) * cuts
    assert erases_max <= ERASES_PER_BLOCK_AND_DAY_MAX


def test_a_full_outbox_of_a_littlefs():
    assert int(micropython("power_cut.py", "fill").split()[0]) >= 128


# -- on any file system -------------------------------------------------------------------------


def reading(number: int) -> bytes:
    return b"reading %d" % number + bytes(200)


def filled(path: Path, count: int) -> Outbox:
    outbox = Outbox(str(path))
    for number in range(count):
        outbox.append(1, number + 1, 900 * number, reading(number), b"note %d" % number)
    return outbox


def kept(outbox: Outbox) -> list[bytes]:
    return [outbox.signed(index) for index in outbox.waiting()]


def test_what_waits_is_found_again_in_order(tmp_path):
    outbox = filled(tmp_path / "outbox", 20)
    assert outbox.acknowledge(1, 3, 5) == 3
    assert outbox.acknowledge(2, 1, 20) == 0
    assert outbox.acknowledge(1, 3, 5) == 0
    outbox.append(1, 21, 0, reading(20), b"note 20")
    again = Outbox(str(tmp_path / "outbox"))
    # Acknowledged out of order: said once more. Never the other way round.
    assert kept(again) == [reading(number) for number in range(21)]
    assert (again.newest.note, again.signed_count()) == (b"note 20", 21)
    again.acknowledge(1, 1, 12)
    again.append(2, 1, 0, reading(21), b"")
    assert kept(Outbox(str(tmp_path / "outbox"))) == [reading(number) for number in range(12, 22)]


def test_a_torn_entry_costs_itself_only(tmp_path):
    filled(tmp_path / "outbox", 11)
    newest = tmp_path / "outbox" / "1"
    whole = newest.read_bytes()
    offsets = [offset for offset, _ in entries(whole)[0]]
    for length in range(len(whole)):
        newest.write_bytes(whole[:length])
        outbox = Outbox(str(tmp_path / "outbox"))
        survivors = 8 + sum(1 for end in [*offsets[1:], len(whole)] if end <= length)
        assert kept(outbox) == [reading(number) for number in range(survivors)], length
        outbox.append(2, 1, 0, b"after the cut", b"")
        assert kept(Outbox(str(tmp_path / "outbox")))[-1] == b"after the cut"
        newest.write_bytes(whole)


def test_a_spoilt_byte_is_never_served(tmp_path):
    filled(tmp_path / "outbox", 3)
    segment = tmp_path / "outbox" / "0"
    whole = segment.read_bytes()
    good = {reading(number) for number in range(3)}
    for at in range(len(whole)):
        segment.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        assert set(kept(Outbox(str(tmp_path / "outbox")))) < good, at


def test_only_acknowledged_readings_make_room(tmp_path):
    outbox = filled(tmp_path / "outbox", 152)
    with pytest.raises(OutboxFull):
        for number in range(152, 170):
            outbox.append(1, number + 1, 0, reading(number), b"")
    count = outbox.signed_count()
    assert count >= 152 and len(outbox.waiting()) == count
    outbox.acknowledge(1, 1, 8)
    outbox.append(1, count + 1, 0, reading(count), b"")
    assert not (tmp_path / "outbox" / "0").exists()
    assert kept(Outbox(str(tmp_path / "outbox"))) == [reading(number) for number in range(8, count + 1)]


def test_acknowledged_readings_stay_readable(tmp_path):
    outbox = filled(tmp_path / "outbox", 0)
    for number in range(400):
        outbox.append(1, number + 1, 0, reading(number), b"")
        outbox.acknowledge(1, number + 1, number + 1)
    found = [
        entry.signed
        for segment in sorted((tmp_path / "outbox").iterdir(), key=lambda path: int(path.name))
        for _, entry in entries(segment.read_bytes())[0]
    ]
    assert found == [reading(number) for number in range(400 - len(found), 400)]
    assert len(found) >= 128


def test_one_of_two_files_may_be_spoilt_at_any_byte(tmp_path):
    memory = Nonvolatile(str(tmp_path))
    memory.begin_boot(0)
    memory.begin_accounting(1800, b"first")
    memory.take_command(7, b"second")
    whole = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for path, data in whole.items():
        for length in range(len(data)):
            path.write_bytes(data[:length])
            found = Nonvolatile(str(tmp_path))
            assert (found.boot, found.since_s) == (1, 1800)
            assert (found.command_sequence, found.note) in ((7, b"second"), (0, b"first"))
            path.write_bytes(data)
    assert Nonvolatile(str(tmp_path)).command_sequence == 7


def test_a_boot_is_not_repeated_when_the_memory_is_gone(tmp_path):
    memory = Nonvolatile(str(tmp_path))
    memory.begin_boot(41)  # what the outbox knows
    assert memory.boot == 42

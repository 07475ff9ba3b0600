"""A rollout told as a story, and what the distribution hands out of a folder of releases."""

from hashlib import sha256

import pytest
from nacl.signing import SigningKey

from aggregator.distribution import Distribution, read_folder
from aggregator.ota import ANNOUNCE_AGAIN_S, FETCHING_MAX, PATIENCE_S, Progress, Rollout
from aggregator.registry import Device
from aggregator.store import Store
from wire import event, firmware, firmware_file, kind, message, registration, topics
from wire.errors import WireError
from wire.event import Event

NOW = 1_800_000_000
AREA = b"area-id1"
DEVICES = [bytes([number]) * 8 for number in range(1, 9)]
IMAGE = bytes(range(256)) * 20


def finish(rollout: Rollout, devices, count: int = 10) -> None:
    for device in devices:
        rollout.asked(device, count, count)
        rollout.runs(device, rollout.version)


def test_waves_of_one_three_and_the_rest():
    rollout = Rollout(2, DEVICES)
    assert rollout.announce(NOW) == DEVICES[:1]
    assert rollout.announce(NOW + 1) == []
    rollout.asked(DEVICES[0], 6, 10)
    assert rollout.progress[DEVICES[0]].state == "fetching"
    rollout.asked(DEVICES[0], 10, 10)
    assert (rollout.progress[DEVICES[0]].state, rollout.wave()) == ("trying", 1)
    assert rollout.announce(NOW + 2) == []
    rollout.runs(DEVICES[0], 2)
    assert rollout.announce(NOW + 3) == DEVICES[1:4]
    finish(rollout, DEVICES[1:3])
    assert rollout.announce(NOW + 4) == []  # one of three is missing
    finish(rollout, DEVICES[3:4])
    assert rollout.announce(NOW + 5) == DEVICES[4:]
    finish(rollout, DEVICES[4:])
    assert rollout.is_complete and not rollout.is_stopped and rollout.announce(NOW + 6) == []


def test_one_failure_stops_it():
    rollout = Rollout(2, DEVICES)
    rollout.announce(NOW)
    rollout.asked(DEVICES[0], 10, 10)
    rollout.went_back(DEVICES[0], 5)
    assert rollout.is_stopped and rollout.announce(NOW + 9999) == [] and rollout.wave() == 1
    assert {one.state for one in rollout.progress.values()} == {"failed", "waiting"}


def test_as_many_failures_as_are_allowed_do_not():
    rollout = Rollout(2, DEVICES, failures_max=1)
    rollout.announce(NOW)
    rollout.went_back(DEVICES[0], 5)
    assert rollout.announce(NOW + 1) == DEVICES[1:4]
    rollout.went_back(DEVICES[1], 4)
    assert rollout.is_stopped and rollout.announce(NOW + 2) == []


def test_silence_is_a_failure():
    rollout = Rollout(2, DEVICES)
    told = [now_s for now_s in range(NOW, NOW + PATIENCE_S + 600, 60) if rollout.announce(now_s)]
    assert told[:3] == [NOW, NOW + ANNOUNCE_AGAIN_S, NOW + 2 * ANNOUNCE_AGAIN_S]
    assert rollout.progress[DEVICES[0]].state == "silent" and rollout.is_stopped


def test_a_trial_that_lost_its_power_is_announced_again():
    rollout = Rollout(2, DEVICES)
    rollout.announce(NOW)
    rollout.asked(DEVICES[0], 10, 10)
    rollout.went_back(DEVICES[0], 1)
    assert rollout.announce(NOW + 1) == DEVICES[:1] and not rollout.is_stopped


def test_no_more_fetch_at_a_time_than_their_carriers_bear():
    many = [bytes([number]) * 8 for number in range(40)]
    rollout = Rollout(2, many, waves=())
    assert rollout.announce(NOW) == many[:FETCHING_MAX]
    rollout.asked(many[0], 10, 10)
    assert rollout.announce(NOW + 1) == many[FETCHING_MAX : FETCHING_MAX + 1]


def test_words_of_strangers_and_of_other_versions_change_nothing():
    rollout = Rollout(2, DEVICES)
    before = dict(rollout.progress)
    rollout.asked(b"stranger", 1, 10)
    rollout.runs(b"stranger", 2)
    rollout.went_back(b"stranger", 3)
    rollout.runs(DEVICES[0], 1)
    rollout.went_back(DEVICES[5], 3)  # of a version before
    assert rollout.progress == before


# -- the folder ---------------------------------------------------------------------------------


def signer(key: SigningKey):
    return lambda data: key.sign(data).signature


def release(role=registration.METER, version=2, image=IMAGE, **changes) -> bytes:
    fields = {"role": role, "board": b"esp32_devkit", "version": version, "issued_s": NOW, "expires_s": NOW + 99}
    fields |= {"size": len(image), "sha256": sha256(image).digest()}
    fields |= {"first_piece": firmware.piece_hash(firmware.pieces(image)[0])} | changes
    content = [fields[name] for name, _ in firmware.LAYOUT.fields]
    keys = {b"release%d" % number: SigningKey(bytes([number]) * 32) for number in (1, 2)}
    return firmware_file.encode(
        [
            message.seal(
                kind.FIRMWARE, firmware.LAYOUT, content, who, b"network1", lambda m, k=key: k.sign(m).signature
            )
            for who, key in keys.items()
        ],
        image,
    )


REGISTERED = {
    DEVICES[0]: Device(registration.METER, bytes(32)),
    DEVICES[1]: Device(registration.METER, bytes(32)),
    DEVICES[2]: Device(registration.MLMD, bytes(32)),
}


def told(code: str, value: int) -> Event:
    return Event(1, 1, NOW, NOW, event.CODES.index(code), b"", value)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "store.sqlite")
    with store.transaction():
        yield store
    store.close()


def test_announced_and_handed_out_on_request(tmp_path, store):
    (tmp_path / "meter.release").write_bytes(release())
    distribution = Distribution(tmp_path, AREA, {}, store.rollouts)
    announced = distribution.look(REGISTERED, NOW)
    assert [one.topic for one in announced] == [topics.of_device(AREA, DEVICES[0], "firmware")] * 2
    frames = firmware.pieces(IMAGE)
    name = sha256(IMAGE).digest()[:8]
    answer = distribution.answer(DEVICES[0], firmware.request(name, 3, 5))
    assert [frame for one in answer for frame in firmware.frames_of(one.payload)] == frames[3:8]
    assert distribution.answer(DEVICES[0], firmware.request(b"another!", 0, 5)) == []
    assert distribution.answer(DEVICES[0], firmware.request(name, 60000, 255)) == []
    with pytest.raises(WireError):
        distribution.answer(DEVICES[0], b"\x02short")
    distribution.take_event(DEVICES[0], told("firmware_running", 2))
    assert distribution.look(REGISTERED, NOW + 1)[0].topic == topics.of_device(AREA, DEVICES[1], "firmware")


def test_devices_that_run_it_already_are_not_told_again(tmp_path, store):
    (tmp_path / "meter.release").write_bytes(release())
    distribution = Distribution(tmp_path, AREA, {DEVICES[0]: 2}, store.rollouts)
    assert {one.topic for one in distribution.look(REGISTERED, NOW)} == {topics.of_device(AREA, DEVICES[1], "firmware")}


def test_a_newer_release_replaces_the_rollout(tmp_path, store):
    (tmp_path / "a.release").write_bytes(release())
    distribution = Distribution(tmp_path, AREA, {}, store.rollouts)
    distribution.look(REGISTERED, NOW)
    (tmp_path / "b.release").write_bytes(release(version=3, image=IMAGE + b"newer"))
    assert distribution.look(REGISTERED, NOW + 1) and distribution.rollout.version == 3


# -- an aggregator that is started anew ---------------------------------------------------------------


def test_whoever_went_back_is_remembered_and_the_rollout_stays_stopped(tmp_path, store):
    (tmp_path / "meter.release").write_bytes(release())
    distribution = Distribution(tmp_path, AREA, {}, store.rollouts)
    distribution.look(REGISTERED, NOW)
    distribution.take_event(DEVICES[0], told("firmware_rolled_back", 5))
    assert distribution.rollout.is_stopped
    anew = Distribution(tmp_path, AREA, {}, store.rollouts)
    assert anew.look(REGISTERED, NOW + 60) == [] and anew.rollout.is_stopped
    assert anew.rollout.progress[DEVICES[0]] == Progress("failed", NOW, reason=5)
    more = Distribution(tmp_path, AREA, {}, store.rollouts, failures_max=1)
    assert {one.topic for one in more.look(REGISTERED, NOW + 60)} == {topics.of_device(AREA, DEVICES[1], "firmware")}


def test_a_device_under_way_is_announced_to_again_and_its_four_hours_go_on(tmp_path, store):
    (tmp_path / "meter.release").write_bytes(release())
    Distribution(tmp_path, AREA, {}, store.rollouts).look(REGISTERED, NOW)
    anew = Distribution(tmp_path, AREA, {}, store.rollouts)
    assert len(anew.look(REGISTERED, NOW + 60)) == 2
    assert anew.look(REGISTERED, NOW + PATIENCE_S) == [] and anew.rollout.is_stopped


def test_a_device_registered_later_comes_last(tmp_path, store):
    (tmp_path / "meter.release").write_bytes(release())
    distribution = Distribution(tmp_path, AREA, {}, store.rollouts)
    first = {DEVICES[1]: REGISTERED[DEVICES[1]]}
    distribution.look(first, NOW)
    distribution.take_event(DEVICES[1], told("firmware_running", 2))
    assert distribution.rollout.is_complete
    assert {one.topic for one in distribution.look(REGISTERED, NOW + 1)} == {
        topics.of_device(AREA, DEVICES[0], "firmware")
    }


def test_a_role_may_have_a_release_for_each_of_its_boards(tmp_path, store):
    (tmp_path / "a.release").write_bytes(release())
    (tmp_path / "b.release").write_bytes(release(board=b"esp32_c3", image=IMAGE + b"c3"))
    distribution = Distribution(tmp_path, AREA, {}, store.rollouts)
    assert len(distribution.look(REGISTERED, NOW)) == 4  # a device takes what is for its board
    for image in (IMAGE, IMAGE + b"c3"):
        assert distribution.answer(DEVICES[0], firmware.request(sha256(image).digest()[:8], 0, 1))


BAD_FILES = {
    "empty": b"",
    "truncated": release()[:-1],
    "another image": release(sha256=bytes(32)),
    "other pieces": release(first_piece=bytes(32)),
    "another size": release(size=len(IMAGE) - 1),
    "no release": b"\x83\x01\x02\x03",
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_not_what_it_announces_is_handed_to_nobody(name, tmp_path, store):
    (tmp_path / "bad.release").write_bytes(BAD_FILES[name])
    releases, refused = read_folder(tmp_path)
    assert releases == [] and len(refused) == 1 and refused[0].startswith("bad.release: ")
    assert Distribution(tmp_path, AREA, {}, store.rollouts).look(REGISTERED, NOW) == []

"""Of nobody's name, address or place does a byte stand in the clear in a run: on disk, on MQTT, in reports or logs."""

from pathlib import Path

from hil import provision
from hil.options import Options
from hil.run import Run
from hil.tap import Tap
from tests.hil import period_keys
from wire import cose, kind, message, profile


def test_nothing_of_a_person_is_stored_or_sent(tmp_path, monkeypatch):
    sent = []
    note_publish = Tap._note_publish

    def keep(self, message):
        sent.append(message.payload)
        note_publish(self, message)

    monkeypatch.setattr(Tap, "_note_publish", keep)
    run = Run(Options(out=tmp_path, meters=3, mlmds=1, hours=1, start="10:00"), lambda _: None)
    run.play()
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(sent) > 20 and any(path.name == "ledger.sqlite" for path in files)
    for site in run.network.meters:
        for word in provision.particulars(run.network, site)[:3]:
            for part in (part for part in (word, *word.split()) if len(part) >= 5):
                assert not [path for path, data in files.items() if part.encode() in data]
                assert not [data for data in sent if part.encode() in data]
    ledger = next(data for path, data in files.items() if path.name == "ledger.sqlite")
    profiles = [one for one in provision.transactions(run.network) if cose.open_envelope(one).kind == kind.PROFILE]
    assert len(profiles) == 3
    boxes = [message.decode(profile.LAYOUT, cose.open_envelope(one).payload).for_operator for one in profiles]
    assert all(box in ledger for box in boxes), "sealed, they are there: the search would have found the rest"
    nothing_links_two_periods(run, tmp_path)


def nothing_links_two_periods(run: Run, out: Path) -> None:
    """The run's ledger is paid out twice: no byte of the run ties a settlement key to its household, or to another."""
    network, path = run.network, out / "services" / "ledger.sqlite"
    done = period_keys.pay_out(out / "services", network)
    assert all(len(due.credited) + len(due.debited) > 3 for due in done)
    records, found = period_keys.records(path), 0
    everything = [file.read_bytes() for file in out.rglob("*") if file.is_file()]
    for name, view in period_keys.views(network).items():
        assert not [data for data in everything if view.secret in data or network.users[name].seed in data]
        marks: dict[int, list[bytes]] = {}
        for held in period_keys.held(path, view):
            marks.setdefault(held.period, []).extend((held.key_id, view.key(held.period, held.number)))
        found += len(marks) == 2
        household = [network.users[name].id, network.users[name].public_key, network.devices[name].id]
        for period, mine in marks.items():
            others = [mark for at, some in marks.items() if at != period for mark in some]
            where = [record for record in records if any(mark in record for mark in mine)]
            assert len(where) >= len(mine), "they are there: the search would have found a link"
            assert not [record for record in where if any(mark in record for mark in household + others)]
    assert found >= 2, "households with keys of both periods"

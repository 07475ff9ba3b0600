"""Of nobody's name, address or place does a byte stand in the clear in a run: on disk, on MQTT, in reports or logs."""

from hil import provision
from hil.options import Options
from hil.run import Run
from hil.tap import Tap
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

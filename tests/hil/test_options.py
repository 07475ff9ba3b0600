"""Bad options are refused before anything starts, with what is allowed."""

import pytest

from hil import interpreter
from hil.broker import choose
from hil.errors import BenchError, OptionError
from hil.options import Options

REFUSED = [
    ({"scenario": "rainy_day"}, "SCENARIO=rainy_day: not one of sunny_day, evening_peak, rough_day"),
    ({"seed": -1}, "SEED=-1: allowed are 0 to"),
    ({"speed": -1.0}, "SPEED=-1: allowed are 0 to 100000"),
    ({"speed": float("nan")}, "SPEED=nan: allowed are 0"),
    ({"meters": 0}, "METERS=0: allowed are 1 to 300"),
    ({"meters": 301}, "METERS=301: allowed are 1 to 300"),
    ({"mlmds": 0}, "MLMDS=0: allowed are 1 to 30"),
    ({"mlmds": 31, "meters": 300}, "MLMDS=31: allowed are 1 to 30"),
    ({"mlmds": 5, "meters": 4}, "MLMDS=5: at most one for each meter, and METERS is 4"),
    ({"mlmds": 2, "meters": 60}, "METERS=60 MLMDS=2: an M-LMD's radio has 20 peers; give MLMDS=3 or more"),
    ({"broker": "rabbit"}, "BROKER=rabbit: not one of auto, mosquitto, amqtt"),
    ({"engine": "diesel"}, "ENGINE=diesel: not one of embedded, cometbft"),
    ({"hours": 0.0}, "--hours=0: allowed are 0.5 to 36"),
    ({"hours": 1.3}, "--hours 1.3: whole or half hours"),
    ({"start": "24:00"}, "--start 24:00: a half hour of the day"),
    ({"start": "noon"}, "--start noon: a half hour of the day"),
]


@pytest.mark.parametrize(("options", "text"), REFUSED, ids=[text.split(":")[0] for _, text in REFUSED])
def test_a_bad_option_is_refused(options, text):
    with pytest.raises(OptionError) as refused:
        Options(**options)
    assert str(refused.value).startswith(text)


def test_good_options():
    assert Options().duration_s == 86400
    assert Options().start_s == Options().day.start_s
    assert Options(start="11:30", hours=0.5).start_s == Options().day.start_s + 11 * 3600 + 1800
    Options(meters=1, mlmds=1)
    Options(meters=300, mlmds=30)
    Options(meters=12, mlmds=2, scenario="rough_day", seed=7, broker="amqtt")


def test_out_must_not_be_a_file(tmp_path):
    (tmp_path / "out").write_text("something of mine")
    with pytest.raises(OptionError, match="there is a file of this name"):
        Options(out=tmp_path / "out")


def test_without_micropython_the_error_says_how_to_get_one(monkeypatch):
    monkeypatch.setenv("MICROPYTHON", "/nowhere/micropython")
    with pytest.raises(BenchError, match="MICROPYTHON=/nowhere/micropython is not a program"):
        interpreter.command()
    monkeypatch.delenv("MICROPYTHON")
    monkeypatch.setattr(interpreter.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BenchError, match=r"(?s)MICROPYTHON=.*make hil"):
        interpreter.command()


def test_without_mosquitto_auto_is_amqtt(monkeypatch):
    monkeypatch.setattr("hil.broker.shutil.which", lambda *_, **__: None)
    assert choose("auto") == choose("amqtt") == "amqtt"
    with pytest.raises(BenchError, match="BROKER=mosquitto: mosquitto is not on this machine"):
        choose("mosquitto")

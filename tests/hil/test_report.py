"""The report a person gets: complete, self-contained, and saying so when something is wrong."""

import copy
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from rich.console import Console

from hil import report
from hil.evidence import EvidenceError, load
from hil.figures import DARK, LIGHT, PICTURES
from hil.verdict import judge
from tests.hil import synthetic
from tests.hil.synthetic import GRID_ID, METERS, identity


@pytest.fixture(scope="module")
def sound():
    return synthetic.day()


@pytest.fixture(scope="module")
def built(sound, tmp_path_factory):
    """(whether the invariants hold, the folder with both reports)."""
    folder = tmp_path_factory.mktemp("report")
    holds = report.build(synthetic.write(sound, folder / "evidence"), folder)
    return holds, folder


@pytest.fixture(scope="module")
def page(built):
    return (built[1] / "report.html").read_text()


# What issue 2 names; a dict is what must be in it, None is anything.
KEYS = {
    **dict.fromkeys(("scenario", "seed", "wall_s", "simulated_s")),
    "devices": dict.fromkeys(("meters", "mlmds", "micropython_processes")),
    "readings": dict.fromkeys(("signed", "committed", "lost", "duplicated", "refused")),
    "ledger": dict.fromkeys(("height", "transactions", "app_hash")),
    "prices": dict.fromkeys(("intervals", "types", "recomputed_equal")),
    "commands": dict.fromkeys(("issued", "obeyed", "expired", "refused")),
    "latency_ms": dict.fromkeys(("p50", "p99")),
    "conservation": dict.fromkeys(("energy_error_wh", "money_error_micro")),
    "benefit": {
        "baseline": dict.fromkeys(("peak_kw", "cost", "self_consumption_pct")),
        "controlled": dict.fromkeys(("peak_kw", "cost", "self_consumption_pct")),
    },
    "device": dict.fromkeys(("heap_peak_bytes", "flash_erases_max", "meter_heap_peak_bytes", "mlmd_heap_peak_bytes")),
    "invariants": None,
}


def missing(keys, value, path=""):
    if keys is None:
        return []
    lost = [f"{path}{name}" for name in keys if name not in value]
    return lost + [
        gap for name, inner in keys.items() if name in value for gap in missing(inner, value[name], f"{path}{name}.")
    ]


def test_report_json_has_every_key(built):
    holds, folder = built
    written = json.loads((folder / "report.json").read_text())
    assert holds
    assert missing(KEYS, written) == []
    assert all(set(invariant) >= {"name", "holds"} for invariant in written["invariants"])


def test_what_is_written_can_be_read_and_judged_again(built, sound):
    assert judge(load(built[1] / "evidence")) == judge(sound)


class Page(HTMLParser):
    """Every tag must be closed; what an attribute could fetch is collected."""

    VOID = ("meta", "br", "link", "img", "input", "hr")

    def __init__(self):
        super().__init__()
        self.open = []
        self.fetched = []

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "xlink:href", "data", "action") and not (value or "").startswith("#"):
                self.fetched.append((tag, name, value))

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_fetches_nothing(page):
    parser = Page()
    parser.feed(page)
    assert parser.open == []
    assert parser.fetched == []
    assert "<script" not in page
    assert "@import" not in page
    assert re.findall(r"url\((?!#)[^)]*\)", page) == []
    spaces = ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink")
    assert set(re.findall(r"https?://[^\"' <]*", page)) <= set(spaces), "names of XML, never fetched"


def test_every_picture_is_there_with_its_title(page):
    for title, _ in PICTURES.values():
        assert f'aria-label="{title}"' in page
    assert page.count("<svg ") == len(PICTURES) + 1, "the main one is drawn wide and narrow"


def test_pictures_do_not_share_ids(page):
    """Two drawings of one page must not cut one another by the same clipping path."""
    clips = re.findall(r'<clipPath id="([^"]+)"', page)
    assert len(clips) == len(set(clips))


def test_colours_are_variables_of_both_themes(page):
    drawings = re.findall(r"<svg .*?</svg>", page, re.DOTALL)
    used = {name for drawing in drawings for name in re.findall(r"var\(--(\w+)\)", drawing)}
    assert {"ink", "controlled", "baseline", "limit", "sun", "storage"} <= used <= LIGHT.keys()
    assert LIGHT.keys() == DARK.keys()
    assert not any("#f00d" in drawing for drawing in drawings), "a stand-in was left over"
    assert not any(re.search(r"(fill|stroke): #0{6}", drawing) for drawing in drawings), (
        "black is invisible in the dark"
    )


def test_the_page_tells_one_kwh_from_plant_to_wallet(page, sound):
    to_wallet = ("signed reading", "light block", "price", "flow", "wallets")
    for step in (*to_wallet, "decision on the ledger", "command", "receipt"):
        assert f"· {step}" in page
    assert "Merkle root" in page
    assert "because of: price" in page


def test_a_broken_day_says_so(sound, tmp_path):
    day = copy.deepcopy(sound)
    day.aggregator["readings"][0]["sha256"] = "<b>" + "0" * 61
    assert report.build(synthetic.write(day, tmp_path / "evidence"), tmp_path) is False
    page = (tmp_path / "report.html").read_text()
    assert "1 of " in page
    assert "invariants broken" in page
    assert "differs from what the device signed" in page
    assert "<b>0000" not in page, "what comes from outside is escaped"


def without_equipment(day):
    for run in (day.plant, day.baseline):
        run["series"].update(soc={}, tank_c={}, relay={}, relay_switches={})


def with_many_batteries(day):
    soc = next(iter(day.plant["series"]["soc"].values()))
    day.plant["series"]["soc"] = {f"meter-{number}": soc for number in range(40)}


def without_neighbours(day):
    for book in day.ledger["intervals"]:
        for flow in book["flows"]:
            flow.update(producer=GRID_ID, seller=GRID_ID)


def before_the_first_price(day):
    for book in day.ledger["intervals"]:
        book["price_micro_per_kwh"] = None


def without_a_flash_image(day):
    day.devices[0].update(signed=[], counters={}, heap_peak_bytes=0)


def in_real_time(day):
    day.bench["latency_ms"] = [12.5, 30.0]


@pytest.mark.parametrize(
    "happen",
    [
        without_equipment,
        with_many_batteries,
        without_neighbours,
        before_the_first_price,
        without_a_flash_image,
        in_real_time,
    ],
    ids=lambda happen: happen.__name__,
)
def test_unusual_days_have_a_report_too(sound, happen):
    day = copy.deepcopy(sound)
    happen(day)
    page = report.html(day, judge(day))
    parser = Page()
    parser.feed(page)
    assert parser.open == []
    assert ("kWh's path" in page) == (happen is not without_neighbours)


def test_incomplete_evidence_is_an_error_with_its_file(sound, tmp_path):
    folder = synthetic.write(sound, tmp_path)
    (folder / "ledger.json").write_text("{")
    with pytest.raises(EvidenceError, match=r"ledger\.json"):
        load(folder)
    (folder / "ledger.json").unlink()
    with pytest.raises(EvidenceError, match=r"ledger\.json"):
        load(folder)


def printed(content, **options):
    text = io.StringIO()
    report.summary(content, Console(file=text, width=100, **options))
    return text.getvalue()


def test_the_summary_names_what_is_broken(sound):
    content = judge(sound)
    assert f"all {len(content['invariants'])} invariants hold" in printed(content)
    content["invariants"][0].update(holds=False, faults=["meter-01: reading 1/2 [was] lost"], count=1)
    content["holds"] = False
    assert "broken: no_reading_lost (1)" in printed(content)
    assert "reading 1/2 [was] lost" in printed(content), "what stands in brackets is text, not markup"


def test_the_summary_respects_no_color(sound, monkeypatch):
    content = judge(sound)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1;32m" in printed(content, force_terminal=True, color_system="standard")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1;32m" not in printed(content, force_terminal=True, color_system="standard")


def test_the_readme_picture_is_one_command(built, tmp_path):
    picture = tmp_path / "images" / "report.png"
    subprocess.run([sys.executable, "-m", "hil.figures", built[1] / "evidence", picture], check=True)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_identities_of_the_made_up_day_are_as_devices_have_them(sound):
    """The oracle of this file: ids are the first 8 bytes of SHA-256 over the registered key."""
    import hashlib

    for item in sound.ledger["registrations"]:
        assert hashlib.sha256(bytes.fromhex(item["public_key"])).hexdigest()[:16] == item["subject_id"]
    assert identity(METERS[0]) == sound.devices[0]["device_id"]

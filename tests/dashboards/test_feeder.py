"""
The Feeder dashboard: the committed file is what its source writes, and every query of every panel finds rows in a real
InfluxDB that was fed what aggregator and cloud write while the bench plays two hours.
"""

import json
import os
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dashboards import feeder
from tests.real_server import free_port, get, influxdb, program

BENCH = ("--meters", "6", "--mlmds", "2", "--hours", "2", "--start", "09:00")


def panels():
    return json.loads(feeder.PATH.read_text())["panels"]


def targets():
    return [(panel["title"], target["refId"], target["query"]) for panel in panels() for target in panel["targets"]]


def test_the_committed_file_is_what_the_source_writes():
    assert feeder.PATH.read_text() == feeder.text(), "run `make dashboards`"
    assert feeder.main(["--check"]) == 0


def test_panels_do_not_overlap_and_fill_the_width():
    taken = {}
    for panel in panels():
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for cell in [(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])]:
            assert cell not in taken, f"{panel['title']} covers {taken[cell]}"
            taken[cell] = panel["title"]


def test_every_target_asks_the_provisioned_datasource_in_influxql():
    provisioned = (feeder.PATH.parent / "provisioning" / "datasource.yaml").read_text()
    for panel in panels():
        for target in panel["targets"]:
            assert target["datasource"]["type"] == "influxdb"
            assert f"uid: {target['datasource']['uid']}" in provisioned
            assert target["rawQuery"]
            assert "$timeFilter" in target["query"], "a query must stay within the time range on screen"


class Forwarder(ThreadingHTTPServer):
    """Takes the v2 write API, which Debian's InfluxDB 1.6 does not have, and keeps the line protocol as it came."""

    def __init__(self):
        self.lines = []
        super().__init__(("127.0.0.1", 0), Taken)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Taken(BaseHTTPRequestHandler):
    def do_POST(self):
        assert self.path.startswith("/api/v2/write?")
        assert "precision=s" in self.path
        self.server.lines += self.rfile.read(int(self.headers["Content-Length"])).decode().splitlines()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Quiet."""


@contextmanager
def forwarder():
    with Forwarder() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def play(out, influx_url):
    """A short run of the bench; its report."""
    environment = {**os.environ, "INFLUX_URL": influx_url, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "cli.main", "hil", *BENCH, "--out", str(out)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return json.loads((out / "report.json").read_text())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(report, lines) of a run with a time series."""
    with forwarder() as server:
        report = play(tmp_path_factory.mktemp("run") / "out", server.url)
        return report, server.lines


def test_the_services_write_all_of_the_day(run):
    report, lines = run
    written = [line.split(",")[0].split(" ")[0] for line in lines]
    assert written.count("reading") == report["readings"]["committed"]
    assert written.count("command") == report["commands"]["issued"]
    assert written.count("receipt") == report["commands"]["obeyed"] + report["commands"]["refused"]
    assert set(written) >= {"area_load", "feeder_load", "feeder_energy", "price", "ledger"}


def test_a_database_that_is_not_there_changes_nothing(run, tmp_path):
    report = play(tmp_path / "out", f"http://127.0.0.1:{free_port()}")
    assert report["holds"]
    assert report["ledger"]["app_hash"] == run[0]["ledger"]["app_hash"]


def refused(lines):
    """A day on which a device refused: the same line with the other outcome, a second later."""
    line = next(line for line in lines if line.startswith("receipt,"))
    assert "outcome=1i" in line
    head, time_s = line.replace("outcome=1i", "outcome=2i").rsplit(" ", 1)
    return f"{head} {int(time_s) + 1}"


def rows(url, query, report):
    start_s = report["start_s"]
    end_s = start_s + report["simulated_s"] + 600
    asked = query.replace("$timeFilter", f"time >= {start_s}s AND time <= {end_s}s").replace("$__interval", "5m")
    (result,) = json.loads(get(url + "/query", db="gridtide", q=asked, epoch="s"))["results"]
    assert "error" not in result, result
    return [row for series in result.get("series", []) for row in series["values"]]


@pytest.fixture(scope="module")
def filled(run, tmp_path_factory):
    """The url of a real InfluxDB that holds the run."""
    program("influxd")
    report, lines = run
    with influxdb(tmp_path_factory.mktemp("influxdb")) as url:
        post(url + "/query?q=CREATE+DATABASE+gridtide", b"")
        post(url + "/write?db=gridtide&precision=s", "\n".join([*lines, refused(lines)]).encode())
        yield url, report


def post(url, body):
    with urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST"), timeout=30) as answer:
        assert answer.status in (200, 204)


@pytest.mark.real
@pytest.mark.parametrize(("title", "ref_id", "query"), targets(), ids=[f"{t[0]} {t[1]}" for t in targets()])
def test_every_query_finds_rows_in_a_real_influxdb(filled, title, ref_id, query):
    url, report = filled
    found = rows(url, query, report)
    assert found
    assert any(value is not None for row in found for value in row[1:])


@pytest.mark.real
def test_figures_on_the_dashboard_are_the_report_s(filled):
    url, report = filled
    total = sum(row[1] for row in rows(url, feeder.READINGS.query, report))
    assert total == report["readings"]["committed"]
    assert {row[1] for row in rows(url, feeder.DEVICES.query, report)} >= {8}
    assert rows(url, feeder.HEIGHT.query, report)[-1][1] == report["ledger"]["height"]
    temperatures = [row[1] for row in rows(url, feeder.HEATERS.query, report)]
    assert 20 < min(temperatures) < max(temperatures) < 95

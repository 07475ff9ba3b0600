"""The time-series cable: what it sends, what it keeps while the database is away, and that nobody waits for it."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import pytest

from link.timeseries import Away, Refused, TimeSeries
from tests.real_server import free_port, get, victoria_metrics

PATIENCE_S = 60


class Database:
    """Stands for the database behind `send`: takes batches, is away, refuses or hangs as told."""

    def __init__(self):
        self.points = []
        self.fault = None
        self.tried = threading.Event()
        self.hold = threading.Event()
        self.hold.set()

    def __call__(self, batch):
        self.tried.set()
        assert self.hold.wait(PATIENCE_S)
        if self.fault:
            raise self.fault
        self.points += batch

    def values(self):
        return [point["fields"]["value"] for point in self.points]


def write_values(series, values):
    for value in values:
        series.write("reading", {"device": "aa"}, {"value": value}, 1_000 + value)


def until(condition):
    while not condition():
        threading.Event().wait(0.01)


def test_points_arrive_in_order_and_close_sends_the_rest():
    database = Database()
    series = TimeSeries("", send=database)
    write_values(series, range(2500))
    assert series.close(PATIENCE_S) == 0
    assert database.values() == list(range(2500))
    assert series.counts() == (2500, 2500, 0, 0, 0, 0)


def test_a_hanging_database_is_not_felt_and_the_newest_points_are_kept():
    database = Database()
    database.hold.clear()
    series = TimeSeries("", send=database, points_max=10)
    write_values(series, [0])
    assert database.tried.wait(PATIENCE_S)
    write_values(series, range(1, 101))  # would never return if it waited for the database
    assert series.counts().dropped == 90
    database.hold.set()
    assert series.close(PATIENCE_S) == 0
    assert database.values() == [0, *range(91, 101)]


def test_while_the_database_is_away_the_bound_holds_and_the_kept_points_follow():
    database = Database()
    database.fault = Away("no route")
    series = TimeSeries("", send=database, points_max=10)
    write_values(series, range(25))
    database.tried.clear()
    assert database.tried.wait(PATIENCE_S), "it tries again by itself"
    database.fault = None
    assert series.close(PATIENCE_S) == 0
    assert database.values() == list(range(15, 25))
    counts = series.counts()
    assert (counts.sent, counts.dropped, counts.waiting) == (10, 15, 0)
    assert counts.failures >= 1


def test_a_batch_that_is_refused_for_good_does_not_stop_the_next():
    database = Database()
    database.fault = Refused("field type conflict")
    series = TimeSeries("", send=database)
    write_values(series, [1])
    until(lambda: series.counts().refused)
    database.fault = None
    write_values(series, [2])
    assert series.close(PATIENCE_S) == 0
    assert database.values() == [2]
    assert series.counts().refused == 1


def test_close_gives_up_on_a_database_that_stays_away():
    database = Database()
    database.fault = Away("no route")
    series = TimeSeries("", send=database)
    write_values(series, range(3))
    assert database.tried.wait(PATIENCE_S)
    assert series.close(timeout=0.1) == 3
    write_values(series, [9])
    assert series.counts().written == 3, "after close nothing is taken"


def test_without_a_url_nothing_is_imported_or_started():
    check = (
        "import sys, threading; from link.timeseries import TimeSeries; series = TimeSeries('');"
        "series.write('reading', {}, {'value': 1}, 5); assert series.close() == 0;"
        "assert threading.active_count() == 1; assert not any('influx' in name for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", check], check=True)


@pytest.fixture
def http_database():
    """A server that answers /api/v2/write with the statuses it is told, then 204, and keeps what it was sent."""
    seen = []
    statuses = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            seen.append((urlparse(self.path).path, parse_qs(urlparse(self.path).query), self.headers, body))
            self.send_response(statuses.pop(0) if statuses else 204)
            self.end_headers()

        def log_message(self, *_):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen, statuses
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_goes_over_the_line(http_database):
    url, seen, _ = http_database
    series = TimeSeries(url, token="s3cret", org="utility", bucket="feeder")
    fields = {"power_w": -5, "share": 0.5, "whole": 2.0, "shed": True, "reason": 'a "b"'}
    series.write("area load", {"area": "a b", "none": ""}, fields, 1_700_000_000.9)
    assert series.close(PATIENCE_S) == 0
    ((path, query, headers, body),) = seen
    assert path == "/api/v2/write"
    assert query == {"org": ["utility"], "bucket": ["feeder"], "precision": ["s"]}
    assert headers["Authorization"] == "Token s3cret"
    assert body == 'area\\ load,area=a\\ b power_w=-5i,reason="a \\"b\\"",share=0.5,shed=true,whole=2 1700000000'


@pytest.mark.parametrize(
    ("statuses", "sent", "refused"),
    [([503], 1, 0), ([429, 500], 1, 0), ([401], 1, 0), ([400], 0, 1), ([422], 0, 1), ([503, 400], 0, 1)],
)
def test_which_answers_are_worth_another_try(http_database, statuses, sent, refused):
    url, seen, told = http_database
    told += statuses
    tries = len(statuses) + sent
    series = TimeSeries(url)
    write_values(series, [7])
    assert series.close(PATIENCE_S) == 0
    assert (series.counts().sent, series.counts().refused) == (sent, refused)
    assert len(seen) == tries


def stored(url):
    """[(time_s, value)] of the points VictoriaMetrics holds."""
    get(url + "/internal/force_flush")
    lines = get(url + "/api/v1/export", **{"match[]": "reading_value"}).decode().splitlines()
    rows = [json.loads(line) for line in lines]
    assert all(row["metric"]["device"] == "aa" for row in rows)
    pairs = [pair for row in rows for pair in zip(row["timestamps"], row["values"], strict=True)]
    return sorted((time_ms // 1000, value) for time_ms, value in pairs)


def expected(values):
    return [(1_000 + value, value) for value in values]


@pytest.mark.real
def test_a_real_server_holds_every_point(tmp_path):
    with victoria_metrics(tmp_path, free_port()) as url:
        series = TimeSeries(url, token="any")
        write_values(series, range(3000))
        assert series.close(PATIENCE_S) == 0
        assert stored(url) == expected(range(3000))


@pytest.mark.real
def test_a_real_server_away_for_a_while_is_filled_up_as_far_as_the_bound_allows(tmp_path):
    port = free_port()
    series = TimeSeries(f"http://127.0.0.1:{port}", points_max=500)
    with victoria_metrics(tmp_path, port):
        write_values(series, range(100))
        until(lambda: series.counts().sent == 100)
    write_values(series, range(100, 2000))
    until(lambda: series.counts().failures)
    with victoria_metrics(tmp_path, port) as url:
        write_values(series, range(2000, 2050))
        assert series.close(PATIENCE_S) == 0
        assert stored(url) == expected([*range(100), *range(1550, 2050)])
    assert series.counts().dropped == 1450

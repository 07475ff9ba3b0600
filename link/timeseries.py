"""
The services' second cable: points for the operator's time-series database (InfluxDB's
v2 write API; VictoriaMetrics has it, too). Dashboards read them; nothing that bills,
decides or acknowledges ever does, so the main path must not feel the database at all.

`write` only puts the point into a bounded queue: it never waits and never raises. One
background thread sends batches. While the database is away the most recent points are
kept, the oldest dropped and counted. Without a url nothing is imported or started.

Measurements, tags and fields are listed in docs/grafana.md. Whole numbers are written
as integers (line protocol suffix i), floats as floats: one field never changes its type.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

_LOG = logging.getLogger("gridtide.timeseries")
_POINTS_MAX = 50_000  # two weeks of 33 devices' readings; some 40 MB
_BATCH_MAX = 1_000
_RETRY_S_MIN, _RETRY_S_MAX = 0.25, 30.0
_TIMEOUT_MS = (3_000, 10_000)  # connecting, answering
_NEVER_ACCEPTED = (400, 413, 422)  # the same batch will be refused again: drop it and go on

Field = int | float | bool | str
Send = Callable[[list[dict[str, Any]]], None]


class Away(Exception):
    """The database cannot be reached, or will not take points now. Worth another try."""


class Refused(Exception):
    """The database will never take this batch."""


class Counts(NamedTuple):
    """What became of the points since the start; `waiting` are still in memory."""

    written: int
    sent: int
    dropped: int
    refused: int
    waiting: int
    failures: int  # attempts that found the database away


class TimeSeries:
    """
    url: "http://host:8086", or "" for no time series at all. send: instead of the database, for tests.

    The waits below are waits of the machine, not of the `clock` services are given: the database lives in wall time.
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        org: str = "gridtide",
        bucket: str = "gridtide",
        points_max: int = _POINTS_MAX,
        send: Send | None = None,
    ) -> None:
        self._queue: deque[dict[str, Any]] = deque()
        self._points_max = points_max
        self._points = threading.Condition()  # guards the queue and the counts; notified when there is something to do
        self._closing = threading.Event()
        self._given_up = threading.Event()
        self._away = False
        self._written = self._sent = self._dropped = self._refused = self._failures = self._flying = 0
        self._thread: threading.Thread | None = None
        if url or send:
            make_send = (lambda: send) if send else (lambda: _sender(url, token, org, bucket))
            self._thread = threading.Thread(target=self._run, args=(make_send,), name="timeseries", daemon=True)
            self._thread.start()

    def write(self, measurement: str, tags: Mapping[str, str], fields: Mapping[str, Field], time_s: float) -> None:
        """Queue one point. tags: for finding (ids, names); fields: values with their unit in the name; time_s: UTC."""
        if self._thread is None or self._closing.is_set():
            return
        point = {"measurement": measurement, "tags": dict(tags), "fields": dict(fields), "time": int(time_s)}
        with self._points:
            self._written += 1
            self._queue.append(point)
            self._trim()
            self._points.notify()

    def counts(self) -> Counts:
        with self._points:
            waiting = len(self._queue) + self._flying
            return Counts(self._written, self._sent, self._dropped, self._refused, waiting, self._failures)

    def close(self, timeout: float = 5.0) -> int:
        """Send what is left, for at most `timeout` seconds. How many points were left unsent."""
        if self._thread is None:
            return 0
        with self._points:
            self._closing.set()
            self._points.notify()
        self._thread.join(timeout)
        self._given_up.set()
        left = self.counts().waiting
        if left:
            _LOG.warning("time series closed with %d points unsent", left)
        return left

    def _trim(self) -> None:
        while len(self._queue) > self._points_max:
            self._queue.popleft()
            self._dropped += 1

    def _run(self, make_send: Callable[[], Send]) -> None:
        send = make_send()
        retry_s = _RETRY_S_MIN
        while batch := self._take():
            if self._deliver(send, batch):
                retry_s = _RETRY_S_MIN
                continue
            self._pause(retry_s)
            retry_s = min(2 * retry_s, _RETRY_S_MAX)

    def _take(self) -> list[dict[str, Any]]:
        """The next batch, oldest first; waits for points. Empty when it is time to end."""
        with self._points:
            while not self._queue and not self._closing.is_set():
                self._points.wait()
            if self._given_up.is_set():
                return []
            batch = [self._queue.popleft() for _ in range(min(_BATCH_MAX, len(self._queue)))]
            self._flying = len(batch)
            return batch

    def _pause(self, retry_s: float) -> None:
        """Closing cuts a long wait short; from then on the shortest wait is kept until `close` gives up."""
        if self._closing.wait(retry_s):
            self._given_up.wait(_RETRY_S_MIN)

    def _deliver(self, send: Send, batch: list[dict[str, Any]]) -> bool:
        """Whether the database is there: the batch is taken, or refused for good. Otherwise it is kept."""
        try:
            send(batch)
        except Away as error:
            self._keep(batch, error)
            return False
        except Refused as error:
            _LOG.error("time series refused %d points: %s", len(batch), error)
            self._done(refused=len(batch))
            return True
        self._done(sent=len(batch))
        return True

    def _keep(self, batch: list[dict[str, Any]], error: Away) -> None:
        with self._points:
            self._failures += 1
            self._queue.extendleft(reversed(batch))
            self._flying = 0
            self._trim()
            was_away, self._away = self._away, True
        if not was_away:
            _LOG.warning("time series away, the last %d points are kept: %s", self._points_max, error)

    def _done(self, sent: int = 0, refused: int = 0) -> None:
        with self._points:
            self._sent += sent
            self._refused += refused
            self._flying = 0
            was_away, self._away = self._away, False
        if was_away:
            _LOG.warning("time series is back")


def _sender(url: str, token: str, org: str, bucket: str) -> Send:
    """The function that writes a batch to the database at `url`. It imports in the background thread."""
    from influxdb_client import InfluxDBClient, WritePrecision  # noqa: PLC0415
    from influxdb_client.client.write_api import SYNCHRONOUS  # noqa: PLC0415
    from influxdb_client.rest import ApiException  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    client = InfluxDBClient(url=url, token=token, org=org, timeout=_TIMEOUT_MS)
    api = client.write_api(write_options=SYNCHRONOUS)

    def send(batch: list[dict[str, Any]]) -> None:
        try:
            api.write(bucket=bucket, record=batch, write_precision=WritePrecision.S)  # type: ignore[arg-type]  # a plain string inside
        except ApiException as error:
            answer = f"{error.status} {str(error.body or error.reason)[:200]}"
            raise (Refused if error.status in _NEVER_ACCEPTED else Away)(answer) from error
        except (HTTPError, OSError) as error:
            raise Away(str(error)[:200]) from error

    return send

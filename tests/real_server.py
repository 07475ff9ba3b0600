"""
Real databases for the tests marked `real`: each started on a free loopback port in a
directory of its own, and ended with the test. A missing program skips the test, except
in CI (CI=true), where a test that cannot run must not pass for one that did.
"""

import os
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_TRIES, _TRY_S = 200, 0.1


def program(name: str) -> str:
    found = shutil.which(name)
    if found:
        return found
    reason = f"{name} is not on this machine (Debian: apt-get install {name.replace('influxd', 'influxdb')})"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def get(url: str, **query: str) -> bytes:
    with urllib.request.urlopen(f"{url}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
        return answer.read()


@contextmanager
def victoria_metrics(directory: Path, port: int) -> Iterator[str]:
    """The url of a VictoriaMetrics that keeps what is in `directory`, whatever the year of the points."""
    command = [program("victoria-metrics"), f"-storageDataPath={directory}", f"-httpListenAddr=127.0.0.1:{port}"]
    with _running([*command, "-retentionPeriod=100y"], f"http://127.0.0.1:{port}", "/health") as url:
        yield url


@contextmanager
def influxdb(directory: Path) -> Iterator[str]:
    """The url of an InfluxDB 1.x with nothing in it."""
    port, backup_port = free_port(), free_port()
    config = directory / "influxdb.conf"
    config.write_text(f"""
        reporting-disabled = true
        bind-address = "127.0.0.1:{backup_port}"
        [meta]
        dir = "{directory}/meta"
        [data]
        dir = "{directory}/data"
        wal-dir = "{directory}/wal"
        [http]
        bind-address = "127.0.0.1:{port}"
        log-enabled = false
        [monitor]
        store-enabled = false
    """)
    with _running([program("influxd"), "-config", str(config)], f"http://127.0.0.1:{port}", "/ping") as url:
        yield url


@contextmanager
def _running(command: list[str], url: str, health: str) -> Iterator[str]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_until_ready(process, url + health)
            yield url
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(_TRIES):
        assert process.poll() is None, f"{process.args} ended with {process.returncode}"
        try:
            get(url)
        except (urllib.error.URLError, ConnectionError):
            threading.Event().wait(_TRY_S)
        else:
            return
    raise AssertionError(f"{process.args} does not answer on {url}")

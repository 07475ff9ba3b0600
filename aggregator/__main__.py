"""
`python -m aggregator CONFIG.toml` runs an aggregator; `python -m aggregator export STORE.sqlite`
prints its store as JSON.
"""

import json
import sqlite3
import sys
import time
from pathlib import Path

from link.journal import open_journal
from link.service import run_until_stopped
from link.settings import load

from .export import export
from .leaves import leaves_of
from .prove import place_of, places
from .service import Service
from .settings import AggregatorSettings
from .store import StoreBusy

USAGE = """usage: python -m aggregator CONFIG.toml
       python -m aggregator export STORE.sqlite
       python -m aggregator prove STORE.sqlite DEVICE_ID WINDOW_START_S [READING_FILE]
       python -m aggregator leaves STORE.sqlite LIGHT_BLOCK_NUMBER DEVICE_ID"""


def prove(store: str, device: str, window_start_s: str, kept: str = "") -> int:
    """
    Prints where the last reading of a device in a window stands; 1 when it has no sealed one. kept: a file with a
    reading as signed, which may have been pruned here.
    """
    try:
        if kept:
            place = place_of(Path(store), Path(kept).read_bytes(), int(window_start_s))
            found = [] if place is None else [place]
        else:
            found = places(Path(store), bytes.fromhex(device), int(window_start_s))
    except (OSError, ValueError, sqlite3.Error) as error:
        print(error, file=sys.stderr)
        return 2
    if found:
        print(json.dumps(found[-1]))
    return 0 if found else 1


def leaves(store: str, number: str, device: str) -> int:
    """Prints a device's readings in a light block, with their places; 1 when there are none."""
    try:
        found = leaves_of(Path(store), int(number), bytes.fromhex(device))
    except (ValueError, sqlite3.Error) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(found))
    return 0 if found else 1


async def serve(config: Path) -> None:
    settings = load(AggregatorSettings, config)
    journal = open_journal("aggregator", settings.log_file, time.time)
    await Service(settings, time.time, journal).run()


def main(arguments: list[str]) -> int:
    if len(arguments) == 2 and arguments[0] == "export":
        if not Path(arguments[1]).is_file():
            print(f"{arguments[1]}: there is no such store", file=sys.stderr)
            return 2
        try:
            json.dump(export(Path(arguments[1])), sys.stdout)
        except sqlite3.DatabaseError as error:
            print(f"{arguments[1]}: no store: {error}", file=sys.stderr)
            return 2
        return 0
    if len(arguments) == 4 and arguments[0] == "leaves":
        return leaves(*arguments[1:])
    if len(arguments) in (4, 5) and arguments[0] == "prove":
        return prove(*arguments[1:])
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(USAGE, file=sys.stderr)
        return 2
    return run_until_stopped(serve(Path(arguments[0])), StoreBusy)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m cloud CONFIG.toml` runs the full node."""

import asyncio
import signal
import sys
import time
from pathlib import Path

from chain.errors import LedgerError
from link.journal import open_journal
from link.settings import SettingsError, load

from .service import Service
from .settings import CloudSettings

USAGE = "usage: python -m cloud CONFIG.toml"


async def serve(settings: CloudSettings) -> None:
    """Until SIGINT or SIGTERM."""
    task = asyncio.current_task()
    assert task is not None
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    await Service(settings, time.time, open_journal("cloud", settings.log_file, time.time)).run()


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(USAGE, file=sys.stderr)
        return 2
    try:
        asyncio.run(serve(load(CloudSettings, Path(arguments[0]))))
    except (SettingsError, LedgerError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except asyncio.CancelledError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

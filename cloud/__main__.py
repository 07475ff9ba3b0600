"""`python -m cloud CONFIG.toml` runs the full node."""

import sys
import time
from pathlib import Path

from chain.errors import LedgerError
from link.journal import open_journal
from link.service import run_until_stopped
from link.settings import load

from .service import Service
from .settings import CloudSettings

USAGE = "usage: python -m cloud CONFIG.toml"


async def serve(config: Path) -> None:
    settings = load(CloudSettings, config)
    await Service(settings, time.time, open_journal("cloud", settings.log_file, time.time)).run()


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(USAGE, file=sys.stderr)
        return 2
    return run_until_stopped(serve(Path(arguments[0])), LedgerError)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

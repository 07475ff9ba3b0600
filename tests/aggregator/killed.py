"""
Runs an aggregator whose clock is ahead, and which kills itself (kill -9) at a named point:
`python -m tests.aggregator.killed OFFSET_S TOPIC CONFIG.toml`. TOPIC: it dies with the first
message to a topic that ends so in its hands, after the commit and before it is sent; "" never.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from aggregator.service import Service
from aggregator.settings import AggregatorSettings
from aggregator.site import Outgoing
from link.journal import open_journal
from link.settings import load


class Mortal(Service):
    dies_at = ""

    def _send(self, messages: Iterable[Outgoing]) -> None:
        messages = list(messages)
        if self.dies_at and any(outgoing.topic.endswith(self.dies_at) for outgoing in messages):
            os.kill(os.getpid(), signal.SIGKILL)
        super()._send(messages)


async def main(offset_s: float, dies_at: str, config: Path) -> None:
    settings = load(AggregatorSettings, config)

    def clock() -> float:
        return time.time() + offset_s

    Mortal.dies_at = dies_at
    await Mortal(settings, clock, open_journal("aggregator", settings.log_file, clock)).run()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))

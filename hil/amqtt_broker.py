"""amqtt in a process of its own, as the bench starts it:  python -m hil.amqtt_broker PORT"""

import asyncio
import logging
import sys

from amqtt.broker import Broker

logging.basicConfig(level=logging.WARNING)


async def serve(port: int) -> None:
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))

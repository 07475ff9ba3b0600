"""A service for tests: says on MQTT what time it thinks it is, and answers what it hears after a virtual minute."""

import asyncio
import sys
import time
from pathlib import Path

from link.mqtt import MqttLink


async def talk(broker: str, name: str) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    ready = asyncio.Event()
    link = MqttLink(broker, name, [f"to/{name}"], lambda topic, payload: heard.put_nowait(payload), ready.set)
    carrying = asyncio.create_task(link.run())
    await ready.wait()
    while True:
        message = await heard.get()
        asyncio.get_running_loop().call_later(
            60, lambda message=message: link.publish(f"from/{name}", _answer(message))
        )
        assert not carrying.done()


def _answer(message: bytes) -> bytes:
    print(f"{time.time():.3f} {time.monotonic():.3f} {len(message)}", flush=True)
    return b"%d " % (time.time() * 1000) + message


if __name__ == "__main__":
    if Path(sys.argv[1]).read_text() == "crash":
        raise SystemExit("as planned")
    asyncio.run(talk(Path(sys.argv[1]).read_text(), Path(sys.argv[1]).stem))

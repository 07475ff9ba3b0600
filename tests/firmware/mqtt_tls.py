"""
Runs the firmware's MQTT client over this machine's own sockets:  mqtt_tls.py FOLDER HOST PORT TOPIC

FOLDER has the TLS files of a device's flash; without them it connects in the clear. Prints what became of it.
"""

import asyncio
import os
import sys

folder, host, port, topic = sys.argv[1:]
os.chdir(folder)
from mqtt import Mqtt  # noqa: E402


async def story():
    context = None
    if "tls-key.der" in os.listdir():
        import secure

        context = secure.context()
    client = Mqtt(host, int(port), "gridtide-test", 600, (topic + "/status", b"offline"), context)
    heard, over = asyncio.Event(), asyncio.Event()
    messages = []

    async def on_message(place, payload):
        messages.append((place, payload))
        if payload == b"last":
            heard.set()

    async def on_up():
        for payload in (b"first", bytes(900), b"last"):
            print("taken", await client.publish(topic + "/reading", payload))
        await heard.wait()
        over.set()

    connect = client._connect

    async def once():
        if await connect():
            return True
        print("not let in")
        over.set()
        return False

    client._connect = once
    running = asyncio.create_task(client.run(lambda: [topic + "/reading"], on_up, on_message))
    await over.wait()
    running.cancel()
    print([(place == topic + "/reading", len(payload)) for place, payload in messages])


asyncio.run(story())

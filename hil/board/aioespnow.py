"""`aioespnow`, frozen into the ESP32 port: ESP-NOW awaited."""

from asyncio import core

import espnow


class AIOESPNow(espnow.ESPNow):
    async def airecv(self):
        yield core._io_queue.queue_read(self)
        return self.recv(0)

    arecv = airecv

    async def asend(self, mac, message=None, sync=True):
        yield core._io_queue.queue_write(self)
        return self.send(mac, message, sync)

    def __aiter__(self):
        return self

    async def __anext__(self):
        return await self.airecv()

"""The Wi-Fi station of a device that talks to the broker itself."""

import asyncio

import network

_LOOK_S = 1


async def connect(ssid, password):
    """Associate; returns when there is a link. The chip keeps it up from then on."""
    station = network.WLAN(network.WLAN.IF_STA)
    station.active(True)
    if not station.isconnected():
        station.connect(ssid, password)
    while not station.isconnected():
        await asyncio.sleep(_LOOK_S)

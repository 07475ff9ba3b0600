"""
Nodes in network namespaces of their own, each with one cable to a switch (a Linux bridge); a partition moves cables
to a second switch. Needs root and the ip command; RPC and ABCI go over Unix sockets, which no partition cuts.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from chain.cometbft.home import Place

SUBNET = "10.213.77"


def ip(*words: str, must: bool = True) -> bool:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    assert not must or done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"
    return done.returncode == 0


def why_not() -> str:
    """Why this machine can make no namespaces; empty when it can."""
    if not shutil.which("ip"):
        return "the ip command is not on this machine (Debian: apt-get install iproute2)"
    if os.geteuid() != 0:
        return "network namespaces need root"
    name = f"gt{os.getpid()}try"
    if not ip("netns", "add", name, must=False):
        return "this machine lets nobody make network namespaces"
    ip("netns", "delete", name)
    return ""


class Lab:
    """`count` namespaces on one switch. Names carry this process's id, so that two labs do not meet."""

    def __init__(self, count: int, sockets: Path) -> None:
        self._id = f"gt{os.getpid() % 100_000}"
        self._sockets = sockets
        self._count = count

    def __enter__(self) -> "Lab":
        for side in (0, 1):
            ip("link", "add", self._switch(side), "type", "bridge")
            ip("link", "set", self._switch(side), "up")
        for number in range(self._count):
            self._plug_in(number)
        return self

    def __exit__(self, *_: object) -> None:
        for number in range(self._count):
            ip("netns", "delete", self._namespace(number), must=False)
        for side in (0, 1):
            ip("link", "delete", self._switch(side), must=False)

    def _switch(self, side: int) -> str:
        return f"{self._id}s{side}"

    def _namespace(self, number: int) -> str:
        return f"{self._id}n{number}"

    def _plug_in(self, number: int) -> None:
        namespace, cable = self._namespace(number), f"{self._id}c{number}"
        ip("netns", "add", namespace)
        ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        ip("link", "set", cable, "master", self._switch(0), "up")
        ip("-n", namespace, "link", "set", "lo", "up")
        ip("-n", namespace, "address", "add", f"{SUBNET}.{number + 1}/24", "dev", "eth0")
        ip("-n", namespace, "link", "set", "eth0", "up")

    def places(self) -> list[Place]:
        return [
            Place(
                f"{SUBNET}.{number + 1}:26656",
                f"unix://{self._sockets}/rpc{number}.sock",
                f"unix://{self._sockets}/abci{number}.sock",
            )
            for number in range(self._count)
        ]

    def prefixes(self) -> list[Sequence[str]]:
        return [("ip", "netns", "exec", self._namespace(number)) for number in range(self._count)]

    def split(self, away: Sequence[int]) -> None:
        """Put these nodes on the other switch; nobody else can hear them then."""
        for number in range(self._count):
            ip("link", "set", f"{self._id}c{number}", "master", self._switch(int(number in away)))

    def heal(self) -> None:
        self.split(())

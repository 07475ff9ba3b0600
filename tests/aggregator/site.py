"""An aggregator without sockets: its parts on one store, which can be closed and opened again as after a crash."""

from pathlib import Path

from aggregator.control import Control
from aggregator.follow import Next
from aggregator.light_node import LightNode
from aggregator.reception import Reception
from aggregator.site import Outgoing, Site
from aggregator.store import Store
from link.timeseries import TimeSeries
from tests.aggregator.area import NETWORK, NOW, bundle_of, signer

LIMITS_W: dict[bytes, int] = {}


class Aggregator:
    """crash() loses everything that was not on disk. sent: all messages it handed out."""

    def __init__(self, path: Path, feeder_w_max: int = 1_000_000, name: str = "aggregator", area: str = "") -> None:
        """name: whose key it has. area: of which aggregator it took the area over."""
        self._path, self._feeder_w_max = path, feeder_w_max
        self._name, self._area_id = name, signer(area).identity if area else b""
        self.now_s: float = NOW
        self.sent: list[Outgoing] = []
        self._open()

    def _open(self) -> None:
        operator, cloud = signer("operator"), signer("cloud")
        self.store = Store(self._path)
        self.site = Site(
            NETWORK,
            signer(self._name),
            (operator.identity, operator.public_key),
            (cloud.identity, cloud.public_key),
            self.store,
            TimeSeries(""),
            self._area_id,
        )
        self.reception = Reception(self.site)
        self.node = LightNode(self.site)
        self.control = Control(self.site, LIMITS_W, self._feeder_w_max, int(self.now_s))

    def crash(self) -> None:
        self.store.close()
        self._open()

    def take(self, *readings: bytes) -> list[Outgoing]:
        """A bundle of mlmd-1; the answers."""
        taken, answers = self.reception.take([bundle_of("mlmd-1", *readings)], self.now_s)
        self.control.note_readings(taken)
        self.sent += answers
        return answers

    def follow(self, *blocks: bytes) -> list[Outgoing]:
        """Published blocks; the commands."""
        commands = []
        for data in blocks:
            step = self.node.read(data)
            if isinstance(step, Next):
                with self.store.transaction():
                    self.node.apply(step)
                    commands += self.control.dispatch(step.block.decisions, step.block.height, int(self.now_s))
        self.sent += commands
        return commands

    def seal(self) -> list[Outgoing]:
        light_blocks = self.node.seal(self.now_s)
        self.sent += light_blocks
        return light_blocks

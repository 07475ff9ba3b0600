"""mosquitto with TLS, as examples/mosquitto.conf and examples/mosquitto.acl have it, and who is known to it."""

import getpass
from pathlib import Path

from deploy.certificates import Certified, authority, for_broker, for_client
from link.tls import Tls
from tests.link.broker import Broker, free_port, mosquitto

EXAMPLES = Path(__file__).parents[2] / "examples"
# As the example of an access list names them.
AREA, CLOUD, MLMD, METER = (bytes.fromhex(digit * 16) for digit in "acde")
NAMES = ["localhost", "127.0.0.1"]


class TlsBroker(Broker):
    """authority: whose certificates it believes."""

    def __init__(self, directory: Path, names: list[str] = NAMES) -> None:
        super().__init__(directory, "tcp")
        self.directory = directory
        self.port = free_port()
        self._port = self.port
        self.address = f"localhost:{self.port}"
        self.authority = authority("a grid")
        self.authority.write(directory, "ca")
        for_broker(self.authority, names).write(directory, "broker")
        self._command = [mosquitto(), "-c", str(self._write_config(directory))]

    def _write_config(self, directory: Path) -> Path:
        text = (EXAMPLES / "mosquitto.conf").read_text()
        for told, here in (
            ("listener 8883", f"listener {self.port} 127.0.0.1"),
            ("cafile ca.pem", f"cafile {directory}/ca.pem"),
            ("certfile broker.pem", f"certfile {directory}/broker.pem"),
            ("keyfile broker.key", f"keyfile {directory}/broker.key"),
            ("acl_file examples", f"acl_file {EXAMPLES}"),
        ):
            assert text.count(f"\n{told}") == 1, told
            text = text.replace(f"\n{told}", f"\n{here}")
        config = directory / "mosquitto.conf"
        config.write_text(f"{text}\nuser {getpass.getuser()}\n")
        return config

    def tls(self, identity: bytes, by: Certified | None = None, believed: Certified | None = None) -> Tls:
        """The settings of a service of this id. by: what certifies it, believed: what it believes."""
        name = f"client-{len(list(self.directory.iterdir()))}"
        for_client(by or self.authority, identity.hex()).write(self.directory, name)
        (believed or self.authority).write(self.directory, f"ca-{name}")
        at = self.directory
        return Tls(ca=at / f"ca-{name}.pem", certificate=at / f"{name}.pem", key=at / f"{name}.key")

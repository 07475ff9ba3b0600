"""
Provisioning a board: its key is made on it and stays there, the host reads the public half,
has the operator sign it in, and writes who the board is and whom it trusts.

The board runs the firmware's own `provisioning.py`; mpremote carries what is said, in a
process of its own, as a person would use it.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import segno

from deploy.errors import ProvisionError
from deploy.operator import identity_of, require_sound
from wire import registration

ROLES = {"meter": registration.METER, "mlmd": registration.MLMD}
# On a board with slots the firmware is in one of them, and the selector knows in which.
_PROVISIONING = """\
import os
if "selector.mpy" in os.listdir():
    import selector
    selector.mount_active()
import provisioning
"""
PUBLIC_KEY = _PROVISIONING + "print('public key', provisioning.public_key())\n"
_MAC = "import network; print('mac', network.WLAN(network.WLAN.IF_STA).config('mac').hex())"
_CHANGE_KEY = _PROVISIONING + "provisioning.change_key()\n"


@dataclass(frozen=True)
class SerialLine:
    port: str

    def say(self, *arguments: str) -> str:
        """What mpremote printed. Raises ProvisionError."""
        command = (sys.executable, "-m", "mpremote", "connect", self.port, *arguments)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ProvisionError(f"the board at {self.port} did not do as told:\n{done.stdout}{done.stderr}")
        return done.stdout

    def public_key(self) -> bytes:
        """The board's public key; it makes its key when it has none. Raises ProvisionError."""
        return self._told("public key", PUBLIC_KEY)

    def mac(self) -> bytes:
        """Its address on the radio. Raises ProvisionError."""
        return self._told("mac", _MAC)

    def _told(self, what: str, code: str) -> bytes:
        for line in self.say("exec", code).splitlines():
            if line.startswith(what + " "):
                return bytes.fromhex(line.split()[-1])
        raise ProvisionError(f"the board at {self.port} told no {what}: is the firmware on it?")

    def installed(self) -> dict:
        """What the board's slot 0 was flashed with. Raises ProvisionError."""
        found = "installed.json"  # slots.INSTALLED
        listed = self.say("exec", f"import os; print({found!r} in os.listdir())")
        if "True" not in listed:
            raise ProvisionError("the board has no slots for updates: flash it on a MicroPython with a ROMFS partition")
        try:
            return json.loads(self.say("fs", "cat", f":/{found}"))
        except ValueError as error:
            raise ProvisionError(f"the board's {found} is not what gridtide flash writes: flash it again") from error

    def change_key(self) -> None:
        """Have the board make its next key when it restarts, and restart it. Raises ProvisionError."""
        self.say("exec", _CHANGE_KEY)
        self.say("reset")

    def configure(self, config: dict, files: Mapping[str, bytes] | None = None) -> None:
        """Write config.json, and other files, and restart. Raises ProvisionError."""
        with TemporaryDirectory(prefix="gridtide-") as folder:
            for name, data in {**(files or {}), "config.json": json.dumps(config).encode()}.items():
                path = Path(folder) / name
                path.write_bytes(data)
                self.say("fs", "cp", str(path), f":/{name}")
        self.say("reset")


def config_of(template: dict, public_key: bytes) -> dict:
    """The board's config: the template's network, trust anchors and role, and its own id. Raises ProvisionError."""
    require_sound(public_key)
    if template.get("role") not in ROLES:
        raise ProvisionError(f"the config's role must be one of {', '.join(ROLES)}")
    for name, size in (("network_id", 8), ("area_id", 8), ("aggregator_public_key", 32)):
        if len(octets(template, name)) != size:
            raise ProvisionError(f"the config's {name} must be {size} bytes in hex")
    return {**template, "device_id": identity_of(public_key).hex()}


def octets(template: dict, name: str) -> bytes:
    """Raises ProvisionError."""
    try:
        return bytes.fromhex(template.get(name, ""))
    except (TypeError, ValueError):
        raise ProvisionError(f"the config's {name} must be written in hex") from None


@dataclass(frozen=True)
class Label:
    """What is stuck on the device: its id, and the fingerprint of its first key (the id is its beginning)."""

    name: str
    public_key: bytes

    @property
    def device_id(self) -> str:
        return identity_of(self.public_key).hex()

    @property
    def fingerprint(self) -> str:
        digest = sha256(self.public_key).hexdigest()
        return " ".join(digest[at : at + 4] for at in range(0, 32, 4))

    @property
    def content(self) -> str:
        return f"gridtide:{self.device_id}?fingerprint={sha256(self.public_key).hexdigest()}"

    def text(self) -> str:
        return f"{self.name}\ndevice       {self.device_id}\nfingerprint  {self.fingerprint}"

    def write(self, path: Path) -> None:
        """As SVG or PNG, by the name's ending."""
        segno.make(self.content, error="m", micro=False).save(str(path), scale=4)

    def show(self) -> None:
        segno.make(self.content, error="m", micro=False).terminal(compact=True)
        print(self.text())

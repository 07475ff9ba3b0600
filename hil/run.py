"""
A Run plays one day: it provisions the neighbourhood, starts every process, moves
granted time from the day's start to its end, and leaves the evidence in OUT/evidence.

Whatever happens, no process outlives it.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hil import images, provision, witness
from hil import plant as plants
from hil.broker import Broker
from hil.device import Board, Device
from hil.errors import OptionError
from hil.faults import Faults
from hil.grant import Coordinator
from hil.grid_faults import GridFaults
from hil.monitor import Monitor
from hil.options import Options
from hil.plant import Site
from hil.radio import Radio
from hil.replay import Eavesdropper
from hil.secure_link import Gate
from hil.service import Service
from hil.submission import Submission
from hil.tap import Tap
from hil.validators import Validators

LIVE_MS = 300_000
AFTER_S = 240  # after the day's end, for its last window to be sealed, priced and settled
FOLDERS = ("evidence", "logs", "flash", "services")  # of OUT, each written anew
INFLUX = ("influx_url", "influx_token", "influx_bucket", "influx_org")
State = dict[str, Any]


class Run:
    def __init__(self, options: Options, on_progress: Callable[[State], None]):
        """on_progress(state) is called at each simulated five minutes with what the live view shows."""
        self.options = options
        self.out = options.out
        self.end_s = options.start_s + options.duration_s
        self._on_progress = on_progress
        self._stack = ExitStack()
        self._wall_start = time.monotonic()
        self._processes = 0
        self.validators: Validators | None = None

    @property
    def evidence(self) -> Path:
        return self.out / "evidence"

    def play(self) -> None:
        """The whole day. Raises BenchError; every process has ended when it returns or raises."""
        with self._stack:
            self._prepare()
            self._start()
            self.time.run_until((self.end_s + AFTER_S) * 1000)
            if self.validators:
                self.validators.finish()
        self._testify()

    # -- before -----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        options = self.options
        self._clear()
        # Unix sockets need short paths.
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="gridtide-")))
        arguments = (options.day, options.seed, options.meters, options.mlmds, options.start_s, options.duration_s)
        self.plant = plants.build(*arguments)
        self._stored_wh = self.plant.stored_wh()
        self.network = provision.found(options.seed, self.plant.sites, self.plant.feeder_power_w_max)
        self.time = Coordinator(options.start_s * 1000, options.speed)
        self.tap = Tap()
        self.time.exchange = self.tap.exchange
        self.broker = Broker(options.broker, self.folder, self.out / "logs" / "broker.log")
        self.monitor = Monitor(self.network)
        self._write_configs()
        self.services = [self._service("aggregator"), self._service("cloud")]
        self.devices = self._make_devices()

    def _clear(self) -> None:
        """Removes what an earlier run left in OUT, and nothing of anybody else's."""
        mark = self.out / ".gridtide"
        is_ours = mark.exists() or (self.out / "services" / "genesis.toml").exists()
        foreign = [name for name in FOLDERS if (self.out / name).exists()]
        if foreign and not is_ours:
            raise OptionError(f"OUT={self.out}: its {foreign[0]} is not of an earlier run; give another folder")
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            lock = self._stack.enter_context(mark.open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for name in FOLDERS:
                shutil.rmtree(self.out / name, ignore_errors=True)
                (self.out / name).mkdir()
        except BlockingIOError:
            raise OptionError(f"OUT={self.out}: another run is using it; give another folder") from None
        except OSError as error:
            raise OptionError(f"OUT={self.out}: {error.strerror}") from error

    def _write_configs(self) -> None:
        network, folder = self.network, self.out / "services"
        feeder_w = self.plant.feeder_power_w_max
        influx = {name: os.environ[name.upper()] for name in INFLUX if os.environ.get(name.upper())}
        genesis = folder / "genesis.toml"
        genesis.write_text(provision.toml(provision.genesis(network, self.options.start_s, feeder_w)))
        own = {
            "aggregator": {"store": str(folder / "store.sqlite"), **provision.aggregator_settings(network, feeder_w)},
            "cloud": {"genesis": str(genesis), "ledger": str(folder / "ledger.sqlite"), "feeder_power_w_max": feeder_w},
        }
        own["cloud"] |= self._start_validators(genesis)
        for name, holder in (("aggregator", network.aggregator), ("cloud", network.cloud)):
            key = folder / f"{name}.key"
            key.write_text(holder.seed.hex())
            key.chmod(0o600)
            shared = {"secret_key_file": str(key), "broker": f"unix:{self._socket(name)}"}
            (folder / f"{name}.toml").write_text(provision.toml({**shared, **own[name], **influx}))

    def _start_validators(self, genesis: Path) -> dict[str, Any]:
        """The cloud's settings for its engine."""
        if self.options.engine != "cometbft":
            return {}
        self.validators = Validators(
            genesis, self.out / "services" / "validators", self.out / "logs" / "validators.log"
        )
        self._stack.callback(self.validators.stop)
        self.validators.start()
        return {"engine": "cometbft", "cometbft_rpc": self.validators.addresses[0]}

    def _socket(self, name: str) -> Path:
        return self.folder / f"{name}.sock"

    def _service(self, name: str) -> Service:
        config, log = self.out / "services" / f"{name}.toml", self.out / "logs" / f"{name}.log"
        return Service(name, name, config, log, self._socket(name), self.time, self.tap)

    def _make_devices(self) -> dict[str, Device]:
        self._make_images()
        radio = Radio()
        devices = {}
        files = {}
        ids = {site.name: self.network.devices[site.name].id for site in self.network.mlmds}
        self.gate = gate = Gate(self.tap, self.folder, ids) if self.options.tls else None
        for site in self.network.sites:
            image = (self.out / "flash" / f"{site.name}.img").resolve()
            tls = gate.files(site.name) if gate and site.name in ids else None
            board, beside = self._board(site, image)
            files[image] = provision.device_files(self.network, site, tls) | beside
            devices[site.name] = Device(board, self.time, self.plant, radio, gate or self.tap)
        images.make(files, self.folder)
        self.eavesdropper = Eavesdropper(self.tap, {device.board.mac: device for device in devices.values()})
        radio.observers.append(self.eavesdropper.heard)
        return devices

    def _make_images(self) -> None:
        self._roms = images.make_roms({site.role for site in self.network.sites}, self.folder)

    def _board(self, site: Site, image: Path) -> tuple[Board, dict[str, bytes]]:
        """The board of a site with this flash image, and what is on its flash beside what every device gets."""
        log, mac = self.out / "logs" / f"{site.name}.log", self.network.devices[site.name].mac
        heap = images.HEAP_BYTES[site.role]
        return Board(site.name, mac, image, log, images.MAIN, roms=self._roms[site.role], heap_bytes=heap), {}

    # -- the day ----------------------------------------------------------------------------------

    def _start(self) -> None:
        self._stack.callback(self.broker.kill)
        self.broker.start()
        self.tap.address = self.broker.address
        self.tap.on_publish += [self.monitor.published, self.eavesdropper.read]
        self.tap.on_delivery.append(self.monitor.delivered)
        for service in self.services:
            self._stack.callback(service.stop)
            self.time.members.append(service)
            service.open_port()
            service.start()
        for device in self.devices.values():
            self._stack.callback(device.power_off)
            self.time.members.append(device)
            device.power_on()
        self._processes = len(self.devices)
        self._plan()

    def _plan(self) -> None:
        submission = Submission(provision.transactions(self.network), self.time, self.tap)
        self.monitor.on_transaction = submission.saw
        self.time.at(self.time.now_ms + 1000, submission.submit)  # the services have subscribed by then
        self.time.at(self.plant.next_event_ms, self._advance_plant)
        self.time.at(self.end_s * 1000, self._close_books_of_plant)
        self.time.at(self.time.now_ms, self._show)
        grid = GridFaults(self.time, self.plant, self.devices)
        self.faults = Faults(self.time, self.broker, self.tap, self.services, self.devices, self.eavesdropper, grid)
        self.faults.restart_what_is_killed()
        self.faults.plan(self.options.day.faults, self.options.day.start_s, self.end_s)

    def _advance_plant(self) -> None:
        self.plant.advance(self.time.now_ms)
        for device in self.devices.values():
            device.notice_edges()
        self.time.at(self.plant.next_event_ms, self._advance_plant)

    def _close_books_of_plant(self) -> None:
        self.plant.advance(self.time.now_ms)
        witness.write(self.evidence, "plant", plants.outcome(self.plant, self._stored_wh, None))

    def _show(self) -> None:
        if self.broker.was_killed():
            self.faults.restart_broker()
        now_ms, monitor = self.time.now_ms, self.monitor
        played_ms = now_ms - self.options.start_s * 1000
        self._on_progress(
            {
                "now_s": now_ms // 1000,
                "progress": min(1.0, played_ms / (self.options.duration_s * 1000)),
                "readings_verified": monitor.readings_verified,
                "height": monitor.height,
                "prices": list(monitor.prices),
                "feeder_w": self.plant.feeder_w(),
                "feeder_limit_w": self.plant.feeder_power_w_max,
                "commands_obeyed": monitor.commands_obeyed,
                "commands_issued": monitor.commands_issued,
            }
        )
        self.time.at(now_ms + LIVE_MS, self._show)

    # -- after ------------------------------------------------------------------------------------

    def _testify(self) -> None:
        options, folder = self.options, self.out / "services"
        arguments = (options.day, options.seed, options.meters, options.mlmds, options.start_s, options.duration_s)
        boards = witness.devices(self.network, self.devices)
        aggregator = witness.export("aggregator", "export", folder / "store.sqlite")
        witness.write(self.evidence, "devices", boards)
        witness.write(self.evidence, "aggregator", aggregator)
        ledger = witness.export("chain", "export", folder / "ledger.sqlite", folder / "genesis.toml")
        witness.write(self.evidence, "ledger", ledger)
        witness.write(self.evidence, "baseline", plants.baseline(*arguments))
        witness.write(self.evidence, "bench", self._notes())

    def _notes(self) -> dict[str, Any]:
        options, tap = self.options, self.tap
        return {
            "scenario": options.scenario,
            "seed": options.seed,
            "options": options.plain(),
            "start_s": options.start_s,
            "simulated_s": options.duration_s,
            "wall_s": round(time.monotonic() - self._wall_start, 2),
            "broker": self.broker.kind,
            "meters": options.meters,
            "mlmds": options.mlmds,
            "micropython_processes": self._processes,
            "grants": self.time.grants,
            "tap": {"messages": tap.messages, "debts_forgiven": tap.debts_forgiven},
            "validators": self.validators.testify() if self.validators else [],
            "tls": self.gate.counts if self.gate else None,
            "faults": self.faults.done,
            "trips": self.plant.trips,
            "switchings": self.plant.switchings,
            "feeder_w_peak": round(self.plant.feeder_w_peak),
            "replays": self.eavesdropper.sent,
            "latency_ms": self.monitor.latency_ms if options.speed == 1 else None,
        }

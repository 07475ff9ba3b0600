"""The feeder as aggregators report it: telemetry for the eye, verified but never billed and never on the ledger."""

from chain import query
from chain.ed25519 import verify
from chain.state import State
from wire import area_load, message
from wire.area_load import AreaLoad
from wire.errors import WireError
from wire.registration import AGGREGATOR


def read_area_load(data: bytes, state: State, network_id: bytes) -> AreaLoad:
    """The report in untrusted bytes. Raises WireError; unknown_signer for anybody who is no aggregator of that area."""

    def key_of(signer_id: bytes) -> bytes | None:
        subject = query.subject(state, signer_id)
        return subject.public_key if subject is not None and subject.role == AGGREGATOR else None

    envelope, report = message.open_as(
        area_load.KIND, area_load.LAYOUT, data, key_of, network_id, verify, area_load.SIZE_MAX
    )
    signer = query.subject(state, envelope.signer_id)
    if signer is None or signer.area_id != report.area_id:
        raise WireError("unknown_signer", report.area_id.hex())
    return report


class Feeder:
    """The latest report of each area."""

    def __init__(self) -> None:
        self._reports: dict[bytes, AreaLoad] = {}

    def note(self, report: AreaLoad) -> bool:
        """False for one older than the last."""
        known = self._reports.get(report.area_id)
        if known is not None and report.measured_s < known.measured_s:
            return False
        self._reports[report.area_id] = report
        return True

    def totals(self) -> dict[str, int]:
        """Of all areas."""
        return {
            "power_w": sum(report.power_w for report in self._reports.values()),
            "shed_w": sum(report.shed_w for report in self._reports.values()),
        }

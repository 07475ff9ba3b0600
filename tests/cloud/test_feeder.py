"""Area loads: taken from the area's own aggregator only, the newest of each counts."""

import pytest

from cloud.feeder import Feeder, read_area_load
from tests.aggregator.area import NETWORK, NOW, ident, sign
from tests.cloud.town import Town
from wire import area_load
from wire.errors import WireError


def report(signer: str = "aggregator", area: str = "aggregator", measured_s: int = NOW, power_w: int = 1000) -> bytes:
    return sign(signer, area_load.KIND, area_load.LAYOUT, (ident(area), measured_s, power_w, 50_000, 10))


@pytest.fixture
def state(tmp_path):
    town = Town(tmp_path)
    town.submit(*town.everybody())
    town.block()
    return town.ledger.state


def test_the_newest_report_of_each_area_counts(state):
    feeder = Feeder()
    assert feeder.note(read_area_load(report(), state, NETWORK))
    assert feeder.note(read_area_load(report(measured_s=NOW + 60, power_w=700), state, NETWORK))
    assert not feeder.note(read_area_load(report(), state, NETWORK))
    assert feeder.totals() == {"power_w": 700, "shed_w": 10}


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (report("mlmd-1"), "unknown_signer"),
        (report("mallory"), "unknown_signer"),
        (report(area="mlmd-1"), "unknown_signer"),
        (report()[:-1] + b"\x00", "bad_signature"),
        (b"", "truncated"),
    ],
)
def test_reports_that_are_refused(state, data, refusal):
    with pytest.raises(WireError, match=refusal):
        read_area_load(data, state, NETWORK)

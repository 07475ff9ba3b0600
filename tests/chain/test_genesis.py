"""genesis.toml: the example in docs/ledger.md holds, defaults are what it shows, and errors name the setting."""

import re
from pathlib import Path

import pytest

from chain.errors import GenesisError
from chain.genesis import Genesis

DOCS = Path(__file__).parents[2] / "docs" / "ledger.md"
REQUIRED = {"network_id": "00" * 8, "operator_public_key": "11" * 32, "start_interval": 980_000}


def test_the_example_in_the_documentation_shows_the_defaults(tmp_path):
    example = re.search(r"```toml\n(.*?)```", DOCS.read_text(), re.DOTALL).group(1)
    (tmp_path / "genesis.toml").write_text(example)
    shown = Genesis.load(tmp_path / "genesis.toml")
    keys = {"network_id": shown.network_id.hex(), "operator_public_key": shown.operator_public_key.hex()}
    short = {**REQUIRED, **keys}
    assert Genesis.parse(short) == shown and Genesis.parse(short).digest == shown.digest


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"network_id": "00"}, "network_id"),
        ({"network_id": 7}, "network_id"),
        ({"network_id": "xyz"}, "network_id"),
        ({"operator_public_key": "11"}, "operator_public_key"),
        ({"start_interval": -1}, "start_interval"),
        ({"start_interval": "now"}, "start_interval"),
        ({"feeder_power_w_max": 1.5}, "feeder_power_w_max"),
        ({"feeder_limit": 1}, "feeder_limit"),
        ({"pricing": {"wind": {}}}, "pricing"),
        ({"storage_efficiency_permille": 1001}, "storage_efficiency_permille"),
        ({"grid_mix": {"wind": 999}}, "grid_mix"),
        ({"grid_mix": {"wind": 1100, "coal": -100}}, "grid_mix"),
        ({"grid_mix": {"wind": 1000.0}}, "grid_mix"),
        ({"grid_mix": [1000]}, "grid_mix"),
        ({"pricing": {"solar": {"floor": 1}}}, "pricing.solar"),
        ({"pricing": {"solar": {"gain_permille": 0.5}}}, "pricing.solar"),
        ({"pricing": {"solar": {"floor_micro_per_kwh": 900_000}}}, "floor_micro_per_kwh"),
    ],
)
def test_errors_name_the_setting(change, named):
    with pytest.raises(GenesisError, match=named):
        Genesis.parse({**REQUIRED, **change})


@pytest.mark.parametrize("name", REQUIRED)
def test_what_is_required(name):
    with pytest.raises(GenesisError, match=name):
        Genesis.parse({key: value for key, value in REQUIRED.items() if key != name})


def test_files_that_are_none(tmp_path):
    for content in (None, b"= 1", b"\xff\xfe"):
        path = tmp_path / "genesis.toml"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(GenesisError, match=r"genesis\.toml"):
            Genesis.load(path)


def test_every_setting_is_in_the_digest():
    digests = {Genesis.parse(REQUIRED).digest}
    changes = [
        {"network_id": "01" * 8},
        {"operator_public_key": "12" * 32},
        {"start_interval": 1},
        {"feeder_power_w_max": 1},
        {"ahead_intervals_max": 1},
        {"pricing": {"storage": {"gain_permille": 1}}},
        {"storage_efficiency_permille": 1},
        {"grid_mix": {"wind": 1000}},
    ]
    assert len(digests | {Genesis.parse({**REQUIRED, **change}).digest for change in changes}) == 1 + len(changes)

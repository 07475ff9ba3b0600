"""Settings files: the examples load, and a wrong setting is named."""

from pathlib import Path

import pytest

from aggregator.settings import AggregatorSettings
from cloud.settings import CloudSettings
from link.keys import load_signer
from link.settings import SettingsError, load

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_examples_load():
    aggregator = load(AggregatorSettings, EXAMPLES / "aggregator.toml")
    assert aggregator.limits_w == {bytes.fromhex("11" * 8): 25_000}
    assert load(CloudSettings, EXAMPLES / "cloud.toml").price_delay_s > aggregator.seal_delay_s


def test_the_examples_show_every_setting():
    for model, name in ((AggregatorSettings, "aggregator"), (CloudSettings, "cloud")):
        text = (EXAMPLES / f"{name}.toml").read_text()
        assert [
            setting for setting in model.model_fields if f"{setting} =" not in text and f"[{setting}]" not in text
        ] == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('network_id = "0123"', "network_id: Value error, must be 8 bytes in hex"),
        ('operator_public_key = "xyz"', "operator_public_key: Value error, must be written in hex"),
        ('broker = "nowhere"', 'broker: Value error, a broker is "host:port" or "unix:/path"'),
        ("seal_delay_s = 0", "seal_delay_s: Input should be greater than or equal to 1"),
        ("seal_delay_s = 900", "seal_delay_s: Input should be less than 900"),
        ("feeder_power_w_max = -1", "feeder_power_w_max: Input should be greater than or equal to 0"),
        ('feeder = "10 kW"', "feeder: Extra inputs are not permitted"),
        ("broker = ", "not TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, line, said):
    name = line.split(" =")[0]
    lines = (EXAMPLES / "aggregator.toml").read_text().splitlines()
    kept = [other for other in lines if not other.startswith(f"{name} =")]
    path = tmp_path / "aggregator.toml"
    path.write_text("\n".join([line, *kept]))
    with pytest.raises(SettingsError) as error:
        load(AggregatorSettings, path)
    assert said in str(error.value) and str(path) in str(error.value)


def test_a_missing_setting_and_a_missing_file_are_named(tmp_path):
    path = tmp_path / "cloud.toml"
    with pytest.raises(SettingsError, match="No such file"):
        load(CloudSettings, path)
    path.write_text("")
    with pytest.raises(SettingsError, match="genesis: Field required"):
        load(CloudSettings, path)


@pytest.mark.parametrize(("text", "said"), [("00", "1 bytes"), ("xy", "not hex"), (None, "No such file")])
def test_a_wrong_key_file_is_named(tmp_path, text, said):
    path = tmp_path / "some.key"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=said):
        load_signer(path)

"""What is handed out before the day: every key from the seed, every transaction taken by the ledger's rules."""

import json
import tomllib

from chain.genesis import Genesis
from hil import plant, provision
from hil.identity import verify
from hil.options import Options
from wire import contract, cose, energy_type, kind, message, profile, registration

OPTIONS = Options(meters=5, mlmds=2)


def network(seed=1):
    built = plant.build(OPTIONS.day, seed, OPTIONS.meters, OPTIONS.mlmds, OPTIONS.start_s, OPTIONS.duration_s)
    return provision.found(seed, built.sites)


def test_a_seed_fixes_every_key():
    first, again, other = network(1), network(1), network(2)
    assert provision.transactions(first) == provision.transactions(again)
    assert first.network_id == again.network_id != other.network_id
    holders = [first.operator, first.aggregator, first.cloud, *first.devices.values(), *first.users.values()]
    assert len({holder.id for holder in holders}) == len(holders) == 3 + 7 + 5
    assert len({device.mac for device in first.devices.values()}) == 7
    assert all(device.mac[0] & 3 == 2 for device in first.devices.values())


def test_each_device_knows_its_peers():
    net = network()
    configs = {site.name: json.loads(provision.device_files(net, site)["config.json"]) for site in net.sites}
    for site in net.meters:
        config, mlmd = configs[site.name], configs[site.mlmd]
        assert config["mlmd"]["id"] == mlmd["device_id"]
        assert config["device_id"] in [meter["id"] for meter in mlmd["meters"]]
    assert sum(len(configs[site.name]["meters"]) for site in net.mlmds) == 5
    assert len(provision.device_files(net, net.sites[0])["key.bin"]) == 32


LAYOUTS = {
    kind.REGISTRATION: registration.LAYOUT,
    kind.CONTRACT: contract.LAYOUT,
    kind.PROFILE: profile.LAYOUT,
}


def test_transactions_are_signed_by_whom_they_should_be():
    net = network()
    keys = {holder.id: holder.public_key for holder in (net.operator, *net.users.values())}
    nonces: dict[bytes, int] = {}
    subjects = []
    contract_ids = []
    for transaction in provision.transactions(net):
        number = cose.open_envelope(transaction).kind
        layout = LAYOUTS[number]
        envelope, fields = message.open_as(number, layout, transaction, keys.get, net.network_id, verify)
        nonces[envelope.signer_id] = nonces.get(envelope.signer_id, 0) + 1
        assert fields.nonce == nonces[envelope.signer_id]
        if number == kind.REGISTRATION:
            assert envelope.signer_id == net.operator.id
            subjects.append(fields.subject_id)
        elif number == kind.CONTRACT:
            contract_ids.append(fields.contract_id)
    assert len(subjects) == len(set(subjects)) == 2 + 5 + 5 + 2
    assert contract_ids == list(range(1, len(contract_ids) + 1))


def test_genesis_is_what_the_ledger_reads():
    net = network()
    text = provision.toml(provision.genesis(net, OPTIONS.start_s, 12345))
    genesis = Genesis.parse(tomllib.loads(text))
    assert (genesis.network_id, genesis.operator_public_key) == (net.network_id, net.operator.public_key)
    assert genesis.start_interval == OPTIONS.start_s // 1800
    nested = {"a": 1, "b": 'quo"te', "c": {"x": 2, "y": "z"}}
    assert tomllib.loads(provision.toml(nested)) == nested


def test_some_households_name_a_plant_of_their_micro_area():
    built = plant.build(OPTIONS.day, 1, 30, 3, OPTIONS.start_s, OPTIONS.duration_s)
    net = provision.found(1, built.sites)
    mlmd_of = {net.devices[site.name].id: site.mlmd for site in net.meters}
    made_by = {net.devices[site.name].id: site.energy_type for site in net.meters}
    named = 0
    for transaction in provision.transactions(net):
        envelope = cose.open_envelope(transaction)
        agreed = message.decode(contract.LAYOUT, envelope.payload) if envelope.kind == kind.CONTRACT else None
        if agreed is not None and agreed.contract_kind == contract.SUPPLY:
            terms = dict(zip(contract.TERMS[contract.SUPPLY], agreed.terms, strict=True))
            plant_id = terms["plant_id_high"].to_bytes(4, "big") + terms["plant_id_low"].to_bytes(4, "big")
            if plant_id != bytes(8):
                named += 1
                assert mlmd_of[plant_id] == mlmd_of[agreed.device_id] and made_by[plant_id] == energy_type.SOLAR
                assert made_by[agreed.device_id] != energy_type.SOLAR
    assert named >= 3

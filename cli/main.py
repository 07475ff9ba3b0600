"""The `gridtide` command: one sub-command per room, each defined in that room."""

import typer

from chain.cli import app as ledger
from chain.trace_cli import trace
from cloud.contract_cli import app as contract
from cloud.evidence_cli import app as evidence
from cloud.market_cli import app as market
from cloud.member_cli import app as member
from cloud.settlement_cli import app as settlement
from deploy.certificates_cli import app as certificate
from deploy.cli import firmware, flash_board
from deploy.keys_cli import key, provision
from deploy.release_cli import release
from hil.cli import hil
from hil.ota import ota
from phone.cli import app as phone

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Run, inspect and verify a Gridtide grid.")
app.command("hil")(hil)
app.command("firmware")(firmware)
app.command("flash")(flash_board)
app.command("provision")(provision)
app.command("release")(release)
app.command("ota")(ota)
app.command("trace")(trace)
app.add_typer(certificate, name="certificate")
app.add_typer(key, name="key")
ledger.add_typer(evidence, name="evidence")
app.add_typer(ledger, name="ledger")
app.add_typer(contract, name="contract")
app.add_typer(market, name="market")
app.add_typer(member, name="member")
app.add_typer(phone, name="phone")
app.add_typer(settlement, name="settlement")

if __name__ == "__main__":
    app()

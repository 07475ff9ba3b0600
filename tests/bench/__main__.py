"""
`make bench`: every speed we promise, as a ratio to a raw rate measured in the same run.

A figure that misses its promise is printed as such; it fails nothing, for it is never a
timed test. `--quick` leaves out the groups that take minutes.
"""

import sys

from rich.console import Console
from rich.table import Table

from chain.cometbft.program import NoCometBft
from tests.bench import cometbft, crypto, firmware_size, flash_wear, growth, intake, ledger, proofs, settlement, tls

# What a device may take of the textbook's time (P9).
DEVICE_RATIO_MAX = 0.75


def device_figures() -> dict[str, dict[str, float]]:
    measured = crypto.figures()
    return {
        f"P9 device {what}, of the textbook's time": {"value": measured[f"{what}_ratio"], "at_most": DEVICE_RATIO_MAX}
        for what in ("sign", "verify", "verify_new_key")
    }


def cometbft_figures() -> dict[str, dict[str, float]]:
    try:
        return cometbft.figures()
    except NoCometBft as error:
        Console().print(f"P4 left out: {error}")
        return {}


def holds(figure: dict[str, float]) -> bool:
    return figure["value"] >= figure["target"] if "target" in figure else figure["value"] <= figure["at_most"]


def main() -> None:
    table = Table("figure", "measured", "promised", "")
    quick = (device_figures, firmware_size.figures, flash_wear.figures, intake.figures, ledger.figures)
    slow = (tls.figures, settlement.figures, growth.figures, proofs.figures, cometbft_figures)
    for group in quick if "--quick" in sys.argv else (*quick, *slow):
        for name, figure in group().items():
            promised = f">= {figure['target']}" if "target" in figure else f"<= {figure['at_most']}"
            table.add_row(name, f"{figure['value']:g}", promised, "holds" if holds(figure) else "MISSED")
    Console().print(table)


if __name__ == "__main__":
    main()

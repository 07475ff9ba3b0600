"""A trace for a terminal: one row per flow with the blocks it stands in, what is behind it, and where it all ended."""

from datetime import UTC, datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from wire.command import BATTERY_POWER, RELAY

Row = dict[str, Any]


def show(found: Row, console: Console) -> None:
    console.print(Group(_title(found), _flows(found), *_behind(found), _ends(found)))


def _title(found: Row) -> Text:
    who = ", ".join(one["name"] for one in found["who"])
    return Text(f"{found['energy_wh']} Wh {found['direction']} by {who}, for {found['money_micro'] / 1e6:.6f}")


def _flows(found: Row) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim", caption_justify="right")
    table.caption = "metered, priced, settled: in these blocks"
    ends = _shown_ends(found)
    for title in ("interval", *ends, "type"):
        table.add_column(title, no_wrap=True)
    for title in ("Wh", "per kWh", "paid", "metered", "priced", "settled"):
        table.add_column(title, justify="right", no_wrap=True)
    for step in found["steps"]:
        table.add_row(
            _clock(step),
            *(step[ends[title]]["name"] for title in ends),
            step["energy_type"],
            str(step["energy_wh"]),
            f"{step['price_micro_per_kwh'] / 1e6:.4f}",
            f"{step['money_micro'] / 1e6:.6f}",
            _metered(step),
            _height(step["price_block"]),
            _height(step["settlement_block"]),
        )
    return table


def _shown_ends(found: Row) -> dict[str, str]:
    """Title -> end of a step; not the end that is the same in every row, as the headline names it."""
    other = "to" if found["direction"] == "sold" else "from"
    ends = {"from": "plant", "to": "taker"}
    return ends if len(found["who"]) > 1 else {title: end for title, end in ends.items() if title == other}


def _clock(step: Row) -> str:
    return f"{datetime.fromtimestamp(step['start_s'], UTC):%H:%M} #{step['interval']}"


def _metered(step: Row) -> str:
    """The blocks that carry what was measured, of the plant if it has a meter."""
    heights = sorted({block["height"] for block in step["produced_in"] or step["used_in"]})
    return "+".join(map(str, heights)) or "-"


def _height(height: int | None) -> str:
    return str(height or "-")


def _behind(found: Row) -> list[RenderableType]:
    """What batteries gave, and the decisions that moved energy; each once. `--json` has all of them."""
    lines: dict[str, None] = {}
    stored: dict[tuple[int, str], list[Row]] = {}
    for step in found["steps"]:
        stored.setdefault((step["interval"], step["plant"]["id"]), []).extend(step["origins"])
    for step in found["steps"]:
        if step["origins"]:
            origins = stored[step["interval"], step["plant"]["id"]]
            lines[f"  {_clock(step)}  {step['plant']['name']} had stored {_stored(origins)}"] = None
            for decision in step["producer_decisions"]:
                if decision["action"] == BATTERY_POWER:
                    lines[f"  {_clock(step)}  {step['plant']['name']}: {_decided(decision)}"] = None
        for decision in step["decisions"]:
            if decision["value"] > 0:
                lines[f"  {_clock(step)}  {step['taker']['name']}: {_decided(decision)}"] = None
    return [Text(line, style="dim") for line in lines]


def _stored(origins: list[Row]) -> str:
    """By plant and type, with the first and the last interval it came in."""
    rows: dict[tuple[str, str], list[Row]] = {}
    for origin in origins:
        rows.setdefault((origin["plant"]["name"], origin["energy_type"]), []).append(origin)
    parts = []
    for (plant, energy_type), some in rows.items():
        intervals = sorted({origin["interval"] for origin in some})
        when = f"#{intervals[0]}" if len(intervals) == 1 else f"#{intervals[0]} to #{intervals[-1]}"
        parts.append(f"{sum(origin['energy_wh'] for origin in some)} Wh {energy_type} from {plant} ({when})")
    return ", ".join(parts)


def _decided(decision: Row) -> str:
    said = f"{action(decision)} ({decision['reason'].replace('_', ' ')}), contract {decision['contract_id']}"
    said += f", decision {decision['decision_id']} in block {decision['block']}"
    receipt = decision["receipt"]
    if receipt is None:
        return f"{said}; no receipt"
    return f"{said}; command {receipt['command_sequence']} {receipt['outcome']} {_acted(receipt)}"


def _acted(receipt: Row) -> str:
    return f"{datetime.fromtimestamp(receipt['acted_s'], UTC):%H:%M:%S}"


def action(decision: Row) -> str:
    """What was decided, in words."""
    if decision["action"] == RELAY:
        return "heater on" if decision["value"] else "heater off"
    assert decision["action"] == BATTERY_POWER
    power_w = decision["value"]
    return f"battery {'charge' if power_w > 0 else 'discharge'} {abs(power_w)} W" if power_w else "battery idle"


def _ends(found: Row) -> Table:
    table = Table.grid(padding=(0, 2))
    heading = "bought by" if found["direction"] == "sold" else "made by"
    for number, end in enumerate(found["ends"]):
        share = f"{end['energy_wh'] * 100 / found['energy_wh']:.1f} %"
        table.add_row("" if number else heading, end["name"], end["energy_type"], f"{end['energy_wh']} Wh", share)
    if any(end["energy_type"] == "grid" for end in found["ends"]) and found["direction"] == "used":
        mix = ", ".join(f"{name} {permille / 10:g} %" for name, permille in found["grid_mix_permille"].items())
        table.add_row("", "", "grid mix", "", mix)
    return table

"""
Cuts the slice of SimBench that the bench plays from: one low-voltage grid and some
weeks of its quarter-hour profiles. The slice is committed, so nobody needs to run
this to use the bench; it is here so that everyone can see where the numbers come
from, and cut other weeks.

    python -m venv /tmp/simbench && /tmp/simbench/bin/pip install simbench==1.6.3
    /tmp/simbench/bin/python hil/data/make_slice.py

The package brings the whole database (380 MB), hence no run-time dependency.

Time: a row of the source is a quarter hour counted without gap from 2016-01-01
00:00 UTC. Its text labels skip an hour in March and repeat one in October, but the
physics do not follow them: in December the PV profiles see light from 07:15 to
15:00, which are sunrise and sunset in UTC, and shops open at row hour 7 in winter and
6 in summer, which is 8 o'clock local time in both. So rows count, labels do not.
"""

import csv
import gzip
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
GRID_CODE = "1-LV-rural2--2-sw"
SOURCE_STARTS = datetime(2016, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
SHARE = 10_000  # profile values are whole ten-thousandths of the rated power

# First and last day kept, both included.
PERIODS = (
    (date(2016, 1, 25), date(2016, 1, 31)),  # a cold week
    (date(2016, 3, 27), date(2016, 3, 27)),  # daylight saving begins
    (date(2016, 4, 25), date(2016, 5, 1)),  # spring, sun and cloud
    (date(2016, 6, 10), date(2016, 6, 10)),  # a long clear day
    (date(2016, 7, 18), date(2016, 7, 26)),  # summer
    (date(2016, 10, 30), date(2016, 10, 30)),  # daylight saving ends
    (date(2016, 11, 28), date(2016, 12, 4)),  # a dark week
    (date(2016, 12, 24), date(2016, 12, 24)),  # Christmas Eve
)
AFTER = 8  # quarter hours kept after each period, so that a run may finish its last messages


def rows_kept():
    """Row numbers of the source, in order, without repeats."""
    rows: set[int] = set()
    for first, last in PERIODS:
        start = (first - SOURCE_STARTS.date()).days * 96
        rows.update(range(start, start + ((last - first).days + 1) * 96 + AFTER))
    return sorted(rows)


def watts(mega):
    return round(float(mega) * 1e6)


def grid_of(net):
    """The grid's tables with units in their names; nodes are numbered as in the source."""
    trafo = net.trafo.iloc[0]
    return {
        "name": GRID_CODE,
        "source_node": int(net.ext_grid.bus.iloc[0]),
        "source_voltage_pu": float(net.ext_grid.vm_pu.iloc[0]),
        "full_load_hours": full_load_hours(net),
        "trafo": {
            "name": trafo["name"],
            "from_node": int(trafo.hv_bus),
            "to_node": int(trafo.lv_bus),
            "rated_va": watts(trafo.sn_mva),
            "from_v": round(trafo.vn_hv_kv * 1e3),
            "to_v": round(trafo.vn_lv_kv * 1e3),
            "short_circuit_voltage_pu": trafo.vk_percent / 100,
            "copper_loss_w": round(trafo.vkr_percent / 100 * watts(trafo.sn_mva)),
            "no_load_current_pu": trafo.i0_percent / 100,
            "iron_loss_w": round(trafo.pfe_kw * 1e3),
            "clock": round(trafo.shift_degree / 30),
            "tap": int(trafo.tap_pos),
            "tap_min": int(trafo.tap_min),
            "tap_max": int(trafo.tap_max),
            "tap_v": round(trafo.tap_step_percent / 100 * trafo.vn_hv_kv * 1e3),
        },
        "nodes": [{"node": int(i), "name": b["name"], "rated_v": round(b.vn_kv * 1e3)} for i, b in net.bus.iterrows()],
        "lines": [
            {
                "name": line["name"],
                "from_node": int(line.from_bus),
                "to_node": int(line.to_bus),
                "resistance_ohm": round(line.r_ohm_per_km * line.length_km, 7),
                "reactance_ohm": round(line.x_ohm_per_km * line.length_km, 7),
                "capacitance_nf": round(line.c_nf_per_km * line.length_km, 4),
                "current_a_max": round(line.max_i_ka * 1e3),
            }
            for _, line in net.line.iterrows()
        ],
        "loads": [
            {
                "name": load["name"],
                "node": int(load.bus),
                "power_w": watts(load.p_mw),
                "reactive_power_var": watts(load.q_mvar),
                "profile": load.profile,
            }
            for _, load in net.load.iterrows()
        ],
        "plants": [
            {"name": p["name"], "node": int(p.bus), "power_w": watts(p.p_mw), "profile": p.profile}
            for _, p in net.sgen.iterrows()
        ],
        "storages": [
            {
                "name": s["name"],
                "node": int(s.bus),
                "power_w": watts(s.sn_mva),
                "capacity_wh": watts(s.max_e_mwh),
                "efficiency": float(s.efficiency_percent),  # the source's column holds a fraction
            }
            for _, s in net.storage.iterrows()
        ],
    }


def columns_of(net):
    """Profile name -> the year's values: active power by the profile's name, reactive power with `:q` behind it."""
    columns = {}
    for name in net.profiles["load"].columns.drop("time"):
        profile, quantity = name.rsplit("_", 1)
        columns[profile if quantity == "pload" else profile + ":q"] = net.profiles["load"][name].to_numpy()
    for name in net.profiles["renewables"].columns.drop("time"):
        columns[name] = net.profiles["renewables"][name].to_numpy()
    return dict(sorted(columns.items()))


def full_load_hours(net):
    """Profile -> the year's energy over its rated power: what a slice of weeks cannot tell."""
    return {name: round(float(v.sum()) / 4, 1) for name, v in columns_of(net).items() if not name.endswith(":q")}


def write_profiles(path, columns):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["utc_s", *columns])
    for row in rows_kept():
        utc_s = int((SOURCE_STARTS + row * QUARTER).timestamp())
        writer.writerow([utc_s, *(round(float(values[row]) * SHARE) for values in columns.values())])
    path.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))


def write_grid(path, grid):
    """JSON with one table row per line: small enough to read, and to compare in a diff."""
    parts = []
    for key, value in grid.items():
        if isinstance(value, list):
            rows = ",\n  ".join(json.dumps(row) for row in value)
            parts.append(f'"{key}": [\n  {rows}\n]')
        else:
            parts.append(f'"{key}": {json.dumps(value)}')
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")


def main():
    import simbench  # type: ignore[import-not-found]  # noqa: PLC0415  # 380 MB: only whoever cuts a slice has it

    net = simbench.get_simbench_net(GRID_CODE)
    write_grid(HERE / "grid.json", grid_of(net))
    write_profiles(HERE / "profiles.csv.gz", columns_of(net))


if __name__ == "__main__":
    main()

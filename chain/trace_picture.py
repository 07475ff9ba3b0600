"""A trace as a picture: an SVG of ribbons as wide as the energy, from the plants through batteries to who used it."""

from collections import defaultdict
from html import escape
from typing import Any, NamedTuple

Row = dict[str, Any]
WIDTH, TOP, HEIGHT, GAP, BAR = 960, 70, 360, 14, 16
COLOURS = {"solar": "#e6a100", "storage": "#7a5cc4", "grid": "#5b7488", "unknown": "#9a9a9a"}


class Link(NamedTuple):
    """A ribbon between two columns. column 0: plants, 1: batteries, 2: whoever took it."""

    column: int
    source: str
    to_column: int
    target: str
    energy_type: str
    energy_wh: int


def picture(found: Row) -> str:
    """One SVG document, self-contained."""
    links = _links(found)
    places = _places(links)
    who = ", ".join(one["name"] for one in found["who"])
    title = f"{found['energy_wh']} Wh {found['direction']} by {who}, for {found['money_micro'] / 1e6:.6f}"
    height = round(max(y + tall for y, tall in places.values())) + 24
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif"'
        f' font-size="14"><rect width="100%" height="100%" fill="#ffffff"/>'
        f'<text x="24" y="34" font-size="19" font-weight="600">{escape(title)}</text>'
    )
    return head + _ribbons(links, places) + _bars(links, places) + "</svg>\n"


def _links(found: Row) -> list[Link]:
    sums: dict[tuple[int, str, int, str, str], int] = defaultdict(int)
    for step in found["steps"]:
        plant, taker, kind = step["plant"]["name"], step["taker"]["name"], step["energy_type"]
        if not step["origins"]:
            sums[0, plant, 2, taker, kind] += step["energy_wh"]
            continue
        sums[1, plant, 2, taker, kind] += step["energy_wh"]
        for origin in step["origins"]:
            sums[0, origin["plant"]["name"], 1, plant, origin["energy_type"]] += origin["energy_wh"]
    return [Link(*place, wh) for place, wh in sorted(sums.items())]


def _places(links: list[Link]) -> dict[tuple[int, str], tuple[float, float]]:
    """(y, height) of every bar: as tall as what passes through it."""
    through: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for link in links:
        through[link.column, link.source][0] += link.energy_wh
        through[link.to_column, link.target][1] += link.energy_wh
    total = sum(link.energy_wh for link in links if link.to_column == 2)
    places = {}
    for column in range(3):
        y = float(TOP)
        for key in sorted(key for key in through if key[0] == column):
            height = max(through[key]) * HEIGHT / total
            places[key] = (y, height)
            y += height + max(GAP, 22 - height)
    return places


def _x(column: int) -> int:
    return 190 + column * (WIDTH - 380 - BAR) // 2


def _ribbons(links: list[Link], places: dict[tuple[int, str], tuple[float, float]]) -> str:
    total = sum(link.energy_wh for link in links if link.to_column == 2)
    leaving = {key: y for key, (y, _) in places.items()}
    arriving = dict(leaving)
    drawn = []
    for link in links:
        width = link.energy_wh * HEIGHT / total
        start, end = (link.column, link.source), (link.to_column, link.target)
        y0, y1 = leaving[start] + width / 2, arriving[end] + width / 2
        leaving[start] += width
        arriving[end] += width
        x0, x1 = _x(link.column) + BAR, _x(link.to_column)
        middle = (x0 + x1) / 2
        drawn.append(
            f'<path d="M{x0} {y0:.1f} C{middle} {y0:.1f} {middle} {y1:.1f} {x1} {y1:.1f}" fill="none"'
            f' stroke="{COLOURS[link.energy_type]}" stroke-opacity="0.45" stroke-width="{max(width, 0.6):.1f}">'
            f"<title>{escape(link.source)} to {escape(link.target)}: {link.energy_wh} Wh {link.energy_type}</title>"
            "</path>"
        )
    return "".join(drawn)


def _bars(links: list[Link], places: dict[tuple[int, str], tuple[float, float]]) -> str:
    energy_wh: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for link in links:
        energy_wh[link.column, link.source][0] += link.energy_wh
        energy_wh[link.to_column, link.target][1] += link.energy_wh
    drawn = []
    for (column, name), (y, height) in places.items():
        x, text_y = _x(column), y + height / 2 + 5
        at, anchor = (x - 8, "end") if column == 0 else (x + BAR + 8, "start")
        label = f"{name}, {max(energy_wh[column, name])} Wh"
        drawn.append(
            f'<rect x="{x}" y="{y:.1f}" width="{BAR}" height="{max(height, 1):.1f}" fill="#24323c"/>'
            f'<text x="{at}" y="{text_y:.1f}" text-anchor="{anchor}">{escape(label)}</text>'
        )
    return "".join(drawn)

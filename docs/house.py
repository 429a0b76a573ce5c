"""Draws house.svg from the table of wings in architecture.md.

`python docs/house.py` draws it anew; a test compares the two.
"""

import re
from pathlib import Path

FOLDER = Path(__file__).parent
WIDTH, HEIGHT, GAP, RISE = 176, 46, 14, 84


def wings():
    """Return, for each wing by name, what it holds and which wings it imports."""
    page = (FOLDER / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w./]+)` \| (.+?) \|(.*)\|$", page, re.MULTILINE)
    return {
        name.removesuffix("/").removesuffix(".py"): (
            holds.split(":")[0].replace("`", ""),
            set(re.findall(r"`(\w+)`", imports)),
        )
        for name, holds, imports in rows
    }


def floors(house):
    """Return the floor of each wing: one above the highest that it imports."""
    floor = {}
    for name, (_, imports) in house.items():
        floor[name] = 1 + max((floor[other] for other in imports), default=-1)
    return floor


def arrows(house):
    """Return the imports that are not implied by others, as pairs."""
    below = {}
    for name, (_, imports) in house.items():
        below[name] = imports.union(*(below[other] for other in imports))
        yield from (
            (name, other)
            for other in sorted(imports)
            if not any(other in below[between] for between in imports)
        )


def svg():
    """Return the picture."""
    house = wings()
    floor, pairs = floors(house), list(arrows(house))
    widest = max(list(floor.values()).count(level) for level in floor.values())
    width = widest * (WIDTH + GAP) - GAP
    height = (1 + max(floor.values())) * RISE - (RISE - HEIGHT)
    left = {}
    for level in range(1 + max(floor.values())):
        row = [name for name in house if floor[name] == level]
        start = (width - len(row) * (WIDTH + GAP) + GAP) / 2
        for place, name in enumerate(row):
            left[name] = start + place * (WIDTH + GAP)
    top = {name: height - HEIGHT - floor[name] * RISE for name in house}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 {width + 8:.0f} '
        f'{height + 8}" font-family="sans-serif" text-anchor="middle">'
    ]
    for upper, lower in pairs:
        x, y = left[upper] + WIDTH / 2, top[upper] + HEIGHT
        to_x, to_y = left[lower] + WIDTH / 2, top[lower]
        bend = (to_y - y) / 2
        parts.append(
            f'<path d="M{x:.0f} {y} C{x:.0f} {y + bend:.0f} {to_x:.0f} '
            f'{to_y - bend:.0f} {to_x:.0f} {to_y}" fill="none" stroke="#8a94a6" '
            'stroke-width="1.5"/>'
        )
    for name, (holds, _) in house.items():
        x, y = left[name], top[name]
        parts += [
            f'<rect x="{x:.0f}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6" '
            'fill="#eef3fb" stroke="#4a6fa5"/>',
            f'<text x="{x + WIDTH / 2:.0f}" y="{y + 19}" font-size="14" '
            f'font-weight="bold" fill="#1f2d3d">{name}</text>',
            f'<text x="{x + WIDTH / 2:.0f}" y="{y + 36}" font-size="11" '
            f'fill="#3d4b5c">{holds}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    (FOLDER / "house.svg").write_text(svg(), encoding="utf-8")

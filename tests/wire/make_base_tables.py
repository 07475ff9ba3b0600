"""
The tables of `firmware/crypto_base.py`, from the textbook's Ed25519: `python -m tests.wire.make_base_tables` writes it.
"""

from pathlib import Path

from tests.bench import textbook

PATH = Path(__file__).parents[2] / "firmware" / "crypto_base.py"
_OCTETS_A_LINE = 26
_HEAD = '''"""
The base point's comb tables, as `crypto_curve` reads them: made by `tests/wire/make_base_tables.py`.

Four tables, 16 columns apart, of eight entries: y-x, y+x and 2*d*x*y, 32 bytes each, low byte first. In flash
where the image lies in flash.
"""

TABLES = (
'''


def multiples() -> list[int]:
    """What times the base point each entry is: the highest row is plus, the others as the entry's number says."""
    rows = [1 << 64 * row for row in range(3)]
    return [
        (1 << 16 * part) * ((1 << 192) + sum(one if number >> row & 1 else -one for row, one in enumerate(rows)))
        for part in range(4)
        for number in range(8)
    ]


def entry(multiple: int) -> bytes:
    x, y, z, _ = textbook.multiply(multiple % textbook.L, textbook.BASE)
    inverse = pow(z, -1, textbook.P)
    x, y = x * inverse % textbook.P, y * inverse % textbook.P
    numbers = (y - x, y + x, 2 * textbook.D * x * y)
    return b"".join([(number % textbook.P).to_bytes(32, "little") for number in numbers])


def tables() -> bytes:
    return b"".join(map(entry, multiples()))


def text() -> str:
    octets = tables()
    lines = [octets[at : at + _OCTETS_A_LINE] for at in range(0, len(octets), _OCTETS_A_LINE)]
    return _HEAD + "".join(f'    b"{_escaped(line)}"\n' for line in lines) + ")\n"


def _escaped(octets: bytes) -> str:
    return "".join(f"\\x{octet:02x}" for octet in octets)


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")

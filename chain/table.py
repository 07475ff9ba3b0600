"""
A Table is one named part of the state: key -> value. It knows what changed in it, and which of its rows belong to an
interval and will leave the state with it (chain/archive.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import cbor2

from chain.archive import INTERVAL_OF
from chain.errors import LedgerCorrupt


def _plain(row: list) -> tuple:
    return tuple(_plain(item) if isinstance(item, list) else item for item in row)


class Table:
    """`make` builds its values; `number` is its place in TABLES, for ever."""

    def __init__(self, name: str, number: int, make: Any) -> None:
        self.name = name
        self.number = number
        self._make = make
        self._rows: dict[bytes, Any] = {}
        self.changed: dict[bytes, None] = {}  # since the state was sealed; a dict, for rows made together lie together
        self._interval_of = INTERVAL_OF.get(name)
        self._of_interval: dict[int, dict[bytes, None]] = defaultdict(dict)  # dicts: they keep the order

    def get(self, key: bytes, default: Any = None) -> Any:
        return self._rows.get(key, default)

    def put(self, key: bytes, value: tuple) -> None:
        self._rows[key] = value
        self.changed[key] = None
        if self._interval_of is not None:
            self._of_interval[self._interval_of(key, value)][key] = None

    def delete(self, key: bytes) -> None:
        value = self._rows.pop(key)
        self.changed[key] = None
        if self._interval_of is not None:
            keys = self._of_interval[self._interval_of(key, value)]
            keys.pop(key, None)
            if not keys:
                del self._of_interval[self._interval_of(key, value)]

    def keys_of(self, interval: int) -> Iterable[bytes]:
        """The keys that belong to an interval, in no order that may matter."""
        return self._of_interval.get(interval, ())

    def of_interval(self, interval: int) -> list[bytes]:
        """The keys that belong to an interval (chain/archive.py), ascending."""
        return sorted(self._of_interval.get(interval, ()))

    def __contains__(self, key: bytes) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def items(self) -> Iterator[tuple[bytes, Any]]:
        """Ascending by key: no rule may depend on the order of insertion."""
        for key in sorted(self._rows):
            yield key, self._rows[key]

    def rows(self) -> Iterable[tuple[bytes, Any]]:
        """In no order that may matter: for sums only."""
        return self._rows.items()

    def encoded(self, key: bytes) -> bytes | None:
        """The value as it is hashed and stored; None when there is none."""
        value = self._rows.get(key)
        return None if value is None else cbor2.dumps(value)

    def load(self, key: bytes, encoded: bytes) -> None:
        """Put back a stored row. Raises LedgerCorrupt when `encoded` is no row of this table."""
        try:
            row = cbor2.loads(encoded)
            self.put(key, self._make(_plain(row)))
        except (cbor2.CBORDecodeError, TypeError, ValueError, IndexError) as error:
            raise LedgerCorrupt(f"a row of {self.name} cannot be read: {error}") from error

"""The socket: answers in the order of the requests, however the bytes arrive; what cannot be read ends a connection."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from chain.cometbft.messages import REQUEST, RESPONSE
from chain.cometbft.protobuf import decode, encode, varint
from chain.cometbft.server import MESSAGE_BYTES_MAX, framed, serve

TOP = Path(__file__).parents[2]
FIELDS = {field.name: field for field in REQUEST.fields}


def request(name: str, **fields: Any) -> bytes:
    field = FIELDS[name]
    body = encode(field.kind, field.kind(**fields))
    return framed(varint(field.number << 3 | 2) + framed(body))


async def read_response(reader: asyncio.StreamReader) -> Any:
    size = shift = 0
    while True:
        (byte,) = await reader.readexactly(1)
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return decode(RESPONSE, await reader.readexactly(size))


def broken(_: Any) -> None:
    raise ZeroDivisionError("a fault of ours")


HANDLERS = {"echo": lambda it: it, "flush": lambda it: it, "commit": broken}


def on_a_socket(path: Path, talk: Callable[..., Awaitable[None]]) -> None:
    """`talk(reader, writer)` with a server on `path`; raises what the server raised."""

    async def run() -> None:
        serving = asyncio.ensure_future(serve(str(path), HANDLERS))
        while not path.exists():
            await asyncio.sleep(0)
        await talk(*await asyncio.open_unix_connection(path))
        if not serving.done():
            serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving

    asyncio.run(run())


@pytest.mark.parametrize("piece", [1, 7, 100_000])
def test_answers_come_in_order_however_the_bytes_arrive(tmp_path, piece):
    async def talk(reader, writer):
        texts = [f"{number} " * number for number in range(40)]
        data = b"".join(request("echo", message=text) + request("flush") for text in texts)
        for at in range(0, len(data), piece):
            writer.write(data[at : at + piece])
            await writer.drain()
        for text in texts:
            assert (await read_response(reader)).echo.message == text
            assert (await read_response(reader)).flush is not None

    on_a_socket(tmp_path / "abci.sock", talk)


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("no request", framed(b"")),
        ("a request of ABCI 1", framed(b"\x3a\x00")),
        ("a number for a request", framed(b"\x08\x01")),
        ("a request that ends too early", framed(b"\x0a\x05\x0a\x01a")),
        ("one of more bytes than any may have", varint(MESSAGE_BYTES_MAX + 1)),
        ("a length without end", b"\xff" * 11),
    ],
)
def test_what_cannot_be_read_is_said_and_ends_the_connection(tmp_path, what, data):
    async def talk(reader, writer):
        writer.write(request("echo", message="before") + data + request("echo", message="after"))
        assert (await read_response(reader)).echo.message == "before"
        assert (await read_response(reader)).exception.error
        assert await reader.read() == b""

    on_a_socket(tmp_path / "abci.sock", talk)


def test_a_fault_of_ours_ends_the_server(tmp_path):
    async def talk(reader, writer):
        writer.write(request("commit"))
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""

    with pytest.raises(ZeroDivisionError):
        on_a_socket(tmp_path / "abci.sock", talk)


def test_the_command_says_what_is_wrong(tmp_path):
    command = [sys.executable, "-m", "chain.cometbft", str(tmp_path), str(tmp_path / "abci.sock")]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "genesis.toml" in done.stderr and "Traceback" not in done.stderr


def test_a_full_mempool_does_not_keep_consensus_waiting(tmp_path):
    """Of two connections that have something to ask, each has its turn."""
    answered: list[str] = []

    async def run() -> None:
        path = tmp_path / "socket"
        handlers = {"echo": lambda it: answered.append(it.message) or it}
        serving = asyncio.ensure_future(serve(str(path), handlers))
        while not path.exists():
            await asyncio.sleep(0)
        (mempool, checks), (consensus, proposal) = [await asyncio.open_unix_connection(path) for _ in range(2)]
        checks.write(request("echo", message="check") * 1000)
        proposal.write(request("echo", message="proposal"))
        assert (await read_response(consensus)).echo.message == "proposal"
        for _ in range(1000):
            assert (await read_response(mempool)).echo.message == "check"
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(run())
    assert answered.index("proposal") < 1000 and len(answered) == 1001

"""
The ABCI socket: CometBFT opens four connections (consensus, mempool, query, snapshots) and sends requests, each behind
its length; answers go back in the same order. One thread answers all, one request at a time, some of each connection
in turn: a full mempool does not keep consensus waiting.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from chain.cometbft.messages import REQUEST, RESPONSE
from chain.cometbft.protobuf import ProtobufError, decode, encode, read_varint, varint

MESSAGE_BYTES_MAX = 104_857_600  # as CometBFT has it
TURN = 64  # requests of one connection, then it is another's turn: some milliseconds of transactions to check
Handler = Callable[[Any], Any]

_REQUESTS = {field.number: field for field in REQUEST.fields}
_RESPONSES = {field.name: field for field in RESPONSE.fields}


def framed(content: bytes) -> bytes:
    return varint(len(content)) + content


def respond(name: str, content: Any) -> bytes:
    """A response as it stands on the socket."""
    return _respond_again(name, content) if name == "check_tx" else _respond(name, content)


def _respond(name: str, content: Any) -> bytes:
    field = _RESPONSES[name]
    body = encode(field.kind, content)
    return framed(varint(field.number << 3 | 2) + varint(len(body)) + body)


_respond_again = lru_cache(maxsize=256)(_respond)  # there are as many answers as statuses


def read_request(data: bytes) -> tuple[str, Any]:
    """(name, content) of a request. Raises ProtobufError."""
    try:
        key, at = read_varint(data, 0)
        size, at = read_varint(data, at)
    except IndexError as error:
        raise ProtobufError("it ends within its head") from error
    field = _REQUESTS.get(key >> 3)
    if field is None or key & 7 != 2 or at + size != len(data):
        raise ProtobufError(f"no request of ABCI 2.0 (field {key >> 3})")
    return field.name, decode(field.kind, data[at:])


class Connection(asyncio.Protocol):
    """One of CometBFT's connections. A request that cannot be read ends it; an error of ours ends the process."""

    def __init__(self, handlers: Mapping[str, Handler], failed: Callable[[BaseException], None]) -> None:
        self._handlers = handlers
        self._failed = failed
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self._received.clear()

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._take_turn()

    def _take_turn(self) -> None:
        assert self._transport is not None
        answers: list[bytes] = []
        try:
            for _ in range(TURN):
                request = self._next()
                if request is None:
                    self._transport.resume_reading()
                    break
                answers.append(self._answer(request))
            else:
                self._transport.pause_reading()
                asyncio.get_running_loop().call_soon(self._take_turn)
        except ProtobufError as error:
            answers.append(respond("exception", _RESPONSES["exception"].kind(str(error))))
            self._transport.write(b"".join(answers))
            self._transport.close()
        except BaseException as error:
            self._transport.abort()
            self._failed(error)
        else:
            self._transport.write(b"".join(answers))

    def _next(self) -> bytes | None:
        """The next whole request, taken from what was received."""
        try:
            size, start = read_varint(self._received, 0)
        except IndexError:
            return None
        if size > MESSAGE_BYTES_MAX:
            raise ProtobufError("too long")
        if len(self._received) < start + size:
            return None
        request = bytes(self._received[start : start + size])
        del self._received[: start + size]
        return request

    def _answer(self, data: bytes) -> bytes:
        name, request = read_request(data)
        return respond(name, self._handlers[name](request))


async def serve(path: str, handlers: Mapping[str, Handler]) -> None:
    """Answer on a Unix socket at `path`, until cancelled; raises what a handler raised."""
    loop = asyncio.get_running_loop()
    failure: asyncio.Future[None] = loop.create_future()

    def failed(error: BaseException) -> None:
        if not failure.done():
            failure.set_exception(error)

    server = await loop.create_unix_server(lambda: Connection(handlers, failed), path)
    try:
        await failure
    finally:
        server.close()

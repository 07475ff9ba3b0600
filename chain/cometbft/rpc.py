"""
A client of one node's JSON-RPC, on a TCP port or a Unix socket: one connection, one question at a time or a batch of
them. It waits for its answers: who must not wait uses it from a thread of its own.
"""

import base64
import http.client
import json
import socket
from collections.abc import Iterable
from typing import Any, NamedTuple

from chain.cometbft.errors import NodeDown, NotReached, RpcError

Call = tuple[str, dict[str, Any]]
KNOWN = "tx already exists in cache"


class Handed(NamedTuple):
    """What became of a transaction at the door. code: 0 when it waits for a block; else a number of chain/status.py."""

    code: int
    log: str


class Rpc:
    """address: "127.0.0.1:26657" or "unix:/path"."""

    def __init__(self, address: str, timeout_s: float = 30.0) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def call(self, method: str, **parameters: Any) -> Any:
        """The result. Raises NotReached, RpcError."""
        return _result(self._post(_request(0, method, parameters)))

    def batch(self, calls: Iterable[Call]) -> list[Any]:
        """The answers in the order of the calls, an RpcError in the place of a result that is none."""
        requests = [_request(number, method, parameters) for number, (method, parameters) in enumerate(calls)]
        if not requests:
            return []
        answers = self._post(requests)
        by_id = {answer.get("id"): answer for answer in (answers if isinstance(answers, list) else [answers])}
        return [_result_or_error(by_id.get(request["id"], {})) for request in requests]

    def height(self) -> int:
        """Of the node's latest block."""
        return int(self.call("status")["sync_info"]["latest_block_height"])

    def hand_in(self, transactions: Iterable[bytes]) -> list[Handed]:
        """To the node's mempool, in this order; it gives them to the other nodes."""
        answers = self.batch([("broadcast_tx_sync", {"tx": base64.b64encode(one).decode()}) for one in transactions])
        return [_handed(answer) for answer in answers]

    def give(self, transactions: Iterable[bytes]) -> None:
        """The same without waiting for what the door says of each. Raises RpcError when there is no room for one."""
        for answer in self.batch(
            [("broadcast_tx_async", {"tx": base64.b64encode(one).decode()}) for one in transactions]
        ):
            if isinstance(answer, RpcError) and KNOWN not in str(answer):
                raise answer

    def query(self, path: str, data: bytes = b"", prove: bool = False) -> dict[str, Any]:
        """ABCI's answer; value and key are base64."""
        return self.call("abci_query", path=path, data=data.hex(), height="0", prove=prove)["response"]

    def _post(self, body: Any) -> Any:
        content = json.dumps(body).encode()
        is_fresh = self._connection is None
        try:
            return self._exchange(content)
        except (ConnectionError, FileNotFoundError) as error:
            self.close()
            if is_fresh:
                raise NodeDown(f"{self.address}: {error}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise NotReached(f"{self.address}: {error}") from error
        return self._post(body)  # the node had closed a connection that was kept open

    def _exchange(self, content: bytes) -> Any:
        if self._connection is None:
            self._connection = _connect(self.address, self._timeout_s)
        self._connection.request("POST", "/", content, {"Content-Type": "application/json"})
        return json.loads(self._connection.getresponse().read())


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connect(address: str, timeout_s: float) -> http.client.HTTPConnection:
    if address.startswith("unix:"):
        return _UnixConnection(address.removeprefix("unix:"), timeout_s)
    host, _, port = address.rpartition(":")
    return http.client.HTTPConnection(host, int(port), timeout=timeout_s)


def _request(number: int, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}


def _result(answer: dict[str, Any]) -> Any:
    result = _result_or_error(answer)
    if isinstance(result, RpcError):
        raise result
    return result


def _result_or_error(answer: dict[str, Any]) -> Any:
    if "result" in answer:
        return answer["result"]
    error = answer.get("error") or {}
    return RpcError(f"{error.get('message', 'no answer')}: {error.get('data', '')}")


def _handed(answer: Any) -> Handed:
    """What waits already is no fault: it was handed in twice, or came from another node first."""
    if isinstance(answer, RpcError):
        if KNOWN in str(answer):
            return Handed(0, KNOWN)
        raise answer
    return Handed(int(answer["code"]), answer["log"])

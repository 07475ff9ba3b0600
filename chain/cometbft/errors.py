"""
CometBftError            a node, or the program itself, is not to be had
  NoCometBft             the program is not on this machine: the message says how to get it
  Away                   not now; the same may go well later
    RpcError             the node answered with an error
    NotReached           nobody answers, or the validators do not agree in time
      NodeDown           nobody listens there: it may be starting
  Diverged               our replay of a block has another app hash than the validators agreed on
"""

from chain.errors import LedgerError


class CometBftError(LedgerError):
    """What a caller may catch and tell a person."""


class NoCometBft(CometBftError):
    pass


class Away(CometBftError):
    pass


class RpcError(Away):
    pass


class NotReached(Away):
    pass


class NodeDown(NotReached):
    pass


class Diverged(CometBftError):
    pass

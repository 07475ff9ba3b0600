"""
CometBftError            a node, or the program itself, is not to be had
  NoCometBft             the program is not on this machine: the message says how to get it
  RpcError               the node answered with an error
  NotReached             nobody answers
  Diverged               our replay of a block has another app hash than the validators agreed on
"""

from chain.errors import LedgerError


class CometBftError(LedgerError):
    """What a caller may catch and tell a person."""


class NoCometBft(CometBftError):
    pass


class RpcError(CometBftError):
    pass


class NotReached(CometBftError):
    pass


class Diverged(CometBftError):
    pass

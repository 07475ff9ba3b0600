"""
LedgerError               the ledger on disk is not what it should be, or cannot be had
  GenesisError            genesis.toml is wrong: the message names the setting
  WrongGenesis            the file belongs to another genesis
  LedgerBusy              another process has the file open for writing
  LedgerCorrupt           what is stored contradicts itself; `verify` says where
  RowsPruned              what is asked for left the state, and this file keeps it no more
"""


class LedgerError(Exception):
    """What a caller may catch and tell a person; a refused transaction is a Status, never an exception."""


class GenesisError(LedgerError):
    pass


class WrongGenesis(LedgerError):
    pass


class LedgerBusy(LedgerError):
    pass


class LedgerCorrupt(LedgerError):
    pass


class RowsPruned(LedgerError):
    pass

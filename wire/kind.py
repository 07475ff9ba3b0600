"""
The kind of a signed message: the `typ` of its protected header (RFC 9596), from the
experimental range of CoAP content formats. A signature over one kind cannot be used
as another. Append, never reorder.
"""

READING = 65001
BUNDLE = 65002
ACKNOWLEDGEMENT = 65003
LOAD = 65004
COMMAND = 65005
RECEIPT = 65006
LIGHT_BLOCK = 65007
PRICE = 65008
CONTRACT = 65009
CLOSE_CONTRACT = 65010
REGISTRATION = 65011
ADVANCE = 65012
SETTLEMENT = 65013
BLOCK = 65014
STRATEGY = 65015
AREA_LOAD = 65016
TIME = 65017
EVENT = 65018
HEADROOM = 65019
FIRMWARE = 65020
PROFILE = 65026
ANCHOR = 65027
MEMBERSHIP = 65028
OFFER = 65029
ACCEPTANCE = 65030
RELEASE = 65031
EVIDENCE = 65032

# What the ledger takes as a transaction, in the order in which one block applies them.
TRANSACTIONS = (
    REGISTRATION,
    CLOSE_CONTRACT,
    CONTRACT,
    LIGHT_BLOCK,
    RECEIPT,
    ADVANCE,
    SETTLEMENT,
    PRICE,
)

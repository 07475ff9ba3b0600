"""
The second engine: the same state machine under CometBFT 0.38, which agrees on blocks among validators and asks this
application over its socket (ABCI 2.0) what they come to. docs/cometbft.md says how it is run.

`application` answers; `server` has the socket; `rpc` and `follower` are the clients' side; `cluster` runs a network.
"""

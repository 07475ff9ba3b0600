"""
The messages of ABCI 2.0 as tables: tendermint/abci/types.proto of CometBFT 0.38, with the fields the application
reads or writes. What it never looks at (times, votes, misbehaviour) is not here, so it cannot depend on it.
"""

from chain.cometbft.protobuf import BYTES, INT, STRING, UINT, Field, Message

# Parts

PUBLIC_KEY = Message("PublicKey", Field(1, "ed25519", BYTES))
VALIDATOR_UPDATE = Message("ValidatorUpdate", Field(1, "pub_key", PUBLIC_KEY), Field(2, "power", INT))
SNAPSHOT = Message(
    "Snapshot",
    Field(1, "height", UINT),
    Field(2, "format", UINT),
    Field(3, "chunks", UINT),
    Field(4, "hash", BYTES),
    Field(5, "metadata", BYTES),
)
PROOF_OP = Message("ProofOp", Field(1, "type", STRING), Field(2, "key", BYTES), Field(3, "data", BYTES))
PROOF_OPS = Message("ProofOps", Field(1, "ops", PROOF_OP, True))
TX_RESULT = Message(
    "ExecTxResult",
    Field(1, "code", UINT),
    Field(2, "data", BYTES),
    Field(3, "log", STRING),
    Field(8, "codespace", STRING),
)

# Requests

_ECHO = Message("Echo", Field(1, "message", STRING))
_FLUSH = Message("Flush")
_INFO = Message("RequestInfo", Field(1, "version", STRING), Field(4, "abci_version", STRING))
_INIT_CHAIN = Message(
    "RequestInitChain",
    Field(2, "chain_id", STRING),
    Field(4, "validators", VALIDATOR_UPDATE, True),
    Field(5, "app_state_bytes", BYTES),
    Field(6, "initial_height", INT),
)
_QUERY = Message(
    "RequestQuery",
    Field(1, "data", BYTES),
    Field(2, "path", STRING),
    Field(3, "height", INT),
    Field(4, "prove", UINT),
)
_CHECK_TX = Message("RequestCheckTx", Field(1, "tx", BYTES), Field(2, "type", UINT))
_OFFER_SNAPSHOT = Message("RequestOfferSnapshot", Field(1, "snapshot", SNAPSHOT), Field(2, "app_hash", BYTES))
_LOAD_CHUNK = Message(
    "RequestLoadSnapshotChunk", Field(1, "height", UINT), Field(2, "format", UINT), Field(3, "chunk", UINT)
)
_APPLY_CHUNK = Message(
    "RequestApplySnapshotChunk", Field(1, "index", UINT), Field(2, "chunk", BYTES), Field(3, "sender", STRING)
)
_PREPARE_PROPOSAL = Message(
    "RequestPrepareProposal", Field(1, "max_tx_bytes", INT), Field(2, "txs", BYTES, True), Field(5, "height", INT)
)
_PROCESS_PROPOSAL = Message("RequestProcessProposal", Field(1, "txs", BYTES, True), Field(5, "height", INT))
_EXTEND_VOTE = Message("RequestExtendVote", Field(1, "hash", BYTES), Field(2, "height", INT))
_VERIFY_VOTE_EXTENSION = Message(
    "RequestVerifyVoteExtension", Field(1, "hash", BYTES), Field(3, "height", INT), Field(4, "vote_extension", BYTES)
)
_FINALIZE_BLOCK = Message(
    "RequestFinalizeBlock", Field(1, "txs", BYTES, True), Field(4, "hash", BYTES), Field(5, "height", INT)
)

REQUEST = Message(
    "Request",
    Field(1, "echo", _ECHO),
    Field(2, "flush", _FLUSH),
    Field(3, "info", _INFO),
    Field(5, "init_chain", _INIT_CHAIN),
    Field(6, "query", _QUERY),
    Field(8, "check_tx", _CHECK_TX),
    Field(11, "commit", Message("RequestCommit")),
    Field(12, "list_snapshots", Message("RequestListSnapshots")),
    Field(13, "offer_snapshot", _OFFER_SNAPSHOT),
    Field(14, "load_snapshot_chunk", _LOAD_CHUNK),
    Field(15, "apply_snapshot_chunk", _APPLY_CHUNK),
    Field(16, "prepare_proposal", _PREPARE_PROPOSAL),
    Field(17, "process_proposal", _PROCESS_PROPOSAL),
    Field(18, "extend_vote", _EXTEND_VOTE),
    Field(19, "verify_vote_extension", _VERIFY_VOTE_EXTENSION),
    Field(20, "finalize_block", _FINALIZE_BLOCK),
)

# Responses

Exception_ = Message("ResponseException", Field(1, "error", STRING))
Info = Message(
    "ResponseInfo",
    Field(1, "data", STRING),
    Field(2, "version", STRING),
    Field(3, "app_version", UINT),
    Field(4, "last_block_height", INT),
    Field(5, "last_block_app_hash", BYTES),
)
InitChain = Message("ResponseInitChain", Field(2, "validators", VALIDATOR_UPDATE, True), Field(3, "app_hash", BYTES))
Query = Message(
    "ResponseQuery",
    Field(1, "code", UINT),
    Field(3, "log", STRING),
    Field(6, "key", BYTES),
    Field(7, "value", BYTES),
    Field(8, "proof_ops", PROOF_OPS),
    Field(9, "height", INT),
    Field(10, "codespace", STRING),
)
CheckTx = Message(
    "ResponseCheckTx",
    Field(1, "code", UINT),
    Field(3, "log", STRING),
    Field(8, "codespace", STRING),
)
Commit = Message("ResponseCommit", Field(3, "retain_height", INT))
ListSnapshots = Message("ResponseListSnapshots", Field(1, "snapshots", SNAPSHOT, True))
OfferSnapshot = Message("ResponseOfferSnapshot", Field(1, "result", UINT))
LoadSnapshotChunk = Message("ResponseLoadSnapshotChunk", Field(1, "chunk", BYTES))
ApplySnapshotChunk = Message(
    "ResponseApplySnapshotChunk",
    Field(1, "result", UINT),
    Field(2, "refetch_chunks", BYTES),  # repeated uint32, packed
    Field(3, "reject_senders", STRING, True),
)
PrepareProposal = Message("ResponsePrepareProposal", Field(1, "txs", BYTES, True))
ProcessProposal = Message("ResponseProcessProposal", Field(1, "status", UINT))
ExtendVote = Message("ResponseExtendVote", Field(1, "vote_extension", BYTES))
VerifyVoteExtension = Message("ResponseVerifyVoteExtension", Field(1, "status", UINT))
FinalizeBlock = Message(
    "ResponseFinalizeBlock",
    Field(2, "tx_results", TX_RESULT, True),
    Field(3, "validator_updates", VALIDATOR_UPDATE, True),
    Field(5, "app_hash", BYTES),
)

RESPONSE = Message(
    "Response",
    Field(1, "exception", Exception_),
    Field(2, "echo", _ECHO),
    Field(3, "flush", _FLUSH),
    Field(4, "info", Info),
    Field(6, "init_chain", InitChain),
    Field(7, "query", Query),
    Field(9, "check_tx", CheckTx),
    Field(12, "commit", Commit),
    Field(13, "list_snapshots", ListSnapshots),
    Field(14, "offer_snapshot", OfferSnapshot),
    Field(15, "load_snapshot_chunk", LoadSnapshotChunk),
    Field(16, "apply_snapshot_chunk", ApplySnapshotChunk),
    Field(17, "prepare_proposal", PrepareProposal),
    Field(18, "process_proposal", ProcessProposal),
    Field(19, "extend_vote", ExtendVote),
    Field(20, "verify_vote_extension", VerifyVoteExtension),
    Field(21, "finalize_block", FinalizeBlock),
)

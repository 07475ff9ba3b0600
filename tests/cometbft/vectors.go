// Writes tests/cometbft/vectors.json: ABCI messages as CometBFT's own Go types encode them.
//
//	go mod init vectors && go get github.com/cometbft/cometbft@v0.38.26 && go run . > vectors.json
package main

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/proto/tendermint/crypto"
	types "github.com/cometbft/cometbft/proto/tendermint/types"
)

func main() {
	at := time.Date(2026, 11, 20, 12, 0, 0, 5, time.UTC)
	key := func(b byte) crypto.PublicKey {
		k := make([]byte, 32)
		for i := range k {
			k[i] = b
		}
		return crypto.PublicKey{Sum: &crypto.PublicKey_Ed25519{Ed25519: k}}
	}
	votes := abci.CommitInfo{Round: 2, Votes: []abci.VoteInfo{{Validator: abci.Validator{Address: []byte("addr"), Power: 10}, BlockIdFlag: types.BlockIDFlagCommit}}}
	wrong := []abci.Misbehavior{{Type: abci.MisbehaviorType_DUPLICATE_VOTE, Validator: abci.Validator{Address: []byte("addr"), Power: 10}, Height: 3, Time: at, TotalVotingPower: 40}}
	txs := [][]byte{[]byte("one"), []byte("two"), make([]byte, 300)}
	params := types.ConsensusParams{Block: &types.BlockParams{MaxBytes: 6 << 20, MaxGas: -1}}
	snapshot := &abci.Snapshot{Height: 100, Format: 1, Chunks: 2, Hash: []byte("hash"), Metadata: []byte("meta")}
	requests := map[string]*abci.Request{
		"echo":                  abci.ToRequestEcho("hallo wörld"),
		"flush":                 abci.ToRequestFlush(),
		"info":                  abci.ToRequestInfo(&abci.RequestInfo{Version: "0.38.26", BlockVersion: 11, P2PVersion: 8, AbciVersion: "2.0.0"}),
		"init_chain":            abci.ToRequestInitChain(&abci.RequestInitChain{Time: at, ChainId: "gridtide-00", ConsensusParams: &params, Validators: []abci.ValidatorUpdate{{PubKey: key(1), Power: 10}, {PubKey: key(2), Power: 11}}, AppStateBytes: []byte(`"ab"`), InitialHeight: 1}),
		"query":                 abci.ToRequestQuery(&abci.RequestQuery{Data: []byte{0, 1}, Path: "wallet", Height: 7, Prove: true}),
		"check_tx":              abci.ToRequestCheckTx(&abci.RequestCheckTx{Tx: []byte("one"), Type: abci.CheckTxType_Recheck}),
		"commit":                abci.ToRequestCommit(),
		"list_snapshots":        abci.ToRequestListSnapshots(&abci.RequestListSnapshots{}),
		"offer_snapshot":        abci.ToRequestOfferSnapshot(&abci.RequestOfferSnapshot{Snapshot: snapshot, AppHash: []byte("app")}),
		"load_snapshot_chunk":   abci.ToRequestLoadSnapshotChunk(&abci.RequestLoadSnapshotChunk{Height: 100, Format: 1, Chunk: 1}),
		"apply_snapshot_chunk":  abci.ToRequestApplySnapshotChunk(&abci.RequestApplySnapshotChunk{Index: 1, Chunk: []byte("chunk"), Sender: "peer"}),
		"prepare_proposal":      abci.ToRequestPrepareProposal(&abci.RequestPrepareProposal{MaxTxBytes: 1 << 20, Txs: txs, LocalLastCommit: abci.ExtendedCommitInfo{Round: 1}, Misbehavior: wrong, Height: 9, Time: at, NextValidatorsHash: []byte("nvh"), ProposerAddress: []byte("addr")}),
		"process_proposal":      abci.ToRequestProcessProposal(&abci.RequestProcessProposal{Txs: txs, ProposedLastCommit: votes, Misbehavior: wrong, Hash: []byte("hash"), Height: 9, Time: at, NextValidatorsHash: []byte("nvh"), ProposerAddress: []byte("addr")}),
		"extend_vote":           abci.ToRequestExtendVote(&abci.RequestExtendVote{Hash: []byte("hash"), Height: 9, Time: at, Txs: txs, ProposedLastCommit: votes, Misbehavior: wrong}),
		"verify_vote_extension": abci.ToRequestVerifyVoteExtension(&abci.RequestVerifyVoteExtension{Hash: []byte("hash"), ValidatorAddress: []byte("addr"), Height: 9, VoteExtension: []byte("extension")}),
		"finalize_block":        abci.ToRequestFinalizeBlock(&abci.RequestFinalizeBlock{Txs: txs, DecidedLastCommit: votes, Misbehavior: wrong, Hash: []byte("hash"), Height: 9, Time: at, NextValidatorsHash: []byte("nvh"), ProposerAddress: []byte("addr")}),
	}
	responses := map[string]*abci.Response{
		"exception":             abci.ToResponseException("wrong"),
		"echo":                  abci.ToResponseEcho("hallo wörld"),
		"flush":                 abci.ToResponseFlush(),
		"info":                  abci.ToResponseInfo(&abci.ResponseInfo{Data: "gridtide", Version: "1", AppVersion: 1, LastBlockHeight: 300, LastBlockAppHash: []byte("app")}),
		"init_chain":            abci.ToResponseInitChain(&abci.ResponseInitChain{Validators: []abci.ValidatorUpdate{{PubKey: key(1), Power: 10}}, AppHash: []byte("app")}),
		"query":                 abci.ToResponseQuery(&abci.ResponseQuery{Code: 2, Log: "no", Key: []byte{18}, Value: []byte("value"), ProofOps: &crypto.ProofOps{Ops: []crypto.ProofOp{{Type: "gridtide:trie", Key: []byte{18}, Data: make([]byte, 64)}}}, Height: 9, Codespace: "gridtide"}),
		"check_tx":              abci.ToResponseCheckTx(&abci.ResponseCheckTx{Code: 4, Log: "BAD_SIGNATURE", Codespace: "gridtide"}),
		"commit":                abci.ToResponseCommit(&abci.ResponseCommit{RetainHeight: 5}),
		"list_snapshots":        abci.ToResponseListSnapshots(&abci.ResponseListSnapshots{Snapshots: []*abci.Snapshot{snapshot}}),
		"offer_snapshot":        abci.ToResponseOfferSnapshot(&abci.ResponseOfferSnapshot{Result: abci.ResponseOfferSnapshot_REJECT_FORMAT}),
		"load_snapshot_chunk":   abci.ToResponseLoadSnapshotChunk(&abci.ResponseLoadSnapshotChunk{Chunk: []byte("chunk")}),
		"apply_snapshot_chunk":  abci.ToResponseApplySnapshotChunk(&abci.ResponseApplySnapshotChunk{Result: abci.ResponseApplySnapshotChunk_RETRY, RefetchChunks: []uint32{300}, RejectSenders: []string{"peer"}}),
		"prepare_proposal":      abci.ToResponsePrepareProposal(&abci.ResponsePrepareProposal{Txs: txs}),
		"process_proposal":      abci.ToResponseProcessProposal(&abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_REJECT}),
		"extend_vote":           abci.ToResponseExtendVote(&abci.ResponseExtendVote{}),
		"verify_vote_extension": abci.ToResponseVerifyVoteExtension(&abci.ResponseVerifyVoteExtension{Status: abci.ResponseVerifyVoteExtension_ACCEPT}),
		"finalize_block": abci.ToResponseFinalizeBlock(&abci.ResponseFinalizeBlock{
			TxResults:        []*abci.ExecTxResult{{}, {Code: 6, Log: "NONCE_STALE", Codespace: "gridtide"}},
			ValidatorUpdates: []abci.ValidatorUpdate{{PubKey: key(1), Power: 0}, {PubKey: key(2), Power: 1 << 40}},
			AppHash:          []byte("app"),
		}),
	}
	out := map[string]map[string]string{"requests": {}, "responses": {}}
	for name, message := range requests {
		b, err := message.Marshal()
		if err != nil {
			panic(err)
		}
		out["requests"][name] = hex.EncodeToString(b)
	}
	for name, message := range responses {
		b, err := message.Marshal()
		if err != nil {
			panic(err)
		}
		out["responses"][name] = hex.EncodeToString(b)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(out); err != nil {
		panic(err)
	}
}

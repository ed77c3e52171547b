package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	_ "unsafe" // for go:linkname

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/tests/v3/robustness/report"
	"go.etcd.io/raft/v3/raftpb"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
)

// etcd's own choice of the entries that the cluster has committed. report.PersistedRequests goes on from there with a parser that
// panics at requests which etcd's model does not know.
//
//go:linkname mergeMembersEntries go.etcd.io/etcd/tests/v3/robustness/report.mergeMembersEntries
func mergeMembersEntries(minCommitIndex uint64, memberEntries [][]*raftpb.Entry) ([]*raftpb.Entry, error)

// Entry is a request in the log of the cluster and what it has done to the store.
type Entry struct {
	Index uint64 `json:"index"`
	// Revision of the store after it.
	Revision int64 `json:"revision"`
	// Applied is false if etcd has refused it.
	Applied   bool    `json:"applied"`
	Succeeded *bool   `json:"succeeded,omitempty"`
	Request   any     `json:"request"`
	Events    []Event `json:"events"`
}

// printLog prints the requests that the members have committed, one JSON value a line.
func printLog(lg *zap.Logger, out io.Writer, directories []string) error {
	entries, err := committed(lg, directories)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(out, 1<<20)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	store := newStore()
	for _, raw := range entries {
		if raw.GetType() != raftpb.EntryNormal || len(raw.Data) == 0 {
			continue
		}
		var request pb.InternalRaftRequest
		// etcd 3.4 and 3.5 write some requests of the v2 API at their start. They are other messages; some of them can be read as
		// one of v3, but have no header.
		if err := proto.Unmarshal(raw.Data, &request); err != nil || request.Header == nil {
			continue
		}
		if entry, known := store.apply(raw.GetIndex(), &request); known {
			if err := encoder.Encode(entry); err != nil {
				return err
			}
		}
	}
	return buffered.Flush()
}

func committed(lg *zap.Logger, directories []string) ([]*raftpb.Entry, error) {
	if len(directories) == 0 {
		return nil, errors.New("no data directory is given")
	}
	var members [][]*raftpb.Entry
	var least uint64 = math.MaxUint64
	for _, directory := range directories {
		state, entries, err := readMember(lg, directory)
		if errors.Is(err, fs.ErrNotExist) {
			// A member that was removed may be wiped.
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", directory, err)
		}
		least = min(least, state.GetCommit())
		members = append(members, entries)
	}
	if len(members) == 0 {
		return nil, errors.New("no directory has a member/wal")
	}
	return mergeMembersEntries(least, members)
}

// readMember reads the log of a member. A log whose end is torn, as after a kill, is repaired in a copy.
func readMember(lg *zap.Logger, directory string) (*raftpb.HardState, []*raftpb.Entry, error) {
	logs := filepath.Join(directory, "member", "wal")
	state, entries, err := report.ReadAllWALEntries(lg, logs)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		return state, entries, err
	}
	copied, err := os.MkdirTemp("", "judge-wal-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(copied)
	if err := os.CopyFS(filepath.Join(copied, "member", "wal"), os.DirFS(logs)); err != nil {
		return nil, nil, err
	}
	return report.ReadWAL(lg, copied)
}

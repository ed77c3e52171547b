package main

import (
	"sort"
	"strconv"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// KV is a key as etcd returns it, in the form of the history.
type KV struct {
	Key     string `json:"key"`
	Value   string `json:"value"`
	Create  int64  `json:"create"`
	Mod     int64  `json:"mod"`
	Version int64  `json:"version"`
	Lease   string `json:"lease"`
	lease   int64
}

// Event is a change of a key.
type Event struct {
	Type     string `json:"type"`
	KV       KV     `json:"kv"`
	PrevKV   *KV    `json:"prevKv,omitempty"`
	IsCreate bool   `json:"isCreate,omitempty"`
}

// store is etcd's store of keys as the log of the cluster makes it. It knows no client: what it holds comes from the log.
type store struct {
	revision  int64
	compacted int64
	keys      map[string]KV
	// The keys of each lease that lives.
	leases map[int64]map[string]struct{}
	events []Event
}

func newStore() *store {
	return &store{revision: 1, compacted: -1, keys: map[string]KV{}, leases: map[int64]map[string]struct{}{}}
}

// apply changes the store by a request of the log. It returns false for a request that has nothing to do with keys.
func (s *store) apply(index uint64, request *pb.InternalRaftRequest) (Entry, bool) {
	entry := Entry{Index: index, Applied: true, Events: []Event{}}
	s.events = nil
	switch {
	case request.Put != nil:
		entry.Request = putOf(request.Put)
		entry.Applied = s.checkPut(request.Put)
		if entry.Applied {
			s.put(request.Put)
		}
	case request.DeleteRange != nil:
		entry.Request = deleteOf(request.DeleteRange)
		s.deleteRange(request.DeleteRange)
	case request.Txn != nil:
		entry.Request = txnOf(request.Txn)
		succeeded := s.holds(request.Txn.Compare)
		entry.Succeeded = &succeeded
		// All comparisons of nested transactions look at the store as it is before the outer one.
		var operations []*pb.RequestOp
		entry.Applied = s.flatten(request.Txn, &operations)
		if entry.Applied {
			for _, operation := range operations {
				s.operate(operation)
			}
		}
	case request.Compaction != nil:
		entry.Request = Request{Type: "compact", Revision: request.Compaction.Revision}
		revision := request.Compaction.Revision
		entry.Applied = revision > s.compacted && revision <= s.revision
		if entry.Applied {
			s.compacted = revision
		}
	case request.LeaseGrant != nil:
		id := request.LeaseGrant.ID
		entry.Request = Request{Type: "grant", Lease: strconv.FormatInt(id, 10), TTL: request.LeaseGrant.TTL}
		_, exists := s.leases[id]
		entry.Applied = !exists
		if entry.Applied {
			s.leases[id] = map[string]struct{}{}
		}
	case request.LeaseRevoke != nil:
		id := request.LeaseRevoke.ID
		entry.Request = Request{Type: "revoke", Lease: strconv.FormatInt(id, 10)}
		keys, exists := s.leases[id]
		entry.Applied = exists
		for _, key := range sorted(keys) {
			s.remove(key)
		}
		delete(s.leases, id)
	default:
		return entry, false
	}
	if len(s.events) > 0 {
		s.revision++
		entry.Events = s.events
	}
	entry.Revision = s.revision
	return entry, true
}

func (s *store) checkPut(put *pb.PutRequest) bool {
	if put.IgnoreValue || put.IgnoreLease {
		if _, exists := s.keys[string(put.Key)]; !exists {
			return false
		}
	}
	if put.Lease != 0 {
		_, lives := s.leases[put.Lease]
		return lives
	}
	return true
}

func (s *store) put(put *pb.PutRequest) {
	key := string(put.Key)
	previous, exists := s.keys[key]
	next := KV{Key: key, Value: string(put.Value), Create: s.revision + 1, Mod: s.revision + 1, Version: 1, lease: put.Lease}
	if exists {
		next.Create, next.Version = previous.Create, previous.Version+1
	}
	if put.IgnoreValue {
		next.Value = previous.Value
	}
	if put.IgnoreLease {
		next.lease = previous.lease
	}
	next.Lease = strconv.FormatInt(next.lease, 10)
	delete(s.leases[previous.lease], key)
	if next.lease != 0 {
		s.leases[next.lease][key] = struct{}{}
	}
	s.keys[key] = next
	event := Event{Type: "put", KV: next, IsCreate: !exists}
	if exists {
		event.PrevKV = &previous
	}
	s.events = append(s.events, event)
}

func (s *store) deleteRange(request *pb.DeleteRangeRequest) {
	for _, key := range s.within(request.Key, request.RangeEnd) {
		s.remove(key)
	}
}

func (s *store) remove(key string) {
	previous := s.keys[key]
	delete(s.leases[previous.lease], key)
	delete(s.keys, key)
	gone := KV{Key: key, Mod: s.revision + 1, Lease: "0"}
	s.events = append(s.events, Event{Type: "delete", KV: gone, PrevKV: &previous})
}

// within returns the keys of a range that exist, in order.
func (s *store) within(key, end []byte) []string {
	if len(end) == 0 {
		if _, exists := s.keys[string(key)]; exists {
			return []string{string(key)}
		}
		return nil
	}
	found := map[string]struct{}{}
	for name := range s.keys {
		if name >= string(key) && (string(end) == "\x00" || name < string(end)) {
			found[name] = struct{}{}
		}
	}
	return sorted(found)
}

func sorted(keys map[string]struct{}) []string {
	names := make([]string, 0, len(keys))
	for name := range keys {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

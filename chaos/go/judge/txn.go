package main

import (
	"cmp"
	"strconv"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// flatten appends the operations of the branches that are taken. It returns false if etcd refuses the transaction for one of them.
func (s *store) flatten(txn *pb.TxnRequest, operations *[]*pb.RequestOp) bool {
	branch := txn.Failure
	if s.holds(txn.Compare) {
		branch = txn.Success
	}
	for _, operation := range branch {
		switch {
		case operation.GetRequestPut() != nil:
			if !s.checkPut(operation.GetRequestPut()) {
				return false
			}
		case operation.GetRequestRange() != nil:
			revision := operation.GetRequestRange().Revision
			if revision > s.revision || (revision != 0 && revision < s.compacted) {
				return false
			}
		case operation.GetRequestTxn() != nil:
			if !s.flatten(operation.GetRequestTxn(), operations) {
				return false
			}
			continue
		}
		*operations = append(*operations, operation)
	}
	return true
}

func (s *store) operate(operation *pb.RequestOp) {
	switch {
	case operation.GetRequestPut() != nil:
		s.put(operation.GetRequestPut())
	case operation.GetRequestDeleteRange() != nil:
		s.deleteRange(operation.GetRequestDeleteRange())
	}
}

// holds returns whether all comparisons hold.
func (s *store) holds(compares []*pb.Compare) bool {
	for _, compare := range compares {
		if !s.compareHolds(compare) {
			return false
		}
	}
	return true
}

func (s *store) compareHolds(compare *pb.Compare) bool {
	names := s.within(compare.Key, compare.RangeEnd)
	if len(names) == 0 {
		// A value that is not there equals nothing; its numbers are 0.
		return compare.Target != pb.Compare_VALUE && matches(compare, KV{})
	}
	for _, name := range names {
		if !matches(compare, s.keys[name]) {
			return false
		}
	}
	return true
}

func matches(compare *pb.Compare, kv KV) bool {
	var order int
	switch compare.Target {
	case pb.Compare_VALUE:
		order = cmp.Compare(kv.Value, string(compare.GetValue()))
	case pb.Compare_VERSION:
		order = cmp.Compare(kv.Version, compare.GetVersion())
	case pb.Compare_CREATE:
		order = cmp.Compare(kv.Create, compare.GetCreateRevision())
	case pb.Compare_MOD:
		order = cmp.Compare(kv.Mod, compare.GetModRevision())
	case pb.Compare_LEASE:
		order = cmp.Compare(kv.lease, compare.GetLease())
	}
	switch compare.Result {
	case pb.Compare_EQUAL:
		return order == 0
	case pb.Compare_GREATER:
		return order > 0
	case pb.Compare_LESS:
		return order < 0
	default:
		return order != 0
	}
}

// Request is a request in the form of the history.
type Request struct {
	Type     string    `json:"type"`
	Key      *string   `json:"key,omitempty"`
	End      string    `json:"end,omitempty"`
	Value    *string   `json:"value,omitempty"`
	Lease    string    `json:"lease,omitempty"`
	Revision int64     `json:"revision,omitempty"`
	TTL      int64     `json:"ttl,omitempty"`
	Limit    int64     `json:"limit,omitempty"`
	Count    bool      `json:"countOnly,omitempty"`
	Other    bool      `json:"other,omitempty"`
	Compares []Compare `json:"compares,omitempty"`
	Success  []Request `json:"success,omitempty"`
	Failure  []Request `json:"failure,omitempty"`
}

// Compare is a comparison in the form of the history. Other is set for what the history has no form for.
type Compare struct {
	Key    string `json:"key"`
	Target string `json:"target"`
	Value  any    `json:"value"`
	Other  bool   `json:"other,omitempty"`
}

func putOf(put *pb.PutRequest) Request {
	key, value := string(put.Key), string(put.Value)
	request := Request{Type: "put", Key: &key, Value: &value, Other: put.IgnoreLease || put.IgnoreValue}
	if put.Lease != 0 {
		request.Lease = strconv.FormatInt(put.Lease, 10)
	}
	return request
}

func deleteOf(request *pb.DeleteRangeRequest) Request {
	key := string(request.Key)
	return Request{Type: "delete", Key: &key, End: string(request.RangeEnd)}
}

func txnOf(txn *pb.TxnRequest) Request {
	request := Request{Type: "txn"}
	for _, compare := range txn.Compare {
		request.Compares = append(request.Compares, compareOf(compare))
	}
	request.Success, request.Failure = operationsOf(txn.Success), operationsOf(txn.Failure)
	return request
}

func operationsOf(operations []*pb.RequestOp) []Request {
	var requests []Request
	for _, operation := range operations {
		switch {
		case operation.GetRequestPut() != nil:
			requests = append(requests, putOf(operation.GetRequestPut()))
		case operation.GetRequestDeleteRange() != nil:
			requests = append(requests, deleteOf(operation.GetRequestDeleteRange()))
		case operation.GetRequestRange() != nil:
			get := operation.GetRequestRange()
			key := string(get.Key)
			requests = append(requests, Request{Type: "get", Key: &key, End: string(get.RangeEnd), Limit: get.Limit, Revision: get.Revision, Count: get.CountOnly})
		default:
			nested := txnOf(operation.GetRequestTxn())
			nested.Other = true
			requests = append(requests, nested)
		}
	}
	return requests
}

func compareOf(compare *pb.Compare) Compare {
	c := Compare{Key: string(compare.Key), Other: compare.Result != pb.Compare_EQUAL || len(compare.RangeEnd) > 0}
	switch compare.Target {
	case pb.Compare_VALUE:
		c.Target, c.Value = "value", string(compare.GetValue())
	case pb.Compare_VERSION:
		c.Target, c.Value = "version", compare.GetVersion()
	case pb.Compare_CREATE:
		c.Target, c.Value = "create", compare.GetCreateRevision()
	case pb.Compare_MOD:
		c.Target, c.Value = "mod", compare.GetModRevision()
	case pb.Compare_LEASE:
		c.Target, c.Value, c.Other = "lease", strconv.FormatInt(compare.GetLease(), 10), true
	}
	return c
}

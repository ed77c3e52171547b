package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// The workload of bench/src/workload.ts.
const (
	keys        = 10_000
	rangeKeys   = 1_000
	manyKeys    = 10_000
	watches     = 1_000
	leases      = 10_000
	leaseTTL    = 9
	watchPrefix = "bench/k/"
	rangePrefix = "bench/r/"
	manyPrefix  = "bench/m/"
	oneKey      = "bench/k/00000000"
	largeKey    = "bench/l/00000000"
	fanOutKey   = "bench/f/00000000"
)

var (
	value      = string(bytes.Repeat([]byte("v"), 128))
	rangeValue = string(bytes.Repeat([]byte("r"), 256))
	largeValue = string(bytes.Repeat([]byte("l"), 1<<20))
)

func keyBelow(prefix string, index int) string { return fmt.Sprintf("%s%08d", prefix, index) }

func key(index int) string { return keyBelow(watchPrefix, index%keys) }

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, dependency := range info.Deps {
		if dependency.Path == "go.etcd.io/etcd/client/v3" {
			return dependency.Version[1:]
		}
	}
	return ""
}

type subject struct {
	client *clientv3.Client
	ctx    context.Context
	stop   context.CancelFunc
}

func connect(t task) (*subject, error) {
	config := clientv3.Config{Endpoints: []string{t.Address}, Logger: zap.NewNop()}
	if t.CA != "" {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM([]byte(t.CA)) {
			return nil, errors.New("the authority is no PEM")
		}
		config.TLS = &tls.Config{RootCAs: pool}
	}
	client, err := clientv3.New(config)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	return &subject{client, ctx, stop}, nil
}

func (s *subject) close() {
	s.stop()
	_ = s.client.Close()
}

func (s *subject) put(key, value string) (int64, error) {
	response, err := s.client.Put(s.ctx, key, value)
	if err != nil {
		return 0, err
	}
	return response.Header.Revision, nil
}

func (s *subject) get(key string) ([]byte, error) {
	response, err := s.client.Get(s.ctx, key)
	if err != nil || len(response.Kvs) == 0 {
		return nil, err
	}
	return response.Kvs[0].Value, nil
}

func (s *subject) txn(key, value string) ([]byte, error) {
	response, err := s.client.Txn(s.ctx).
		If(clientv3.Compare(clientv3.Version(key), ">", 0)).
		Then(clientv3.OpPut(key, value), clientv3.OpGet(key)).
		Commit()
	if err != nil || !response.Succeeded {
		return nil, err
	}
	return response.Responses[1].GetResponseRange().Kvs[0].Value, nil
}

func (s *subject) byteRange(prefix string) (int, error) {
	response, err := s.client.Get(s.ctx, prefix, clientv3.WithPrefix())
	if err != nil {
		return 0, err
	}
	size := 0
	for _, kv := range response.Kvs {
		size += len(kv.Key) + len(kv.Value)
	}
	return size, nil
}

func (s *subject) pages(prefix string) (int, error) {
	size, from, revision := 0, prefix, int64(0)
	for {
		response, err := s.client.Get(s.ctx, from, clientv3.WithRange(clientv3.GetPrefixRangeEnd(prefix)),
			clientv3.WithLimit(1_000), clientv3.WithRev(revision))
		if err != nil {
			return 0, err
		}
		for _, kv := range response.Kvs {
			size += len(kv.Key) + len(kv.Value)
		}
		if !response.More {
			return size, nil
		}
		from = string(response.Kvs[len(response.Kvs)-1].Key) + "\x00"
		revision = response.Header.Revision
	}
}

func (s *subject) snapshot() (int64, error) {
	reader, err := s.client.Snapshot(s.ctx)
	if err != nil {
		return 0, err
	}
	defer reader.Close()
	return io.Copy(io.Discard, reader)
}

func (s *subject) step(operation string, i int) error {
	var err error
	switch operation {
	case "put", "tls-put":
		_, err = s.put(key(i), value)
	case "get":
		_, err = s.get(oneKey)
	case "txn":
		_, err = s.txn(key(i), value)
	case "range", "tls-range":
		_, err = s.byteRange(rangePrefix)
	case "keys":
		_, err = s.byteRange(manyPrefix)
	case "pages":
		_, err = s.pages(manyPrefix)
	case "large-get":
		_, err = s.get(largeKey)
	case "large-put":
		_, err = s.put(largeKey, largeValue)
	case "snapshot":
		_, err = s.snapshot()
	default:
		err = fmt.Errorf("no operation is called %s", operation)
	}
	return err
}

// The first answer is checked, so that a client that fails fast cannot win.
func (s *subject) verify(operation string) error {
	size, expected := 0, 0
	var found []byte
	var err error
	want := value
	switch operation {
	case "range", "tls-range":
		size, err = s.byteRange(rangePrefix)
		expected = rangeKeys * (len(oneKey) + len(rangeValue))
	case "keys":
		size, err = s.byteRange(manyPrefix)
		expected = manyKeys * (len(oneKey) + len(rangeValue))
	case "pages":
		size, err = s.pages(manyPrefix)
		expected = manyKeys * (len(oneKey) + len(rangeValue))
	case "get":
		found, err = s.get(oneKey)
	case "txn":
		found, err = s.txn(oneKey, value)
	case "large-get":
		found, err = s.get(largeKey)
		want = largeValue
	case "put", "tls-put", "large-put":
		return s.step(operation, 0)
	default:
		return nil
	}
	if err == nil && size != expected {
		err = fmt.Errorf("expected %d bytes, got %d", expected, size)
	}
	if err == nil && expected == 0 && string(found) != want {
		err = fmt.Errorf("expected the seeded value, got %d bytes", len(found))
	}
	return err
}

func (s *subject) seed() error {
	kinds := []struct {
		prefix string
		count  int
		value  string
	}{{watchPrefix, keys, value}, {rangePrefix, rangeKeys, rangeValue}, {manyPrefix, manyKeys, rangeValue}}
	for _, kind := range kinds {
		err := inBatches(kind.count, func(index int) error {
			_, err := s.put(keyBelow(kind.prefix, index), kind.value)
			return err
		})
		if err != nil {
			return err
		}
	}
	_, err := s.put(largeKey, largeValue)
	return err
}

package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Watches a prefix, and counts from the first event on. A missing or repeated event fails the slice.
func watchSlice(s *subject, t task) (slice, error) {
	ctx, stop := context.WithCancel(s.ctx)
	var events, bytes, first, last atomic.Int64
	begun, ended := make(chan struct{}), make(chan struct{})
	responses := s.client.Watch(ctx, watchPrefix, clientv3.WithPrefix())
	go func() {
		defer close(ended)
		for response := range responses {
			size := 0
			for _, event := range response.Events {
				size += len(event.Kv.Key) + len(event.Kv.Value)
			}
			if len(response.Events) == 0 {
				continue
			}
			last.Store(response.Events[len(response.Events)-1].Kv.ModRevision)
			bytes.Add(int64(size))
			if events.Add(int64(len(response.Events))) == int64(len(response.Events)) {
				first.Store(response.Events[0].Kv.ModRevision)
				close(begun)
			}
		}
	}()
	<-begun
	time.Sleep(duration(t.LeadMillis))
	measured := startCPU()
	before := events.Load()
	time.Sleep(duration(t.Millis))
	for events.Load() == before {
		time.Sleep(10 * time.Millisecond)
	}
	count := events.Load() - before
	result := measured()
	result.Operations = int(count)
	stop()
	<-ended
	if span := last.Load() - first.Load() + 1; span != events.Load() {
		return slice{}, fmt.Errorf("%d events over %d revisions", events.Load(), span)
	}
	if bytes.Load() != events.Load()*int64(len(oneKey)+len(value)) {
		return slice{}, fmt.Errorf("%d events had %d bytes", events.Load(), bytes.Load())
	}
	return result, nil
}

// Watches each of the keys, and reads the watches if there is an onEvent. Returns when all are registered.
func (s *subject) watches(count int, key func(index int) string, onEvent func(size int)) []clientv3.WatchChan {
	channels := make([]clientv3.WatchChan, count)
	var registered sync.WaitGroup
	for i := range channels {
		registered.Add(1)
		go func() {
			defer registered.Done()
			channels[i] = s.client.Watch(s.ctx, key(i), clientv3.WithCreatedNotify())
			<-channels[i]
		}()
	}
	registered.Wait()
	if onEvent != nil {
		for _, channel := range channels {
			go read(channel, onEvent)
		}
	}
	return channels
}

func read(channel clientv3.WatchChan, onEvent func(size int)) {
	for response := range channel {
		for _, event := range response.Events {
			onEvent(len(event.Kv.Key) + len(event.Kv.Value))
		}
	}
}

// One write after the other goes to 1,000 watches of one key. The next one is made when all have received the last.
func fanOutSlice(target, t task) (slice, error) {
	s, err := connect(target)
	if err != nil {
		return slice{}, err
	}
	defer s.close()
	var missing, bytes atomic.Int64
	arrived := make(chan struct{}, 1)
	held := s.watches(watches, func(int) string { return fanOutKey }, func(size int) {
		bytes.Add(int64(size))
		if missing.Add(-1) == 0 {
			arrived <- struct{}{}
		}
	})
	run := func(millis float64) ([]float64, error) {
		var latencies []float64
		bytes.Store(0)
		end := time.Now().Add(duration(millis))
		for from := time.Now(); from.Before(end); {
			missing.Store(watches)
			if _, err := s.put(fanOutKey, value); err != nil {
				return nil, err
			}
			<-arrived
			now := time.Now()
			latencies = append(latencies, float64(now.Sub(from).Nanoseconds())/1e6)
			from = now
		}
		return latencies, nil
	}
	if _, err := run(t.LeadMillis); err != nil {
		return slice{}, err
	}
	measured := startCPU()
	latencies, err := run(t.Millis)
	if err != nil {
		return slice{}, err
	}
	result := measured()
	result.Operations = len(latencies) * len(held)
	if bytes.Load() != int64(result.Operations*(len(fanOutKey)+len(value))) {
		return slice{}, fmt.Errorf("%d deliveries had %d bytes", result.Operations, bytes.Load())
	}
	return withLatencies(result, latencies), nil
}

// Uses a client of its own, which a get has connected, so that every slice starts without a watch.
func watchesSlice(target task) (slice, error) {
	s, err := connect(target)
	if err != nil {
		return slice{}, err
	}
	defer s.close()
	if _, err := s.get(oneKey); err != nil {
		return slice{}, err
	}
	measured := startCPU()
	held := s.watches(watches, key, nil)
	result := measured()
	result.Operations = len(held)
	return result, nil
}

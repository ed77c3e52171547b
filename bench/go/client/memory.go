package main

import "runtime"

// The bytes that are in use on the heap and on the stacks of goroutines, after garbage was collected.
func heldBytes() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc + stats.StackInuse)
}

// Uses a client of its own with one watch, so that what all watches share is not counted.
func memorySlice(target task, reads bool) (slice, error) {
	s, err := connect(target)
	if err != nil {
		return slice{}, err
	}
	defer s.close()
	if _, err := s.get(oneKey); err != nil {
		return slice{}, err
	}
	var onEvent func(size int)
	if reads {
		onEvent = func(int) {}
	}
	one := s.watches(1, key, onEvent)
	before := heldBytes()
	measured := startCPU()
	all := s.watches(watches, key, onEvent)
	result := measured()
	result.Operations = len(all)
	held := heldBytes() - before
	result.HeldBytes = &held
	runtime.KeepAlive(one)
	runtime.KeepAlive(all)
	return result, nil
}

// Leases that are kept alive while slices are measured.
type heldLeases struct {
	before   int64
	count    int
	measured func() slice
}

func hold(s *subject) (*heldLeases, error) {
	held := &heldLeases{before: heldBytes(), count: leases, measured: startCPU()}
	err := inBatches(leases, func(int) error {
		granted, err := s.client.Grant(s.ctx, leaseTTL)
		if err != nil {
			return err
		}
		answers, err := s.client.KeepAlive(s.ctx, granted.ID)
		if err != nil {
			return err
		}
		// clientv3 warns about a channel that nobody reads.
		go func() {
			for range answers {
			}
		}()
		return nil
	})
	return held, err
}

func (h *heldLeases) memory() slice {
	result := h.measured()
	result.Operations = h.count
	held := heldBytes() - h.before
	result.HeldBytes = &held
	return result
}

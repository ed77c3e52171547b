package main

import (
	"sort"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Begins to measure. The result returns what was used since then, by all threads.
func startCPU() func() slice {
	cpu, start := cpuMicros(), time.Now()
	return func() slice {
		return slice{Millis: millisSince(start), CPUMicros: cpuMicros() - cpu}
	}
}

func cpuMicros() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1_000
}

func millisSince(start time.Time) float64 { return float64(time.Since(start).Nanoseconds()) / 1e6 }

func duration(millis float64) time.Duration { return time.Duration(millis * float64(time.Millisecond)) }

func quantile(sorted []float64, q float64) *float64 {
	if len(sorted) == 0 {
		return nil
	}
	return &sorted[min(len(sorted)-1, int(float64(len(sorted))*q))]
}

func withLatencies(s slice, latencies []float64) slice {
	sort.Float64s(latencies)
	s.P50Millis, s.P99Millis = quantile(latencies, 0.5), quantile(latencies, 0.99)
	return s
}

// Calls make with each index below count, 100 at a time.
func inBatches(count int, make func(index int) error) error {
	var next atomic.Int64
	var failure atomic.Pointer[error]
	var lanes sync.WaitGroup
	for range 100 {
		lanes.Add(1)
		go func() {
			defer lanes.Done()
			for i := next.Add(1) - 1; i < int64(count); i = next.Add(1) - 1 {
				if err := make(int(i)); err != nil {
					failure.Store(&err)
				}
			}
		}()
	}
	lanes.Wait()
	if err := failure.Load(); err != nil {
		return *err
	}
	return nil
}

func unarySlice(s *subject, t task) (slice, error) {
	run := closedLoop
	if t.Rate > 0 {
		run = paced
	}
	if t.LeadMillis > 0 {
		if _, err := run(s, t, t.LeadMillis); err != nil {
			return slice{}, err
		}
	}
	measured := startCPU()
	latencies, err := run(s, t, t.Millis)
	result := measured()
	result.Operations = len(latencies)
	return withLatencies(result, latencies), err
}

// Each of the callers makes one call after the other.
func closedLoop(s *subject, t task, millis float64) ([]float64, error) {
	var started atomic.Int64
	var failure atomic.Pointer[error]
	perLane := make([][]float64, t.Concurrency)
	deadline := time.Now().Add(duration(millis))
	var lanes sync.WaitGroup
	for lane := range perLane {
		lanes.Add(1)
		go func() {
			defer lanes.Done()
			latencies := make([]float64, 0, 4096)
			for from := time.Now(); from.Before(deadline); {
				if err := s.step(t.Operation, int(started.Add(1))); err != nil {
					failure.Store(&err)
					break
				}
				now := time.Now()
				latencies = append(latencies, float64(now.Sub(from).Nanoseconds())/1e6)
				from = now
			}
			perLane[lane] = latencies
		}()
	}
	lanes.Wait()
	if err := failure.Load(); err != nil {
		return nil, *err
	}
	var all []float64
	for _, latencies := range perLane {
		all = append(all, latencies...)
	}
	return all, nil
}

// Calls begin at a steady rate, however long they take.
func paced(s *subject, t task, millis float64) ([]float64, error) {
	var guard sync.Mutex
	var latencies []float64
	var failure error
	var calls sync.WaitGroup
	start, started := time.Now(), 0
	for now := start; now.Sub(start) < duration(millis); now = time.Now() {
		for due := int(now.Sub(start).Seconds() * t.Rate); started < due; started++ {
			calls.Add(1)
			index, from := started, now
			go func() {
				defer calls.Done()
				err := s.step(t.Operation, index)
				guard.Lock()
				defer guard.Unlock()
				latencies = append(latencies, millisSince(from))
				if err != nil {
					failure = err
				}
			}()
		}
		time.Sleep(time.Millisecond)
	}
	calls.Wait()
	return latencies, failure
}

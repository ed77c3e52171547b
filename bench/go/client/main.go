// Program client is clientv3 as a client of the benchmark. It takes the tasks of bench/src/worker.ts as lines of JSON, and answers
// each with a line: {"result": …} or {"error": …}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"syscall"
)

type task struct {
	Type        string  `json:"type"`
	Operation   string  `json:"operation"`
	Address     string  `json:"address"`
	CA          string  `json:"ca"`
	Millis      float64 `json:"millis"`
	LeadMillis  float64 `json:"leadMillis"`
	Concurrency int     `json:"concurrency"`
	Rate        float64 `json:"rate"`
}

type slice struct {
	Operations int      `json:"operations"`
	Millis     float64  `json:"millis"`
	CPUMicros  float64  `json:"cpuMicros"`
	P50Millis  *float64 `json:"p50Millis,omitempty"`
	P99Millis  *float64 `json:"p99Millis,omitempty"`
	HeldBytes  *int64   `json:"heldBytes,omitempty"`
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Println(version())
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	out := json.NewEncoder(os.Stdout)
	w := &worker{}
	for lines.Scan() {
		var t task
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			panic(err)
		}
		result, err := w.run(t)
		if err != nil {
			_ = out.Encode(map[string]string{"error": err.Error()})
			continue
		}
		_ = out.Encode(map[string]any{"result": result})
	}
}

type worker struct {
	target task
	client *subject
	held   *heldLeases
}

func (w *worker) run(t task) (any, error) {
	switch t.Type {
	case "open":
		w.target = t
		client, err := connect(t)
		if err != nil {
			return nil, err
		}
		w.client = client
		return nil, client.verify(t.Operation)
	case "slice":
		return w.slice(t)
	case "seed":
		return nil, w.client.seed()
	case "hold":
		held, err := hold(w.client)
		w.held = held
		return nil, err
	case "begin":
		w.held.measured = startCPU()
		return nil, nil
	case "end":
		return w.held.measured(), nil
	case "memory":
		return w.held.memory(), nil
	case "close":
		w.held = nil
		w.client.close()
		var usage syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
		return usage.Maxrss, nil
	}
	return nil, fmt.Errorf("no task is called %s", t.Type)
}

func (w *worker) slice(t task) (any, error) {
	switch t.Operation {
	case "watch", "watch-100":
		return watchSlice(w.client, t)
	case "fan-out":
		return fanOutSlice(w.target, t)
	case "watches":
		return watchesSlice(w.target)
	case "watch-memory", "reader-memory":
		return memorySlice(w.target, t.Operation == "reader-memory")
	}
	return unarySlice(w.client, t)
}

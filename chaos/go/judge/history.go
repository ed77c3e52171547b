package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/anishathalye/porcupine"
	"go.etcd.io/etcd/tests/v3/robustness/model"
	"go.etcd.io/etcd/tests/v3/robustness/report"
)

// history is what the folder holds.
type history struct {
	folder string
	// The requests that the cluster has committed, in order.
	persisted []model.EtcdRequest
	// How many of them come before the operations.
	before     int
	operations []porcupine.Operation
	watches    []report.ClientReport
	// Watches of which the server leaves out puts or deletions. The model cannot say which events these must have.
	filtered []report.ClientReport
	reads    []porcupine.Operation
}

func load(folder string) (*history, error) {
	h := &history{folder: folder}
	var err error
	if h.persisted, err = loadPersisted(filepath.Join(folder, "persisted.json")); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "scope.json"))
	if err != nil {
		return nil, err
	}
	var scope struct{ Persisted int }
	if err := json.Unmarshal(text, &scope); err != nil {
		return nil, fmt.Errorf("scope.json: %w", err)
	}
	if scope.Persisted < 0 || scope.Persisted > len(h.persisted) {
		return nil, fmt.Errorf("scope.json: the operations come after %d of %d requests", scope.Persisted, len(h.persisted))
	}
	h.before = scope.Persisted
	if h.operations, err = loadOperations(filepath.Join(folder, "operations")); err != nil {
		return nil, err
	}
	if h.watches, err = report.LoadClientReports(filepath.Join(folder, "watches")); err != nil {
		return nil, err
	}
	if h.filtered, err = report.LoadClientReports(filepath.Join(folder, "filtered")); err != nil {
		return nil, err
	}
	h.reads, err = loadOperations(filepath.Join(folder, "reads"))
	return h, err
}

func loadPersisted(path string) (requests []model.EtcdRequest, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	for {
		var request model.EtcdRequest
		err := decoder.Decode(&request)
		if errors.Is(err, io.EOF) {
			return requests, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		requests = append(requests, request)
	}
}

func loadOperations(path string) (operations []porcupine.Operation, err error) {
	reports, err := report.LoadClientReports(path)
	for _, r := range reports {
		operations = append(operations, r.KeyValue...)
	}
	return operations, err
}

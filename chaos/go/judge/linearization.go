package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
	"go.etcd.io/etcd/tests/v3/robustness/model"
)

// linearization searches an order of the operations in etcd's model, from the state that the requests before them make.
func (h *history) linearization(limit time.Duration) (string, string) {
	all := slices.Clone(h.operations)
	for _, request := range h.persisted {
		all = append(all, porcupine.Operation{Input: request})
	}
	// All states have their keys in common.
	m := model.NonDeterministicModel(model.ModelKeys(all))
	state := m.Init()
	for _, request := range h.persisted[:h.before] {
		_, state = m.Step(state, request, model.MaybeEtcdResponse{Persisted: true})
	}
	m.Init = func() any { return state }
	// porcupine does not look at its time limit while the model takes a step.
	model.LinearizationDeadlineTripped.Store(0)
	timer := time.AfterFunc(limit*11/10, func() { model.LinearizationDeadlineTripped.Store(1) })
	result := porcupine.CheckOperationsTimeout(m, h.operations, limit)
	timer.Stop()
	late := model.LinearizationDeadlineTripped.Swap(0) != 0
	switch {
	case result == porcupine.Unknown || late:
		return "undecided", fmt.Sprintf("%v are over, ", limit) + h.explain(m, limit/10)
	case result == porcupine.Illegal:
		return "violation", "not linearizable, " + h.explain(m, limit)
	default:
		return "ok", ""
	}
}

// explain names an operation that has no place, and draws the operations.
func (h *history) explain(m porcupine.Model, limit time.Duration) string {
	_, info := porcupine.CheckOperationsVerbose(m, h.operations, limit)
	picture := filepath.Join(h.folder, "linearization.html")
	message := "see " + picture
	if err := porcupine.VisualizePath(m, info, picture); err != nil {
		message = err.Error()
	}
	placed := map[int]bool{}
	longest := 0
	for _, partition := range info.PartialLinearizations() {
		for _, partial := range partition {
			longest = max(longest, len(partial))
			for _, id := range partial {
				placed[id] = true
			}
		}
	}
	message += fmt.Sprintf("; at most %d of %d operations have an order", longest, len(h.operations))
	// The first one to end is the one that stops the search.
	first := -1
	for id, operation := range h.operations {
		if !placed[id] && (first < 0 || operation.Return < h.operations[first].Return) {
			first = id
		}
	}
	if first >= 0 {
		operation := h.operations[first]
		message += fmt.Sprintf("; no place for %s of client %d", m.DescribeOperation(operation.Input, operation.Output), operation.ClientId)
	}
	return message
}

package main

import (
	"slices"
	"time"
	_ "unsafe" // for go:linkname

	"github.com/anishathalye/porcupine"
	"go.etcd.io/etcd/tests/v3/robustness/model"
	"go.etcd.io/etcd/tests/v3/robustness/report"
	_ "go.etcd.io/etcd/tests/v3/robustness/validate"
	"go.uber.org/zap"
)

// validate.ValidateAndReturnVisualize stops at the first broken guarantee, and does without the watches if the linearization takes
// too long. The validators that it calls have no exported names; each is called here by itself. go.sum pins their version.

//go:linkname validateFilter go.etcd.io/etcd/tests/v3/robustness/validate.validateFilter
func validateFilter(lg *zap.Logger, r report.ClientReport) error

//go:linkname validateOrdered go.etcd.io/etcd/tests/v3/robustness/validate.validateOrdered
func validateOrdered(lg *zap.Logger, r report.ClientReport) error

//go:linkname validateUnique go.etcd.io/etcd/tests/v3/robustness/validate.validateUnique
func validateUnique(lg *zap.Logger, expectUniqueRevision bool, r report.ClientReport) error

//go:linkname validateAtomic go.etcd.io/etcd/tests/v3/robustness/validate.validateAtomic
func validateAtomic(lg *zap.Logger, r report.ClientReport) error

//go:linkname validateBookmarkable go.etcd.io/etcd/tests/v3/robustness/validate.validateBookmarkable
func validateBookmarkable(lg *zap.Logger, r report.ClientReport) error

//go:linkname validateResumable go.etcd.io/etcd/tests/v3/robustness/validate.validateResumable
func validateResumable(lg *zap.Logger, replay *model.EtcdReplay, r report.ClientReport) error

//go:linkname validateIsCreate go.etcd.io/etcd/tests/v3/robustness/validate.validateIsCreate
func validateIsCreate(lg *zap.Logger, replay *model.EtcdReplay, r report.ClientReport) error

//go:linkname validateReliable go.etcd.io/etcd/tests/v3/robustness/validate.validateReliable
func validateReliable(lg *zap.Logger, replay *model.EtcdReplay, r report.ClientReport) error

//go:linkname validatePrevKV go.etcd.io/etcd/tests/v3/robustness/validate.validatePrevKV
func validatePrevKV(lg *zap.Logger, replay *model.EtcdReplay, r report.ClientReport) error

//go:linkname validateSerializableOperationsError go.etcd.io/etcd/tests/v3/robustness/validate.validateSerializableOperationsError
func validateSerializableOperationsError(lg *zap.Logger, operations []porcupine.Operation, replay *model.EtcdReplay) error

// judge runs all checks, each for itself.
func (h *history) judge(found *findings, limit time.Duration) []Verdict {
	lg := found.logger()
	verdicts := []Verdict{
		say(found, "linearization", len(h.operations), func() (string, string) { return h.linearization(limit) }),
	}
	replay := model.NewReplay(h.persisted)
	all := slices.Concat(h.watches, h.filtered)
	for _, check := range []struct {
		name     string
		reports  []report.ClientReport
		validate func(r report.ClientReport) error
	}{
		{"watch-filter", all, func(r report.ClientReport) error { return validateFilter(lg, r) }},
		{"watch-ordered", all, func(r report.ClientReport) error { return validateOrdered(lg, r) }},
		{"watch-unique", all, func(r report.ClientReport) error { return validateUnique(lg, false, r) }},
		{"watch-atomic", all, func(r report.ClientReport) error { return validateAtomic(lg, r) }},
		{"watch-bookmarkable", all, func(r report.ClientReport) error { return validateBookmarkable(lg, r) }},
		{"watch-resumable", h.watches, func(r report.ClientReport) error { return validateResumable(lg, replay, r) }},
		{"watch-reliable", h.watches, func(r report.ClientReport) error { return validateReliable(lg, replay, r) }},
		{"watch-prev-kv", all, func(r report.ClientReport) error { return validatePrevKV(lg, replay, r) }},
		{"watch-is-create", all, func(r report.ClientReport) error { return validateIsCreate(lg, replay, r) }},
	} {
		events := 0
		for _, r := range check.reports {
			events += r.WatchEventCount()
		}
		verdicts = append(verdicts, say(found, check.name, events, func() (string, string) {
			for _, r := range check.reports {
				if err := check.validate(r); err != nil {
					return ofError(err)
				}
			}
			return "ok", ""
		}))
	}
	return append(verdicts, say(found, "serializable", len(h.reads), func() (string, string) {
		return ofError(validateSerializableOperationsError(lg, h.reads, replay))
	}))
}

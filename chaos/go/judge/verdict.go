package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Verdict is the result of a check, one line of the output.
type Verdict struct {
	Check string `json:"check"`
	// Result is ok, violation or undecided.
	Result  string `json:"result"`
	Message string `json:"message,omitempty"`
	// Details are what the validator has logged of the first violations.
	Details []string `json:"details,omitempty"`
	// Count is how many operations or events it has judged.
	Count   int     `json:"count"`
	Seconds float64 `json:"seconds"`
}

// say runs a check, prints its verdict and returns it. A validator that panics, as some do at an event that never was, has found a
// violation.
func say(found *findings, name string, count int, check func() (result, message string)) Verdict {
	verdict := Verdict{Check: name, Count: count}
	found.lines = nil
	start := time.Now()
	func() {
		defer func() {
			if thrown := recover(); thrown != nil {
				verdict.Result, verdict.Message = "violation", fmt.Sprintf("the validator panicked: %v", thrown)
			}
		}()
		verdict.Result, verdict.Message = check()
	}()
	verdict.Seconds = time.Since(start).Seconds()
	if verdict.Result != "ok" {
		verdict.Details = found.lines
	}
	line, err := json.Marshal(verdict)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(out, "%s\n", line)
	return verdict
}

// ofError makes a result of what a validator of etcd returns.
func ofError(err error) (result, message string) {
	if err != nil {
		return "violation", err.Error()
	}
	return "ok", ""
}

func exitCode(verdicts []Verdict) int {
	code := 0
	for _, verdict := range verdicts {
		switch {
		case verdict.Result == "violation":
			return 1
		case verdict.Result == "undecided":
			code = 3
		}
	}
	return code
}

// findings keeps the first errors that etcd's validators log: they return one error for all events.
type findings struct {
	lines []string
}

const mostFindings = 5

func (f *findings) logger() *zap.Logger {
	return zap.New(&findingsCore{LevelEnabler: zapcore.ErrorLevel, found: f})
}

type findingsCore struct {
	zapcore.LevelEnabler
	found  *findings
	fields []zapcore.Field
}

func (c *findingsCore) With(fields []zapcore.Field) zapcore.Core {
	return &findingsCore{LevelEnabler: c.LevelEnabler, found: c.found, fields: append(c.fields, fields...)}
}

func (c *findingsCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

func (c *findingsCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	if len(c.found.lines) >= mostFindings {
		return nil
	}
	encoder := zapcore.NewMapObjectEncoder()
	for _, field := range append(c.fields, fields...) {
		field.AddTo(encoder)
	}
	var parts []string
	for name, value := range encoder.Fields {
		text, err := json.Marshal(value)
		if err != nil {
			text = []byte(fmt.Sprint(value))
		}
		parts = append(parts, fmt.Sprintf("%s=%s", name, text))
	}
	c.found.lines = append(c.found.lines, entry.Message+": "+strings.Join(parts, " "))
	return nil
}

func (c *findingsCore) Sync() error { return nil }

// Command judge lets etcd's own robustness validators judge a history.
//
//	judge log DIRECTORY...       prints what the members with these data directories have committed, one JSON value a line
//	judge check FOLDER SECONDS   judges the reports in the folder, prints one JSON line a check
//
// The folder has reports in the format of etcd's robustness tests: operations/client-N/operations.json, watches/client-N/watch.json,
// of watches with a filter filtered/client-N/watch.json, and of reads that may be stale reads/client-N/operations.json. Beside them, persisted.json has the requests that the cluster has
// committed, and scope.json says how many of these come before the operations.
//
// It exits with 1 if a check fails, 2 if it cannot read its input, 3 if the time is over before the linearization is decided.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// etcd's validators print differences to the standard output, which is for our lines.
var out = os.Stdout

func main() {
	os.Stdout = os.Stderr
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func run(arguments []string) (int, error) {
	if len(arguments) < 2 {
		return 2, errors.New("usage: judge log DIRECTORY... | judge check FOLDER SECONDS")
	}
	found := &findings{}
	switch arguments[0] {
	case "log":
		if err := printLog(found.logger(), out, arguments[1:]); err != nil {
			return 2, err
		}
		return 0, nil
	case "check":
		if len(arguments) != 3 {
			return 2, errors.New("usage: judge check FOLDER SECONDS")
		}
		seconds, err := strconv.Atoi(arguments[2])
		if err != nil {
			return 2, err
		}
		history, err := load(arguments[1])
		if err != nil {
			return 2, err
		}
		verdicts := history.judge(found, time.Duration(seconds)*time.Second)
		return exitCode(verdicts), nil
	default:
		return 2, fmt.Errorf("no such command: %q", arguments[0])
	}
}

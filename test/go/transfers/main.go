// Program transfers moves money between accounts by clientv3's STM, for a number of seconds, and prints a line of JSON. It does
// what test/src/concurrency/transfers/worker.ts does by transact, with the same keys.
//
//	transfers <endpoints> <prefix> <round> <seconds>
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	"go.uber.org/zap"
)

const (
	accounts = 50
	workers  = 16
)

type result struct {
	Committed []string `json:"committed"`
	Unknown   []string `json:"unknown"`
	Refused   []string `json:"refused"`
	Conflicts int      `json:"conflicts"`
	CPUMillis float64  `json:"cpuMillis"`
}

func main() {
	endpoints, prefix, round := strings.Split(os.Args[1], ","), os.Args[2], os.Args[3]
	seconds, err := strconv.ParseFloat(os.Args[4], 64)
	check(err)
	client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, Logger: zap.NewNop()})
	check(err)
	defer client.Close()
	_, err = client.Get(context.Background(), prefix)
	check(err)

	all := result{Committed: []string{}, Unknown: []string{}, Refused: []string{}}
	before := cpuMillis()
	until := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	var guard sync.Mutex
	var group sync.WaitGroup
	for worker := 0; worker < workers; worker++ {
		group.Add(1)
		go func(worker int) {
			defer group.Done()
			for n := 0; time.Now().Before(until); n++ {
				id := fmt.Sprintf("%s-%d-%d", round, worker, n)
				runs, err := transfer(client, prefix, id)
				guard.Lock()
				// An error of clientv3 does not say whether the commit was applied.
				if err == nil {
					all.Committed = append(all.Committed, id)
				} else {
					all.Unknown = append(all.Unknown, id)
				}
				all.Conflicts += max(0, runs-1)
				guard.Unlock()
			}
		}(worker)
	}
	group.Wait()
	all.CPUMillis = cpuMillis() - before
	check(json.NewEncoder(os.Stdout).Encode(all))
}

// transfer moves money from one account to another one, and notes that in the ledger. It returns how often its body ran.
func transfer(client *clientv3.Client, prefix, id string) (int, error) {
	from := rand.Intn(accounts)
	to := (from + 1 + rand.Intn(accounts-1)) % accounts
	most := 1 + rand.Intn(10)
	runs := 0
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := concurrency.NewSTM(client, func(stm concurrency.STM) error {
		runs++
		source, target := balance(stm, prefix, from), balance(stm, prefix, to)
		amount := min(source, most)
		stm.Put(fmt.Sprintf("%saccount/%d", prefix, from), strconv.Itoa(source-amount))
		stm.Put(fmt.Sprintf("%saccount/%d", prefix, to), strconv.Itoa(target+amount))
		stm.Put(fmt.Sprintf("%sledger/%s", prefix, id), fmt.Sprintf("%d %d %d", from, to, amount))
		return nil
	}, concurrency.WithAbortContext(ctx))
	return runs, err
}

func balance(stm concurrency.STM, prefix string, account int) int {
	value, _ := strconv.Atoi(stm.Get(fmt.Sprintf("%saccount/%d", prefix, account)))
	return value
}

func cpuMillis() float64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

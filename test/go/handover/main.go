// Program handover measures how long a lock of clientv3 takes from the start of its unlock to the return of the next lock, between two
// clients. It prints the microseconds of each handover as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

func main() {
	count, err := strconv.Atoi(os.Args[2])
	check(err)
	ctx := context.Background()
	var mutexes [2]*concurrency.Mutex
	for i := range mutexes {
		client, err := clientv3.New(clientv3.Config{Endpoints: os.Args[1:2]})
		check(err)
		session, err := concurrency.NewSession(client)
		check(err)
		mutexes[i] = concurrency.NewMutex(session, os.Args[3])
	}
	check(mutexes[0].Lock(ctx))
	micros := make([]int64, count)
	for i := range micros {
		holder, waiter := mutexes[i%2], mutexes[(i+1)%2]
		locked := make(chan error)
		go func() { locked <- waiter.Lock(ctx) }()
		// The waiter has put its key and watches by then.
		time.Sleep(10 * time.Millisecond)
		begun := time.Now()
		go func() { check(holder.Unlock(ctx)) }()
		check(<-locked)
		micros[i] = time.Since(begun).Microseconds()
	}
	line, err := json.Marshal(micros)
	check(err)
	fmt.Println(string(line))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

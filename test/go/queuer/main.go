// Program queuer uses the queues of clientv3's recipes:
//
//	queuer <endpoint> queue|priority <name> enqueue <value>... (for a priority queue: <priority>=<value>)
//	queuer <endpoint> queue|priority <name> dequeue <count>
//
// It prints what it dequeues, one line each.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
	recipe "go.etcd.io/etcd/client/v3/experimental/recipes"
)

func main() {
	client, err := clientv3.New(clientv3.Config{Endpoints: os.Args[1:2]})
	check(err)
	defer client.Close()
	kind, name, do, rest := os.Args[2], os.Args[3], os.Args[4], os.Args[5:]
	plain := recipe.NewQueue(client, name)
	byPriority := recipe.NewPriorityQueue(client, name)
	if do == "enqueue" {
		for _, text := range rest {
			if kind == "queue" {
				check(plain.Enqueue(text))
				continue
			}
			priority, value, _ := strings.Cut(text, "=")
			number, err := strconv.ParseUint(priority, 10, 16)
			check(err)
			check(byPriority.Enqueue(value, uint16(number)))
		}
		return
	}
	count, err := strconv.Atoi(rest[0])
	check(err)
	for i := 0; i < count; i++ {
		dequeue := plain.Dequeue
		if kind == "priority" {
			dequeue = byPriority.Dequeue
		}
		value, err := dequeue()
		check(err)
		fmt.Println(value)
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

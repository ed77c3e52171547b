// Program barrier does one thing with a barrier of clientv3's recipes, and prints a line when it is done.
//
//	barrier <endpoint> hold|release|wait <key>
//	barrier <endpoint> participate <key> <count>
//
// A participant of a double barrier enters, prints a line, waits for a line of its input, leaves, and prints another line.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	recipe "go.etcd.io/etcd/client/v3/experimental/recipes"
)

func main() {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{os.Args[1]}})
	check(err)
	defer client.Close()
	barrier := recipe.NewBarrier(client, os.Args[3])
	switch os.Args[2] {
	case "hold":
		check(barrier.Hold())
		fmt.Println("held")
	case "release":
		check(barrier.Release())
		fmt.Println("released")
	case "wait":
		check(barrier.Wait())
		fmt.Println("waited")
	case "participate":
		participate(client)
	}
}

func participate(client *clientv3.Client) {
	count, err := strconv.Atoi(os.Args[4])
	check(err)
	session, err := concurrency.NewSession(client)
	check(err)
	defer session.Close()
	barrier := recipe.NewDoubleBarrier(session, os.Args[3], count)
	check(barrier.Enter())
	fmt.Println("entered")
	bufio.NewScanner(os.Stdin).Scan()
	check(barrier.Leave())
	fmt.Println("left")
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// Serves grpc's interop test service, as grpc-go has it, on a free port of loopback.
//
// Prints the port, then the test metadata of each call that has some, as JSON. It ends with its input; a line with `stop` stops it
// gracefully before.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
)

var printing sync.Mutex

func print(thing any) {
	text, err := json.Marshal(thing)
	if err != nil {
		panic(err)
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(text))
}

func note(ctx context.Context) {
	received, _ := metadata.FromIncomingContext(ctx)
	tests := map[string][]byte{}
	for name, values := range received {
		if strings.HasPrefix(name, "x-") {
			tests[name] = []byte(strings.Join(values, "|"))
		}
	}
	if len(tests) > 0 {
		print(tests)
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(
		grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			note(ctx)
			return next(ctx, req)
		}),
		grpc.StreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			note(stream.Context())
			return next(srv, stream)
		}),
		grpc.MaxRecvMsgSize(64<<20),
	)
	testpb.RegisterTestServiceServer(server, interop.NewTestServer())
	print(map[string]int{"port": listener.Addr().(*net.TCPAddr).Port})
	go func() {
		input := bufio.NewScanner(os.Stdin)
		for input.Scan() {
			if input.Text() == "stop" {
				server.GracefulStop()
			}
		}
		os.Exit(0)
	}()
	server.Serve(listener)
	select {}
}

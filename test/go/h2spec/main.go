// Without an argument: serves h2spec's tests of clients, each on a port of its own, for clients that choose when to connect.
// Prints one line of JSON for each test with its port, then one for each test that has ended, with its error if it failed. It
// ends with its input.
//
// With a port: runs h2spec's tests of servers, the strict ones as well, against the server at this port of the machine. Prints one
// line of JSON for each test that has ended, with its error if it failed, or whether it did not apply, and ends.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/summerwind/h2spec/client"
	"github.com/summerwind/h2spec/config"
	"github.com/summerwind/h2spec/generic"
	"github.com/summerwind/h2spec/hpack"
	h2 "github.com/summerwind/h2spec/http2"
	"github.com/summerwind/h2spec/spec"
	"golang.org/x/net/http2"
)

type line struct {
	Test  string `json:"test"`
	Port  int    `json:"port"`
	Ended bool   `json:"ended,omitempty"`
	// The server does not do what the test is about.
	Skipped bool   `json:"skipped,omitempty"`
	Error   string `json:"error,omitempty"`
}

var printing sync.Mutex

func print(one line) {
	text, err := json.Marshal(one)
	if err != nil {
		panic(err)
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(text))
}

// What a test expects, and what it has seen. The message of h2spec's own errors is empty.
func reason(err error) string {
	if failed, ok := err.(*spec.TestError); ok {
		return fmt.Sprintf("expected %q, got %s", failed.Expected, failed.Actual)
	}
	return err.Error()
}

// A connection on which answers are those of gRPC: h2spec's have no content type, and a client of gRPC ends such a call at once,
// before the test has begun. Everything else leaves as it is.
type grpcConn struct {
	net.Conn
}

// content-type: application/grpc, as a literal that changes no table.
const contentType = "\x0f\x10\x10application/grpc"

func (conn grpcConn) Write(bytes []byte) (int, error) {
	const header = 9
	isAnswer := len(bytes) > header && bytes[3] == byte(http2.FrameHeaders) && bytes[header] == 0x88 &&
		http2.Flags(bytes[4])&^http2.FlagHeadersEndStream == http2.FlagHeadersEndHeaders &&
		int(bytes[0])<<16|int(bytes[1])<<8|int(bytes[2]) == len(bytes)-header
	if !isAnswer {
		return conn.Conn.Write(bytes)
	}
	length := len(bytes) - header + len(contentType)
	changed := append([]byte{byte(length >> 16), byte(length >> 8), byte(length)}, bytes[3:]...)
	_, err := conn.Conn.Write(append(changed, contentType...))
	return len(bytes), err
}

// The first connection to a port decides its test. There is no second one.
func serve(listener net.Listener, one line, test *spec.ClientTestCase, settings *config.Config) {
	socket, err := listener.Accept()
	listener.Close()
	if err != nil {
		return
	}
	conn, err := spec.Accept(settings, grpcConn{socket})
	if err == nil {
		err = test.Run(settings, conn)
	}
	one.Ended = true
	if err != nil {
		one.Error = reason(err)
	}
	print(one)
	if err == nil && !conn.Closed {
		conn.WriteGoAway(0, http2.ErrCodeNo, nil)
		time.Sleep(100 * time.Millisecond)
	}
	socket.Close()
}

func start(group *spec.ClientTestGroup, settings *config.Config) {
	for _, test := range group.Tests {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		name := fmt.Sprintf("%s/%d %s", group.ID(), test.Seq, test.Desc)
		one := line{Test: name, Port: listener.Addr().(*net.TCPAddr).Port}
		print(one)
		go serve(listener, one, test, settings)
	}
	for _, inner := range group.Groups {
		start(inner, settings)
	}
}

// Runs the tests of a group side by side, some at a time: each waits for what the server may do wrongly.
var slots = make(chan bool, 24)

func ask(group *spec.TestGroup, settings *config.Config, running *sync.WaitGroup) {
	for i, test := range append(append([]*spec.TestCase{}, group.Tests...), group.StrictTests...) {
		one := line{Test: fmt.Sprintf("%s/%d %s", group.ID(), i+1, test.Desc), Port: settings.Port, Ended: true}
		running.Add(1)
		go func() {
			defer running.Done()
			slots <- true
			defer func() { <-slots }()
			conn, err := spec.Dial(settings)
			if err == nil {
				err = test.Run(settings, conn)
				conn.Close()
			}
			if err == spec.ErrSkipped {
				one.Skipped = true
			} else if err != nil {
				one.Error = reason(err)
			}
			print(one)
		}()
	}
	for _, inner := range group.Groups {
		ask(inner, settings, running)
	}
}

func main() {
	settings := &config.Config{Host: "127.0.0.1", Path: "/", Timeout: 2 * time.Second, MaxHeaderLen: 4000, Strict: true}
	if len(os.Args) < 2 {
		start(client.Spec(), settings)
		io.Copy(io.Discard, os.Stdin)
		return
	}
	if _, err := fmt.Sscan(os.Args[1], &settings.Port); err != nil {
		panic(err)
	}
	// A server on a busy machine answers late.
	settings.Timeout = 5 * time.Second
	var running sync.WaitGroup
	for _, group := range []*spec.TestGroup{generic.Spec(), h2.Spec(), hpack.Spec()} {
		ask(group, settings, &running)
	}
	running.Wait()
}

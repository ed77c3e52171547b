// Program contender takes part in locks and elections by clientv3's package concurrency, as lines of its input command. Each
// command runs on its own; its answer is a line of JSON with the number of the command.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

type command struct {
	ID      int    `json:"id"`
	Do      string `json:"do"`
	Session string `json:"session"`
	Name    string `json:"name"`
	Value   string `json:"value"`
	TTL     int    `json:"ttl"`
}

type answer struct {
	ID       int    `json:"id"`
	Error    string `json:"error,omitempty"`
	Key      string `json:"key,omitempty"`
	Value    string `json:"value,omitempty"`
	Revision int64  `json:"revision,omitempty"`
	Busy     bool   `json:"busy,omitempty"`
	Lost     bool   `json:"lost,omitempty"`
}

type state struct {
	client    *clientv3.Client
	guard     sync.Mutex
	sessions  map[string]*concurrency.Session
	mutexes   map[string]*concurrency.Mutex
	elections map[string]*concurrency.Election
	print     sync.Mutex
}

func main() {
	client, err := clientv3.New(clientv3.Config{Endpoints: os.Args[1:]})
	if err != nil {
		panic(err)
	}
	s := &state{
		client:    client,
		sessions:  map[string]*concurrency.Session{},
		mutexes:   map[string]*concurrency.Mutex{},
		elections: map[string]*concurrency.Election{},
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			panic(err)
		}
		go func() {
			a, err := s.run(context.Background(), c)
			if err != nil {
				a.Error = err.Error()
			}
			s.show(c.ID, a)
		}()
	}
}

func (s *state) show(id int, a answer) {
	a.ID = id
	line, _ := json.Marshal(a)
	s.print.Lock()
	defer s.print.Unlock()
	fmt.Println(string(line))
}

func (s *state) run(ctx context.Context, c command) (answer, error) {
	switch c.Do {
	case "session":
		session, err := concurrency.NewSession(s.client, concurrency.WithTTL(c.TTL))
		if err != nil {
			return answer{}, err
		}
		s.guard.Lock()
		s.sessions[c.Session] = session
		s.guard.Unlock()
		return answer{Key: fmt.Sprintf("%x", session.Lease())}, nil
	case "close":
		return answer{}, s.session(c).Close()
	case "lock":
		m := s.mutex(c)
		if err := m.Lock(ctx); err != nil {
			return answer{}, err
		}
		return s.holds(ctx, m.Key())
	case "tryLock":
		m := s.mutex(c)
		err := m.TryLock(ctx)
		if errors.Is(err, concurrency.ErrLocked) {
			return answer{Busy: true}, nil
		}
		if err != nil {
			return answer{}, err
		}
		return s.holds(ctx, m.Key())
	case "unlock":
		return answer{}, s.mutex(c).Unlock(ctx)
	case "campaign":
		e := s.election(c)
		if err := e.Campaign(ctx, c.Value); err != nil {
			return answer{}, err
		}
		return answer{Key: e.Key(), Revision: e.Rev()}, nil
	case "proclaim":
		return answer{}, s.election(c).Proclaim(ctx, c.Value)
	case "resign":
		return answer{}, s.election(c).Resign(ctx)
	case "observe":
		for response := range s.election(c).Observe(ctx) {
			kv := response.Kvs[0]
			s.show(c.ID, answer{Key: string(kv.Key), Value: string(kv.Value), Revision: kv.CreateRevision})
		}
		return answer{Lost: true}, nil
	}
	return answer{}, fmt.Errorf("there is no command %q", c.Do)
}

// holds reads the create revision of a key that the mutex was just given.
func (s *state) holds(ctx context.Context, key string) (answer, error) {
	response, err := s.client.Get(ctx, key)
	if err != nil || len(response.Kvs) == 0 {
		return answer{Key: key, Lost: true}, err
	}
	return answer{Key: key, Revision: response.Kvs[0].CreateRevision}, nil
}

func (s *state) session(c command) *concurrency.Session {
	s.guard.Lock()
	defer s.guard.Unlock()
	return s.sessions[c.Session]
}

func (s *state) mutex(c command) *concurrency.Mutex {
	session := s.session(c)
	s.guard.Lock()
	defer s.guard.Unlock()
	id := c.Session + " " + c.Name
	if s.mutexes[id] == nil {
		s.mutexes[id] = concurrency.NewMutex(session, c.Name)
	}
	return s.mutexes[id]
}

func (s *state) election(c command) *concurrency.Election {
	session := s.session(c)
	s.guard.Lock()
	defer s.guard.Unlock()
	id := c.Session + " " + c.Name
	if s.elections[id] == nil {
		s.elections[id] = concurrency.NewElection(session, c.Name)
	}
	return s.elections[id]
}

// Porcupine's half of scripts/bench-porcupine: checks one history of JSON lines and prints one JSON object.
// Reading is not timed.
//
//	porcupine-bench MODEL FILE TIMEOUT-SECONDS [INITIAL]
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

type line struct {
	Client int    `json:"client"`
	Call   int64  `json:"call"`
	Return *int64 `json:"return"`
	Op     struct {
		F     string          `json:"f"`
		Key   json.RawMessage `json:"key"`
		Value json.RawMessage `json:"value"`
		From  json.RawMessage `json:"from"`
		To    json.RawMessage `json:"to"`
	} `json:"op"`
	Output json.RawMessage `json:"output"`
}

type input struct {
	f, key, value, from, to string
}

// What was answered; nobody knows if there was no answer.
type output struct {
	known bool
	value string
}

const null = "null"

func raw(message json.RawMessage) string {
	if len(message) == 0 {
		return null
	}
	return string(message)
}

// A JSON string without its quotes, for appending.
func text(value string) string {
	if value == null {
		return ""
	}
	var inner string
	if json.Unmarshal([]byte(value), &inner) == nil {
		return inner
	}
	return value
}

func quoted(inner string) string {
	encoded, _ := json.Marshal(inner)
	return string(encoded)
}

func byKey(history []porcupine.Operation) [][]porcupine.Operation {
	parts := map[string][]porcupine.Operation{}
	for _, operation := range history {
		key := operation.Input.(input).key
		parts[key] = append(parts[key], operation)
	}
	keys := make([]string, 0, len(parts))
	for key := range parts {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	all := make([][]porcupine.Operation, 0, len(keys))
	for _, key := range keys {
		all = append(all, parts[key])
	}
	return all
}

func register(initial string) porcupine.Model {
	return porcupine.Model{
		Partition: byKey,
		Init:      func() interface{} { return initial },
		Step: func(state, in, out interface{}) (bool, interface{}) {
			held, i, o := state.(string), in.(input), out.(output)
			switch i.f {
			case "read", "get":
				return !o.known || o.value == held, held
			case "write", "put":
				return true, i.value
			case "append":
				return true, quoted(text(held) + text(i.value))
			case "delete":
				return true, null
			case "cas":
				if held == i.from {
					return !o.known || o.value == "true", i.to
				}
				return !o.known || o.value == "false", held
			}
			return false, held
		},
	}
}

// A queue or a stack: values with commas between them, the oldest first.
func sequence(last bool) porcupine.Model {
	return porcupine.Model{
		Partition: byKey,
		Init:      func() interface{} { return "" },
		Step: func(state, in, out interface{}) (bool, interface{}) {
			held, i, o := state.(string), in.(input), out.(output)
			switch i.f {
			case "enq", "push":
				return true, held + i.value + ","
			case "deq", "pop":
				if held == "" {
					return !o.known || o.value == null, held
				}
				inner := held[:len(held)-1]
				if last {
					at := strings.LastIndexByte(inner, ',') + 1
					return !o.known || o.value == inner[at:], held[:at]
				}
				at := strings.IndexByte(held, ',')
				return !o.known || o.value == held[:at], held[at+1:]
			}
			return false, held
		},
	}
}

func read(path string) ([]porcupine.Operation, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	scanner.Buffer(make([]byte, 1<<20), 1<<26)
	var history []porcupine.Operation
	for scanner.Scan() {
		var l line
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(history)+1, err)
		}
		end, out := int64(math.MaxInt64), output{}
		if l.Return != nil {
			end, out = *l.Return, output{true, raw(l.Output)}
		}
		history = append(history, porcupine.Operation{
			ClientId: l.Client,
			Input:    input{l.Op.F, raw(l.Op.Key), raw(l.Op.Value), raw(l.Op.From), raw(l.Op.To)},
			Call:     l.Call,
			Output:   out,
			Return:   end,
		})
	}
	return history, scanner.Err()
}

func peakKb() int {
	status, _ := os.ReadFile("/proc/self/status")
	for _, l := range strings.Split(string(status), "\n") {
		if fields := strings.Fields(l); len(fields) > 1 && fields[0] == "VmHWM:" {
			kb, _ := strconv.Atoi(fields[1])
			return kb
		}
	}
	return 0
}

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "porcupine-bench MODEL FILE TIMEOUT-SECONDS [INITIAL]")
		os.Exit(2)
	}
	seconds, err := strconv.Atoi(os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	initial := null
	if len(os.Args) > 4 {
		initial = quoted(os.Args[4])
	}
	var model porcupine.Model
	switch os.Args[1] {
	case "register", "cas-register", "kv":
		model = register(initial)
	case "queue":
		model = sequence(false)
	case "stack":
		model = sequence(true)
	default:
		fmt.Fprintln(os.Stderr, "no model", os.Args[1])
		os.Exit(2)
	}
	history, err := read(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, os.Args[2], err)
		os.Exit(2)
	}
	var nanos []int64
	var verdict porcupine.CheckResult
	began := time.Now()
	for {
		before := time.Now()
		verdict = porcupine.CheckOperationsTimeout(model, history, time.Duration(seconds)*time.Second)
		nanos = append(nanos, time.Since(before).Nanoseconds())
		if len(nanos) >= 50 || time.Since(began) > time.Second {
			break
		}
	}
	sort.Slice(nanos, func(a, b int) bool { return nanos[a] < nanos[b] })
	word := map[porcupine.CheckResult]string{porcupine.Ok: "ok", porcupine.Illegal: "illegal"}[verdict]
	if word == "" {
		word = "unknown"
	}
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"operations": len(history), "verdict": word, "nanos": nanos[len(nanos)/2], "peak_kb": peakKb(),
	})
}

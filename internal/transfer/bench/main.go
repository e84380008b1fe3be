// Command bench measures a transfer on a real cluster, beside what else there is: kubectl cp,
// kubectl exec with tar, the bare stream, and tar on the node's own disk. Every row is the median
// of the rounds of one run, the ways by turns, so that a busy machine is unfair to none.
//
//	go run ./internal/transfer/bench -image 127.0.0.1:5001/transfer:1
//
// It needs KUBECONFIG, kubectl, an image with sh, tar, gzip and coreutils, and the storage classes
// it is given. Everything it makes is in one namespace, which it deletes at the end.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) > 1 && os.Args[1] == "send" {
		return report(send(ctx, os.Args[2:]))
	}
	b := &bench{}
	flag.StringVar(&b.image, "image", "127.0.0.1:5001/transfer:1", "image of the pod")
	flag.StringVar(&b.namespace, "namespace", "transfer-bench", "namespace to make and delete")
	flag.StringVar(&b.class, "class", "lab", "storage class")
	flag.StringVar(&b.slowClass, "slow-class", "lab-slow", "storage class of a slow file system")
	flag.IntVar(&b.rounds, "rounds", 3, "rounds of every row")
	flag.IntVar(&b.apiserver, "apiserver", 0, "process id of the API server, if it runs on this machine")
	cases := flag.String("cases", "large,small,slow,cut,memory", "what to measure")
	flag.Parse()
	b.cases = strings.Split(*cases, ",")
	if b.apiserver == 0 {
		b.apiserver = findProcess("kube-apiserver")
	}
	return report(b.run(ctx))
}

func report(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// bench is one run.
type bench struct {
	image, namespace, class, slowClass string

	rounds, apiserver int
	cases             []string
	dir, self         string
	dirs              int
}

func (b *bench) run(ctx context.Context) error {
	var err error
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "transfer-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := b.makePod(ctx); err != nil {
		return err
	}
	defer b.deletePod()
	measure := map[string]func(context.Context) error{
		"large": b.large, "small": b.small, "slow": b.slow, "cut": b.cut, "memory": b.memory,
	}
	for _, name := range slices.Compact(b.cases) {
		one, known := measure[name]
		if !known {
			return fmt.Errorf("no case is called %q", name)
		}
		if err := one(ctx); err != nil {
			return fmt.Errorf("case %s: %w", name, err)
		}
	}
	return nil
}

// Looks up each name that stands on a line of standard input with Go's own resolver, and prints a line with the name, then its
// addresses or what the error is.
//
//	lookups LOOKUPS < NAMES
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
)

func lookUp(name string) string {
	resolver := net.Resolver{PreferGo: true}
	addresses, err := resolver.LookupIPAddr(context.Background(), name)
	if err != nil {
		var dns *net.DNSError
		if errors.As(err, &dns) && dns.IsNotFound {
			return name + " notfound\n"
		}
		return name + " failed\n"
	}
	texts := []string{name}
	for _, address := range addresses {
		texts = append(texts, address.String())
	}
	return strings.Join(texts, " ") + "\n"
}

func main() {
	most, err := strconv.Atoi(os.Args[1])
	if err != nil {
		os.Exit(1)
	}
	places := make(chan struct{}, most)
	var all sync.WaitGroup
	var printing sync.Mutex
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		name := lines.Text()
		places <- struct{}{}
		all.Add(1)
		go func() {
			defer all.Done()
			line := lookUp(name)
			printing.Lock()
			fmt.Print(line)
			printing.Unlock()
			<-places
		}()
	}
	all.Wait()
}

// Asks Go: golang.org/x/mod/semver for modules, go/version for texts that begin with "go".
// Reads `a<TAB>b` lines, prints <, = or > for each, ? where a version is refused.
package main

import (
	"bufio"
	"fmt"
	"go/version"
	"os"
	"strings"

	"golang.org/x/mod/semver"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		a, b, _ := strings.Cut(in.Text(), "\t")
		fmt.Fprintln(out, compare(a, b))
	}
}

func compare(a, b string) string {
	if strings.HasPrefix(a, "go") && strings.HasPrefix(b, "go") {
		if !version.IsValid(a) || !version.IsValid(b) {
			return "?"
		}
		return sign(version.Compare(a, b))
	}
	a, b = withV(a), withV(b)
	if !semver.IsValid(a) || !semver.IsValid(b) {
		return "?"
	}
	return sign(semver.Compare(a, b))
}

// Records of the Go feed leave the v away.
func withV(text string) string {
	if strings.HasPrefix(text, "v") {
		return text
	}
	return "v" + text
}

func sign(order int) string {
	return string("<=>"[order+1])
}

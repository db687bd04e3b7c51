// SPDX-License-Identifier: MIT
// What libstatic.c does, in Go, which makes its system calls itself.
package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func must(err error) {
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

func sum(data []byte) string {
	var sum uint64 = 5381
	for _, c := range data {
		sum = sum*33 + uint64(c)
	}
	return strconv.FormatUint(sum, 16)
}

func read(top string) {
	must(filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || strings.HasPrefix(path, top+"/c/") {
			return err
		}
		data, err := os.ReadFile(path)
		os.Stdout.WriteString(strconv.Itoa(len(data)) + " " + sum(data) + " " + path[len(top):] + "\n")
		return err
	}))
}

func write(dir string) {
	must(os.Chdir(dir))
	must(os.Mkdir("folder", 0755))
	must(os.WriteFile("new", []byte("written by "), 0644))
	file, err := os.OpenFile("new", os.O_APPEND|os.O_WRONLY, 0644)
	must(err)
	_, err = file.WriteString("a static program\n")
	must(err)
	must(file.Close())
	data, err := os.ReadFile("new")
	must(err)
	if string(data) != "written by a static program\n" {
		must(errors.New("read back: " + string(data)))
	}
	must(os.Rename("new", "folder/renamed"))
	must(os.WriteFile("gone", nil, 0644))
	must(os.Remove("gone"))
	if _, err = os.Stat("gone"); !os.IsNotExist(err) {
		must(errors.New("gone is still there"))
	}
}

func main() {
	if os.Args[2] == "write" {
		write(os.Args[1])
	} else {
		read(os.Args[1])
	}
}

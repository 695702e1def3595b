// Renders a Helm chart with what Helm itself renders with, Go's templates and sprig, for want of Helm:
//
//	render <chart folder> <values file>
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"github.com/ghodss/yaml"
)

type table = map[string]interface{}

func main() {
	chart, given := os.Args[1], os.Args[2]
	values := load(filepath.Join(chart, "values.yaml"))
	for name, value := range load(given) {
		values[name] = value
	}
	about := load(filepath.Join(chart, "Chart.yaml"))
	context := table{
		"Values":  values,
		"Chart":   table{"Name": about["name"], "Version": about["version"], "AppVersion": about["appVersion"]},
		"Release": table{"Name": "acme", "Service": "Helm"},
	}
	all := template.New("chart").Option("missingkey=zero")
	all.Funcs(functions(all))
	paths, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	check(err)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		check(err)
		template.Must(all.New(path).Parse(string(text)))
	}
	for _, path := range paths {
		if strings.HasSuffix(path, ".yaml") {
			fmt.Println("---")
			check(all.ExecuteTemplate(os.Stdout, path, context))
		}
	}
}

// What Helm adds to sprig, as far as the chart uses it.
func functions(all *template.Template) template.FuncMap {
	known := sprig.TxtFuncMap()
	known["toYaml"] = func(value interface{}) (string, error) {
		text, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	known["include"] = func(name string, context interface{}) (string, error) {
		var text bytes.Buffer
		err := all.ExecuteTemplate(&text, name, context)
		return text.String(), err
	}
	known["required"] = func(message string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return nil, errors.New(message)
		}
		return value, nil
	}
	return known
}

func load(path string) table {
	text, err := os.ReadFile(path)
	check(err)
	values := table{}
	check(yaml.Unmarshal(text, &values))
	return values
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

//go:build tools

// Package prometheus pins the Prometheus server and promtool that the integration tests run.
package prometheus

import (
	_ "github.com/prometheus/prometheus/cmd/prometheus"
	_ "github.com/prometheus/prometheus/cmd/promtool"
)

//go:build tools

// Package jaeger pins the Jaeger server that the integration tests run.
package jaeger

import _ "github.com/jaegertracing/jaeger/cmd/jaeger"

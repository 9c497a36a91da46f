//! The library against the real Collector, Jaeger and Prometheus.

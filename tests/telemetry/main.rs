//! Telemetry set up from variables, against a real HTTP server: what arrives where, and what
//! happens when nothing does.

#[cfg(test)]
#[cfg(unix)]
mod fast_lane;
#[cfg(test)]
mod misbehaviour;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod server;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tls;

#[cfg(test)]
mod tests {
    use crate::server::{Answer, Server};
    use crate::support::{LONG, builder, closed_port, make_span, spans, telemetry};
    use loopscope::telemetry::{DeliveryError, WithTraceIds};
    use opentelemetry::metrics::MeterProvider;
    use opentelemetry::trace::{Span, TraceContextExt, Tracer, TracerProvider};
    use opentelemetry::{Context, KeyValue};
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use prost::Message;
    use std::io::Read;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;
    use tracing_subscriber::layer::SubscriberExt;

    fn attribute(resource: Option<Resource>, name: &str) -> Option<String> {
        use opentelemetry_proto::tonic::common::v1::any_value::Value;
        let attributes = resource?.attributes;
        let found = attributes
            .into_iter()
            .find(|attribute| attribute.key == name)?;
        match found.value?.value? {
            Value::StringValue(text) => Some(text),
            other => Some(format!("{other:?}")),
        }
    }

    #[test]
    fn spans_arrive_at_their_path_with_headers_and_resource() {
        let server = Server::start(Answer::Status(200));
        let telemetry = telemetry(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &server.address),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20token"),
            ("OTEL_SERVICE_NAME", "shop"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,team=a%2Cb"),
        ]);
        make_span(&telemetry);
        telemetry.shutdown().unwrap();

        let request = server.next("/v1/traces");
        assert_eq!(request.header("authorization"), Some("Bearer token"));
        assert_eq!(
            request.header("content-type"),
            Some("application/x-protobuf")
        );
        let resource = spans(&request).resource_spans.remove(0).resource;
        assert_eq!(
            attribute(resource.clone(), "service.name").as_deref(),
            Some("shop")
        );
        assert_eq!(attribute(resource.clone(), "team").as_deref(), Some("a,b"));
        assert_eq!(
            attribute(resource, "service.instance.id").unwrap().len(),
            36
        );
    }

    #[test]
    fn metrics_arrive() {
        let server = Server::start(Answer::Status(200));
        let telemetry = telemetry(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &server.address)]);
        telemetry
            .meter_provider()
            .meter("test")
            .u64_counter("things")
            .build()
            .add(3, &[]);
        telemetry.shutdown().unwrap();
        let metrics = server.next("/v1/metrics");
        let metrics = ExportMetricsServiceRequest::decode(&*metrics.body).unwrap();
        let scopes = &metrics.resource_metrics[0].scope_metrics;
        let mut names = scopes
            .iter()
            .flat_map(|scope| &scope.metrics)
            .map(|metric| &metric.name);
        assert!(names.any(|name| name == "things"), "{metrics:?}");
    }

    #[test]
    fn log_records_carry_the_ids_of_their_trace() {
        let server = Server::start(Answer::Status(200));
        let telemetry = telemetry(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &server.address)]);
        let span = telemetry.tracer_provider().tracer("test").start("a span");
        let context = Context::current_with_span(span);
        let ids = context.span().span_context().clone();
        let subscriber = tracing_subscriber::registry().with(telemetry.log_layer());
        tracing::subscriber::with_default(subscriber, || {
            let _attached = context.attach();
            tracing::info!("hello");
            tracing::info!(target: "opentelemetry_sdk", "of the exporters' own: left out");
        });
        telemetry.shutdown().unwrap();
        let request = server.next("/v1/logs");
        let logs = ExportLogsServiceRequest::decode(&*request.body).unwrap();
        let records = &logs.resource_logs[0].scope_logs[0].log_records;
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].trace_id, ids.trace_id().to_bytes());
        assert_eq!(records[0].span_id, ids.span_id().to_bytes());
    }

    #[test]
    fn bodies_are_compressed_where_asked() {
        let server = Server::start(Answer::Status(200));
        let telemetry = telemetry(&[
            (
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                &format!("{}/mine", server.address),
            ),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_METRICS_EXPORTER", "none"),
            ("OTEL_LOGS_EXPORTER", "none"),
        ]);
        make_span(&telemetry);
        telemetry.shutdown().unwrap();
        let mut request = server.next("/mine");
        assert_eq!(request.header("content-encoding"), Some("gzip"));
        let mut body = Vec::new();
        flate2::read::GzDecoder::new(&*request.body)
            .read_to_end(&mut body)
            .unwrap();
        request.body = body;
        assert_eq!(
            spans(&request).resource_spans[0].scope_spans[0].spans[0].name,
            "a span"
        );
    }

    #[test]
    fn disabled_telemetry_sends_nothing() {
        let server = Server::start(Answer::Status(200));
        let telemetry = telemetry(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &server.address),
            ("OTEL_SDK_DISABLED", "true"),
        ]);
        let mut span = telemetry.tracer_provider().tracer("test").start("a span");
        assert!(!span.is_recording());
        span.end();
        telemetry.shutdown().unwrap();
        assert!(server.is_untouched());
    }

    #[test]
    fn the_global_providers_are_set_only_when_asked() {
        use opentelemetry::global;
        let server = Server::start(Answer::Status(200));
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", server.address.as_str())];
        let quiet = telemetry(&variables);
        global::tracer("test").start("nowhere").end();
        assert!(global::get_text_map_propagator(|propagator| propagator
            .fields()
            .next()
            .is_none()));
        quiet.shutdown().unwrap();
        assert!(server.is_untouched());

        let asked = builder(&variables).set_global().build().unwrap();
        global::tracer("test").start("global").end();
        assert!(global::get_text_map_propagator(|propagator| {
            propagator.fields().any(|field| field == "traceparent")
        }));
        asked.shutdown().unwrap();
        let sent = spans(&server.next("/v1/traces"));
        assert_eq!(
            sent.resource_spans[0].scope_spans[0].spans[0].name,
            "global"
        );
    }

    #[test]
    fn dropping_it_flushes() {
        let server = Server::start(Answer::Status(200));
        let telemetry = telemetry(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &server.address)]);
        make_span(&telemetry);
        drop(telemetry);
        assert_eq!(spans(&server.next("/v1/traces")).resource_spans.len(), 1);
    }

    #[test]
    fn what_is_open_is_ended_before_the_flush() {
        let server = Server::start(Answer::Status(200));
        let telemetry = telemetry(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &server.address)]);
        let mut open = telemetry.tracer_provider().tracer("test").start("open");
        telemetry.on_shutdown(move || open.end());
        telemetry.shutdown().unwrap();
        let sent = spans(&server.next("/v1/traces"));
        assert_eq!(sent.resource_spans[0].scope_spans[0].spans[0].name, "open");
    }

    #[test]
    fn what_a_collector_out_of_reach_did_not_take_is_counted() {
        let endpoint = format!("http://{}", closed_port());
        let telemetry = telemetry(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
        for _ in 0..3 {
            make_span(&telemetry);
        }
        telemetry.flush(LONG).unwrap();
        assert_eq!(telemetry.lost().spans, 3);
        make_span(&telemetry);
        match telemetry.shutdown() {
            Err(DeliveryError::Lost(lost)) => assert_eq!(lost.spans, 4),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_had_no_room_in_the_queue_is_counted() {
        let server = Server::start(Answer::Silence);
        let telemetry = builder(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &server.address),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "8"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "300"),
        ])
        .build()
        .unwrap();
        for _ in 0..1000 {
            make_span(&telemetry);
        }
        match telemetry.shutdown() {
            Err(DeliveryError::Lost(lost) | DeliveryError::Deadline(lost)) => {
                assert_eq!(lost.spans, 1000);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_peer_that_never_answers_holds_up_neither_flush_nor_shutdown() {
        let server = Server::start(Answer::Silence);
        let telemetry = builder(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &server.address)])
            .shutdown_deadline(Duration::from_millis(300))
            .build()
            .unwrap();
        make_span(&telemetry);
        // The exporter itself would wait for ten seconds, several times.
        let flushed = telemetry.flush(Duration::from_millis(100));
        assert!(
            matches!(flushed, Err(DeliveryError::Deadline(_))),
            "{flushed:?}"
        );
        // Whether the exporter gives up first or the deadline passes first is all one.
        match telemetry.shutdown() {
            Err(DeliveryError::Deadline(lost) | DeliveryError::Lost(lost)) => {
                assert_eq!(lost.spans, 1);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_is_a_loss_and_what_comes_after_it_arrives() {
        let address = closed_port();
        let telemetry = telemetry(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{address}"))]);
        make_span(&telemetry);
        telemetry.flush(LONG).unwrap();
        let server = Server::on(&address, Answer::Status(200));
        telemetry
            .tracer_provider()
            .tracer("test")
            .start("late")
            .end();
        telemetry.flush(LONG).unwrap();
        let sent = spans(&server.next("/v1/traces"));
        assert_eq!(sent.resource_spans[0].scope_spans[0].spans[0].name, "late");
        assert_eq!(telemetry.lost().spans, 1);
    }

    #[test]
    fn a_status_that_refuses_is_counted() {
        let server = Server::start(Answer::Status(400));
        let telemetry = telemetry(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &server.address)]);
        make_span(&telemetry);
        assert!(matches!(telemetry.shutdown(), Err(DeliveryError::Lost(lost)) if lost.spans == 1));
    }

    #[test]
    fn losses_are_exported_as_a_metric() {
        let server = Server::start(Answer::Status(200));
        let telemetry = telemetry(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &server.address),
            (
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                &format!("http://{}", closed_port()),
            ),
        ]);
        make_span(&telemetry);
        telemetry.flush(LONG).unwrap();
        telemetry.flush(LONG).unwrap();
        let found = (0..2).any(|_| {
            let request = server.next("/v1/metrics");
            let metrics = ExportMetricsServiceRequest::decode(&*request.body).unwrap();
            metrics
                .resource_metrics
                .iter()
                .flat_map(|resource| &resource.scope_metrics)
                .any(|scope| {
                    scope
                        .metrics
                        .iter()
                        .any(|metric| metric.name == "loopscope.instrument.errors")
                })
        });
        assert!(found);
    }

    #[test]
    fn printed_lines_carry_the_ids_of_their_trace() {
        #[derive(Clone, Default)]
        struct Lines(Arc<Mutex<Vec<u8>>>);
        impl std::io::Write for Lines {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().write(bytes)
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .event_format(WithTraceIds::new())
            .with_writer(move || writer.clone());
        let telemetry = telemetry(&[
            ("OTEL_SDK_DISABLED", "false"),
            ("OTEL_TRACES_EXPORTER", "none"),
            ("OTEL_METRICS_EXPORTER", "none"),
            ("OTEL_LOGS_EXPORTER", "none"),
        ]);
        let context =
            Context::current_with_span(telemetry.tracer_provider().tracer("test").start("a span"));
        let ids = context.span().span_context().clone();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!(target: "shop", answer = 42, "outside");
            let _attached = context.attach();
            tracing::info!(target: "shop", answer = 42, "inside");
        });
        let printed = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let (outside, inside) = printed.split_once('\n').unwrap();
        assert!(
            outside.ends_with("INFO shop: outside answer=42"),
            "{outside}"
        );
        let expected = format!(
            "INFO shop: inside answer=42 trace_id={} span_id={}\n",
            ids.trace_id(),
            ids.span_id()
        );
        assert!(inside.ends_with(&expected), "{inside}");
    }

    #[test]
    fn wrong_variables_are_an_error_that_names_them() {
        let error = builder(&[
            ("OTEL_TRACES_SAMPLER", "some"),
            ("OTEL_LOGS_EXPORTER", "file"),
        ])
        .build()
        .unwrap_err()
        .to_string();
        assert!(
            error.contains("OTEL_TRACES_SAMPLER=\"some\" is not valid"),
            "{error}"
        );
        assert!(error.contains("OTEL_LOGS_EXPORTER=\"file\""), "{error}");
        assert!(error.contains("otlp, console, none"), "{error}");
    }

    #[test]
    fn a_certificate_that_cannot_be_read_is_an_error_that_names_the_file() {
        let error = builder(&[("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/file.pem")])
            .build()
            .unwrap_err()
            .to_string();
        assert!(error.contains("/no/such/file.pem"), "{error}");
    }

    #[test]
    fn the_variables_have_the_last_word_on_the_resource() {
        let server = Server::start(Answer::Status(200));
        let telemetry = builder(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", server.address.as_str()),
            ("OTEL_RESOURCE_ATTRIBUTES", "team=theirs"),
        ])
        .service_name("mine")
        .resource_attribute(KeyValue::new("team", "mine"))
        .build()
        .unwrap();
        make_span(&telemetry);
        telemetry.shutdown().unwrap();
        let resource = spans(&server.next("/v1/traces"))
            .resource_spans
            .remove(0)
            .resource;
        assert_eq!(
            attribute(resource.clone(), "service.name").as_deref(),
            Some("mine")
        );
        assert_eq!(attribute(resource, "team").as_deref(), Some("theirs"));
    }
}

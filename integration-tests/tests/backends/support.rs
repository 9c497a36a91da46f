//! The quickstart's workload, run under the bridge with a record of what happened beside it.

#[path = "../../../examples/quickstart/certificates.rs"]
pub(crate) mod certificates;
#[path = "../../../examples/quickstart/workload.rs"]
pub(crate) mod workload;

use loopscope::event_loop::EventLoop;
use loopscope::instrument::{EnterScope, LogInstrument, PrintInstrument, RecordingInstrument};
use loopscope::otel::OtelInstrument;
use loopscope::telemetry::Telemetry;
use opentelemetry::Context;
use opentelemetry::trace::{FutureExt, TraceContextExt, Tracer, TracerProvider};
use tracing_subscriber::layer::SubscriberExt;

/// Telemetry by these variables, with quick exports.
pub(crate) fn telemetry(service: &str, variables: &[(&str, String)]) -> Telemetry {
    let quick = [
        ("OTEL_SERVICE_NAME", service.to_owned()),
        ("OTEL_BSP_SCHEDULE_DELAY", "100".into()),
        ("OTEL_METRIC_EXPORT_INTERVAL", "200".into()),
    ];
    let variables = quick.into_iter().chain(variables.iter().cloned());
    Telemetry::builder()
        .variables(variables)
        .build()
        .expect("the variables are valid")
}

/// Everything to one endpoint.
pub(crate) fn all_to(endpoint: String, protocol: &str) -> [(&'static str, String); 2] {
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.into()),
    ]
}

/// Runs the workload, and `also`, under a span called `name`; returns what was recorded.
pub(crate) fn run(telemetry: &Telemetry, name: &'static str) -> RecordingInstrument {
    run_with(telemetry, name, async {})
}

/// As [`run`], with something to do beside the workload.
pub(crate) fn run_with(
    telemetry: &Telemetry,
    name: &'static str,
    also: impl Future<Output = ()>,
) -> RecordingInstrument {
    let subscriber = tracing_subscriber::registry().with(telemetry.log_layer());
    tracing::subscriber::with_default(subscriber, || {
        let recorder = RecordingInstrument::new();
        let tracers = telemetry.tracer_provider();
        let otel = OtelInstrument::builder()
            .tracer_provider(&tracers)
            .meter_provider(&telemetry.meter_provider())
            .build();
        let event_loop = EventLoop::builder().name("test").build().expect("a poller");
        let _scopes = (
            otel.enter(),
            recorder.clone().enter(),
            LogInstrument::new().enter(),
        );
        let context = Context::current_with_span(tracers.tracer("test").start(name));
        let configurations = certificates::for_localhost().expect("certificates");
        let work = async {
            let printed = Some(PrintInstrument::with_writer(std::io::sink()));
            let done = workload::run(configurations, printed)
                .await
                .expect("the workload");
            also.await;
            done
        };
        let done = event_loop.run_until_complete(work.with_context(context.clone()));
        assert_eq!(
            done,
            workload::CLIENTS * workload::REQUESTS,
            "the program's own result"
        );
        context.span().end();
        drop(event_loop);
        recorder.assert_paired();
        recorder
    })
}

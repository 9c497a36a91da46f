//! What `docs/security.md` says of TLS to the Collector: who may send.

use crate::pages::example;
use crate::support;
use backends::{Overlay, Ports, Stack};
use integration_tests::{JaegerApi, servers_are_there};
use loopscope::telemetry::{DeliveryError, Telemetry};
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SERVICE: &str = "secured";

/// An authority, and the certificates that it has made, as files.
struct Authority {
    folder: PathBuf,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(parameters, key).unwrap();
        fs::write(folder.join(format!("{name}.pem")), issuer.pem()).unwrap();
        Self {
            folder: folder.to_owned(),
            issuer,
        }
    }

    /// Makes a certificate and its key, in files of that name.
    fn certify(&self, name: &str) {
        let parameters = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let file = |kind: &str| self.folder.join(format!("{name}.{kind}"));
        fs::write(file("pem"), certificate.pem()).unwrap();
        fs::write(file("key"), key.serialize_pem()).unwrap();
    }
}

/// A folder with certificates: the Collector's and a client's from `authority`, and one that a
/// `stranger` has made.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new(folder.path(), "authority");
        authority.certify("collector");
        authority.certify("client");
        Authority::new(folder.path(), "stranger").certify("forged");
        fs::write(folder.path().join("token"), "a-token").unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// Starts a stack whose Collector wants to see a token and a certificate.
    fn stack(&self) -> Stack {
        let files = ["tls.yaml", "clients.yaml"].map(|name| {
            fs::write(self.path(name), example("docs/security.md", name).text).unwrap();
            self.path(name).into()
        });
        let environment = [
            ("COLLECTOR_CERTIFICATE", "collector.pem"),
            ("COLLECTOR_KEY", "collector.key"),
            ("COLLECTOR_TOKEN_FILE", "token"),
            ("COLLECTOR_CLIENT_CA", "authority.pem"),
        ];
        let overlay = Overlay {
            files: files.into(),
            environment: environment
                .map(|(name, file)| (name, self.path(file)))
                .into(),
            ..Overlay::default()
        };
        Stack::start_with(self.0.path(), Ports::default(), overlay).unwrap()
    }

    /// The variables of a service that trusts these authorities, shows this certificate and has
    /// this token.
    fn variables(
        &self,
        trusted: &str,
        certificate: &str,
        token: &str,
    ) -> [(&'static str, String); 4] {
        [
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", self.path(trusted)),
            (
                "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
                self.path(&format!("{certificate}.pem")),
            ),
            (
                "OTEL_EXPORTER_OTLP_CLIENT_KEY",
                self.path(&format!("{certificate}.key")),
            ),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                format!("authorization=Bearer%20{token}"),
            ),
        ]
    }
}

/// The stack's endpoints with TLS, and their protocols.
fn endpoints(stack: &Stack) -> [(String, &'static str); 3] {
    [
        (stack.otlp_http(), "http/protobuf"),
        (stack.otlp_http(), "http/json"),
        (stack.otlp_grpc(), "grpc"),
    ]
    .map(|(endpoint, protocol)| (endpoint.replace("http://", "https://"), protocol))
}

/// Sends a span with these variables.
fn send(
    name: &'static str,
    endpoint: &(String, &str),
    variables: [(&'static str, String); 4],
) -> Result<(), DeliveryError> {
    let base = support::all_to(endpoint.0.clone(), endpoint.1);
    let variables: Vec<_> = base.into_iter().chain(variables).collect();
    let telemetry = support::telemetry(SERVICE, &variables);
    let tracer = telemetry.tracer_provider().tracer("test");
    tracer.start(name).end();
    telemetry.shutdown()
}

#[test]
fn who_is_to_send_shows_a_token_and_a_certificate() {
    if !servers_are_there() {
        return;
    }
    let files = Files::new();
    let stack = files.stack();
    let right = files.variables("authority.pem", "client", "a-token");
    for endpoint in endpoints(&stack) {
        let sent = send("sent", &endpoint, right.clone());
        sent.unwrap_or_else(|error| panic!("{endpoint:?}: {error}"));
        for (trusted, certificate, token) in [
            ("stranger.pem", "client", "a-token"),
            ("authority.pem", "forged", "a-token"),
            ("authority.pem", "client", "guessed"),
        ] {
            let wrong = files.variables(trusted, certificate, token);
            let refused = send("refused", &endpoint, wrong.clone());
            let lost = matches!(refused, Err(DeliveryError::Lost(_)));
            assert!(lost, "{endpoint:?} with {wrong:?}: {refused:?}");
        }
    }
    let jaeger = JaegerApi::at(stack.jaeger());
    let spans = jaeger.wait_for_spans(SERVICE, 3);
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["sent"; 3]);
    stack.stop().expect("all servers end in order");
}

#[test]
fn what_is_no_certificate_is_noticed_at_once() {
    let files = Files::new();
    for protocol in ["http/protobuf", "http/json", "grpc"] {
        for wrong in ["token", "missing.pem"] {
            let base = support::all_to("https://127.0.0.1:1".into(), protocol);
            let own = files.variables(wrong, "client", "a-token");
            let variables = base.into_iter().chain(own);
            let built = Telemetry::builder().variables(variables).build();
            let error = built.expect_err("there is no certificate").to_string();
            assert!(error.contains(&files.path(wrong)), "{protocol}: {error}");
        }
    }
}

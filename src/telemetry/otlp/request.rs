//! Requests to a collector: spans by their resource and scope.

use super::attributes::{write_attribute, write_attributes, write_value};
use super::fields::{request, resource, resource_spans, scope, scope_spans};
use super::grouping::Groups;
use super::span::write_span;
use super::writer::Writer;
use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;

/// What is said of the process, encoded once.
#[derive(Debug, Default)]
pub(crate) struct EncodedResource {
    /// The field `resource`.
    field: Vec<u8>,
    schema_url: String,
}

impl EncodedResource {
    pub(crate) fn new(resource: &Resource) -> Self {
        let attributes: Vec<_> = resource.iter().collect();
        let mut writer = Writer::default();
        writer.message(resource_spans::RESOURCE, |writer| {
            for (key, value) in attributes.into_iter().rev() {
                write_attribute(writer, resource::ATTRIBUTES, key.as_str(), |writer| {
                    write_value(writer, value);
                });
            }
        });
        Self {
            field: writer.as_bytes().into(),
            schema_url: resource.schema_url().unwrap_or_default().into(),
        }
    }
}

/// Writes a request for what one resource has made; `scopes` writes that by its scopes, the last
/// one first.
pub(crate) fn write_request(
    writer: &mut Writer,
    resource: &EncodedResource,
    scopes: impl FnOnce(&mut Writer),
) {
    writer.message(request::RESOURCE_SPANS, |writer| {
        writer.string(resource_spans::SCHEMA_URL, &resource.schema_url);
        scopes(writer);
        writer.raw(&resource.field);
    });
}

/// Writes what one scope has made into a request; `spans` writes each span as a message of the
/// field [`SPANS`](scope_spans::SPANS), the last one first.
pub(crate) fn write_scope_spans(
    writer: &mut Writer,
    scope: &InstrumentationScope,
    spans: impl FnOnce(&mut Writer),
) {
    writer.message(resource_spans::SCOPE_SPANS, |writer| {
        let schema_url = scope.schema_url().unwrap_or_default();
        writer.string(scope_spans::SCHEMA_URL, schema_url);
        spans(writer);
        writer.message(scope_spans::SCOPE, |writer| {
            let attributes: Vec<_> = scope.attributes().collect();
            write_attributes(writer, scope::ATTRIBUTES, attributes);
            writer.string(scope::VERSION, scope.version().unwrap_or_default());
            writer.string(scope::NAME, scope.name());
        });
    });
}

/// Makes requests of the SDK's spans, straight from where they are, in memory that is kept.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    writer: Writer,
    groups: Groups,
}

impl Encoder {
    /// The request for these spans.
    pub(crate) fn encode(&mut self, resource: &EncodedResource, spans: &[SpanData]) -> &[u8] {
        let Self { writer, groups } = self;
        groups.gather(spans);
        writer.clear();
        write_request(writer, resource, |writer| {
            for last in groups.backwards() {
                write_scope_spans(writer, &spans[last].instrumentation_scope, |writer| {
                    for number in groups.spans_backwards(last) {
                        writer.message(scope_spans::SPANS, |writer| {
                            write_span(writer, &spans[number]);
                        });
                    }
                });
            }
        });
        writer.as_bytes()
    }

    /// Gives memory back that one large request needed and the usual ones do not.
    pub(crate) fn trim(&mut self) {
        self.writer.clear_and_trim();
    }
}

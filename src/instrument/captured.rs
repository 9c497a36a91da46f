//! What was emitted through `tracing`, for tests.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

/// An event that was emitted, with its fields as text.
#[derive(Debug)]
pub(super) struct Captured {
    pub(super) target: String,
    pub(super) level: Level,
    fields: BTreeMap<&'static str, String>,
}

impl Captured {
    /// The value of a field; empty where it is absent.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// The fields but for the message and the task's, as `name=value`, in the order of the names.
    pub(super) fn fields(&self) -> String {
        let fields = self
            .fields
            .iter()
            .filter(|(name, _)| **name != "message" && !name.starts_with("task."));
        let fields: Vec<_> = fields
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        fields.join(" ")
    }
}

impl Visit for Captured {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.into());
    }
}

/// The events of this crate that were emitted under its [`subscriber`](Self::subscriber).
#[derive(Clone, Default)]
pub(super) struct Events(Arc<Mutex<Vec<Captured>>>);

impl Events {
    pub(super) fn subscriber(&self) -> impl Subscriber + use<> {
        Registry::default().with(self.clone())
    }

    pub(super) fn take(&self) -> Vec<Captured> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Subscriber> Layer<S> for Events {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut captured = Captured {
            target: event.metadata().target().into(),
            level: *event.metadata().level(),
            fields: BTreeMap::new(),
        };
        event.record(&mut captured);
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.push(captured);
    }
}

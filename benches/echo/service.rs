//! What a process that serves is to be.

use crate::servers::Server;

/// A server, as the arguments of its process say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) server: Server,
    /// How many tasks sleep beside those that serve.
    pub(crate) tasks: usize,
    /// How many threads serve, each on a core of its own.
    pub(crate) loops: usize,
    /// Where spans go.
    pub(crate) collector: Option<String>,
}

/// The argument that makes a process a server; the others follow it.
pub(crate) const SERVE: &str = "--serve";

impl Service {
    pub(crate) fn new(server: Server) -> Self {
        Self {
            server,
            tasks: 0,
            loops: 1,
            collector: None,
        }
    }

    pub(crate) fn arguments(&self) -> Vec<String> {
        vec![
            SERVE.into(),
            self.server.name().into(),
            self.tasks.to_string(),
            self.loops.to_string(),
            self.collector.clone().unwrap_or_default(),
        ]
    }

    /// Reads what follows [`SERVE`].
    pub(crate) fn from_arguments(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Self, String> {
        let mut next = || arguments.next().ok_or("a server needs more arguments");
        let number = |text: String| text.parse().map_err(|_| format!("{text} is no number"));
        Ok(Self {
            server: next()?.parse()?,
            tasks: number(next()?)?,
            loops: number(next()?)?,
            collector: Some(next()?).filter(|collector| !collector.is_empty()),
        })
    }
}

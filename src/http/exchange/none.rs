//! Without telemetry: nothing is seen.

use super::Ends;
use http::{Request, Response};
use std::error::Error;

/// Sees nothing.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct HttpTelemetry(());

impl HttpTelemetry {
    pub(in crate::http) fn server<B>(&self, _: &Request<B>, _: &Ends) -> Exchange {
        Exchange
    }

    pub(in crate::http) fn client<B>(&self, _: &mut Request<B>) -> Exchange {
        Exchange
    }
}

/// A request that is not watched.
#[derive(Debug)]
pub(in crate::http) struct Exchange;

impl Exchange {
    pub(in crate::http) fn enter<R>(&self, within: impl FnOnce() -> R) -> R {
        within()
    }

    #[expect(clippy::needless_pass_by_ref_mut, reason = "as its twin has it")]
    pub(in crate::http) fn responded<B>(&mut self, _: &Response<B>) {}

    #[expect(clippy::needless_pass_by_ref_mut, reason = "as its twin has it")]
    pub(in crate::http) fn failed(&mut self, _: &(dyn Error + 'static)) {}

    #[expect(clippy::needless_pass_by_ref_mut, reason = "as its twin has it")]
    pub(in crate::http) fn completed(&mut self) {}
}

//! Configurations that speak one version of TLS.

use crate::configs::Versions;
use loopscope::rustls::version::{TLS12, TLS13};

pub(crate) const ONLY_12: Versions = &[&TLS12];
pub(crate) const ONLY_13: Versions = &[&TLS13];

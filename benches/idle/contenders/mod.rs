//! Who is measured.

use crate::what::What;
use std::fmt;
use std::io;
use std::net::SocketAddr;

mod loopscope;
mod smol;
mod tokio;

pub(crate) use loopscope::Loopscope;
pub(crate) use smol::Smol;
pub(crate) use tokio::Tokio;

/// An executor with its reactor. Dropped, it ends what was made on it.
pub(crate) trait Runtime: Sized {
    fn new() -> io::Result<Self>;

    /// Makes so many, which are there from then on. Where connections are to come to is said to
    /// `listening`.
    fn make(&self, what: What, count: usize, listening: Listening) -> io::Result<()>;

    /// Runs while nothing is asked of it.
    fn idle(&self);
}

/// Tells where the connections are to come to.
pub(crate) type Listening = fn(SocketAddr) -> io::Result<()>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    Tokio,
    Loopscope,
    Smol,
}

impl Contender {
    pub(crate) const ALL: [Self; 3] = [Self::Tokio, Self::Loopscope, Self::Smol];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Loopscope => "loopscope",
            Self::Smol => "smol",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|it| it.name() == name);
        named.ok_or_else(|| format!("there is no {name}"))
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

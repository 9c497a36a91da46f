//! The command line.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

pub(crate) const USAGE: &str = "usage: multicore_echo [--listen IP:PORT] [--loops N]";

pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) loops: usize,
}

impl Options {
    /// What was asked for; none for help.
    pub(crate) fn from_arguments() -> Result<Option<Self>, String> {
        let mut options = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7000)),
            loops: available_parallelism().map_or(1, NonZeroUsize::get),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(option) = arguments.next() {
            if option == "--help" {
                return Ok(None);
            }
            let value = arguments.next().ok_or(USAGE)?;
            let invalid = |expected| format!("{option} {value}: expected {expected}\n{USAGE}");
            match option.as_str() {
                "--listen" => {
                    let address = value.parse();
                    options.listen = address.map_err(|_| invalid("an IP address and a port"))?;
                }
                "--loops" => {
                    let loops = value.parse::<NonZeroUsize>();
                    options.loops = loops.map_err(|_| invalid("a number from 1 on"))?.get();
                }
                _ => return Err(USAGE.into()),
            }
        }
        Ok(Some(options))
    }
}

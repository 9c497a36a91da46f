//! Resolving names.

use super::resolver::resolve;
use crate::event_loop::park;
use crate::instrument::Command;
use crate::instrument::hooks::DnsLookup;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;

/// Resolves a host's name to its addresses, in the order that the system prefers.
///
/// The system's resolver (`getaddrinfo`) is asked, so that everything the machine is set up with
/// counts: `/etc/hosts`, `nsswitch.conf`, search domains. It may block and is asked on another
/// thread; a process resolves 64 names at once, and more wait in line. The system sets the limit of
/// time; [`timeout`](crate::event_loop::timeout) sets a shorter one.
///
/// # Errors
///
/// [`io::ErrorKind::NotFound`] where there is no such name, or it has no address; otherwise what
/// the resolver says, as when no server of names answers.
///
/// ```
/// use loopscope::event_loop::EventLoop;
/// use loopscope::net::lookup_host;
///
/// let addresses = EventLoop::new()?.run_until_complete(lookup_host("localhost"))?;
/// assert!(addresses.iter().all(|address| address.is_loopback()));
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn lookup_host(name: &str) -> io::Result<Vec<IpAddr>> {
    let addresses = lookup(name).await?;
    Ok(addresses.iter().map(SocketAddr::ip).collect())
}

/// Resolves a name to addresses with port 0. Unlike bare IP addresses these know the interface,
/// where the name is only known there.
pub(super) async fn lookup(name: &str) -> io::Result<Vec<SocketAddr>> {
    let name: Rc<str> = name.into();
    let mut lookup = DnsLookup::start(name.clone());
    let mut result = pin!(resolve(String::from(&*name)));
    let result = poll_fn(|cx| {
        let polled = result.as_mut().poll(cx);
        if polled.is_pending() {
            lookup.park();
            park::wait_on(Command::DnsLookup { name: name.clone() });
        }
        polled
    })
    .await;
    match &result {
        Ok(addresses) => {
            let ips: Vec<_> = addresses.iter().map(SocketAddr::ip).collect();
            lookup.ready(Ok(&ips));
        }
        Err(error) => lookup.ready(Err(error)),
    }
    result
}

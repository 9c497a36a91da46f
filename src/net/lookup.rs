//! Resolving names off the loop's thread.

use crate::event_loop::{park, wake};
use crate::instrument::hooks::{DnsLookup, Wake};
use crate::instrument::{ClassifiedError, Command, ErrorType, Resumption};
use futures_channel::oneshot;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::pin::Pin;
use std::rc::Rc;

/// Resolves a host's name to its addresses, in the order that the system prefers.
///
/// The system's resolver may block, so it is asked on a thread of the `blocking` crate's pool.
///
/// # Errors
///
/// What the resolver says, as when there is no such name.
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
    let name: Rc<str> = name.into();
    let mut lookup = DnsLookup::start(name.clone());
    let mut result = resolve(String::from(&*name));
    let result = poll_fn(|cx| {
        let polled = Pin::new(&mut result).poll(cx);
        if polled.is_pending() {
            lookup.park();
            park::wait_on(Command::DnsLookup { name: name.clone() });
        }
        polled
    })
    .await
    .unwrap_or_else(|_| Err(io::Error::other("the resolver's thread has panicked")))
    .map_err(|error| {
        let message = format!("cannot resolve {name}: {error}");
        ClassifiedError::io_error(ErrorType::NameResolution, error.kind(), message, error)
    });
    match &result {
        Ok(addresses) => lookup.ready(Ok(addresses)),
        Err(error) => lookup.ready(Err(error)),
    }
    result
}

fn resolve(name: String) -> oneshot::Receiver<io::Result<Vec<IpAddr>>> {
    let (sender, receiver) = oneshot::channel();
    blocking::unblock(move || {
        let result = (name.as_str(), 0).to_socket_addrs().map(|addresses| {
            let mut found: Vec<IpAddr> = Vec::new();
            for address in addresses.map(|address| address.ip()) {
                if !found.contains(&address) {
                    found.push(address);
                }
            }
            found
        });
        // Whoever gave the look-up up has dropped the receiver.
        let _ = wake::because(Wake::Send(Resumption::Resolved), None, || {
            sender.send(result)
        });
    })
    .detach();
    receiver
}

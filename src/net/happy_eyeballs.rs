//! Connecting to the first of several addresses that answers.
//!
//! Source: RFC 8305, "Happy Eyeballs Version 2", sections 4 and 5. The system's resolver answers
//! for both families at once and sorts by RFC 6724, so that sections 3 and 4's first rule are its
//! part.

use super::address::{Target, ToTarget};
use super::lookup::lookup;
use crate::event_loop::{Sleep, park, sleep};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The head start that each attempt has on the next one: the RFC's "Connection Attempt Delay".
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects to an address, or to the first that answers of several or of a name's.
pub(super) async fn connect_first<T, F: Future<Output = io::Result<T>>>(
    target: &impl ToTarget,
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<T> {
    let addresses = match target.to_target()? {
        Target::Address(address) => return connect(address).await,
        Target::Addresses(addresses) => addresses,
        Target::Name { host, port } => {
            let mut addresses = interleave(lookup(&host).await?);
            for address in &mut addresses {
                address.set_port(port);
            }
            addresses
        }
    };
    match addresses[..] {
        [address] => connect(address).await,
        _ => race(addresses, connect).await,
    }
}

/// Sorts addresses so that the families take turns, beginning with that of the first.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first() else {
        return addresses;
    };
    let first_is_ipv6 = first.is_ipv6();
    let (preferred, others): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == first_is_ipv6);
    let (mut preferred, mut others) = (preferred.into_iter(), others.into_iter());
    let mut sorted = Vec::with_capacity(preferred.len() + others.len());
    while preferred.len() + others.len() > 0 {
        sorted.extend(preferred.next());
        sorted.extend(others.next());
    }
    sorted
}

/// Tries addresses in their order, the next one when the last has failed or has had its head start,
/// and returns what the first that succeeds returns. The others are dropped.
///
/// Where all fail, the error says what became of each.
async fn race<T, F: Future<Output = io::Result<T>>>(
    addresses: Vec<SocketAddr>,
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<T> {
    let mut race = Race {
        waiting: addresses.into(),
        running: Vec::new(),
        head_start: None,
        failed: Vec::new(),
    };
    poll_fn(|cx| race.poll(cx, &connect)).await
}

struct Race<F> {
    waiting: VecDeque<SocketAddr>,
    running: Vec<(SocketAddr, Pin<Box<F>>)>,
    /// Ends when the next attempt starts beside those that run.
    head_start: Option<Sleep>,
    failed: Vec<(SocketAddr, io::Error)>,
}

impl<T, F: Future<Output = io::Result<T>>> Race<F> {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        connect: &impl Fn(SocketAddr) -> F,
    ) -> Poll<io::Result<T>> {
        loop {
            let failed_before = self.failed.len();
            if let Poll::Ready(connected) = self.poll_running(cx) {
                return Poll::Ready(Ok(connected));
            }
            let may_start = self.failed.len() > failed_before || self.head_start_is_over(cx);
            if !may_start {
                return Poll::Pending;
            }
            match self.waiting.pop_front() {
                Some(address) => {
                    self.running.push((address, Box::pin(connect(address))));
                    let others_wait = !self.waiting.is_empty();
                    self.head_start = others_wait.then(|| sleep(ATTEMPT_DELAY));
                }
                None if self.running.is_empty() => {
                    return Poll::Ready(Err(all_failed(std::mem::take(&mut self.failed))));
                }
                None => return Poll::Pending,
            }
        }
    }

    fn poll_running(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        let mut index = 0;
        while let Some((address, attempt)) = self.running.get_mut(index) {
            match attempt.as_mut().poll(cx) {
                Poll::Ready(Ok(connected)) => return Poll::Ready(connected),
                Poll::Ready(Err(error)) => {
                    self.failed.push((*address, error));
                    drop(self.running.remove(index));
                }
                Poll::Pending => index += 1,
            }
        }
        Poll::Pending
    }

    /// Whether the next attempt may start; no attempt that runs has a head start when there is none.
    fn head_start_is_over(&mut self, cx: &mut Context<'_>) -> bool {
        match &mut self.head_start {
            // The connection says more of what is waited for.
            Some(sleep) => park::beside(|| Pin::new(sleep).poll(cx)).is_ready(),
            None => self.running.is_empty(),
        }
    }
}

/// One error for all, of the kind of the last.
fn all_failed(failed: Vec<(SocketAddr, io::Error)>) -> io::Error {
    let Some((_, last)) = failed.last() else {
        return io::Error::new(io::ErrorKind::NotFound, "there is no address to connect to");
    };
    let each: Vec<_> = failed
        .iter()
        .map(|(address, error)| format!("{address}: {error}"))
        .collect();
    let message = format!("no address answers: {}", each.join("; "));
    io::Error::new(last.kind(), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let sorted = |addresses: &[&str]| {
            let addresses = addresses.iter().map(|text| text.parse().unwrap());
            let sorted = interleave(addresses.collect());
            sorted.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            sorted(&[
                "[2001:db8::1]:80",
                "[2001:db8::2]:80",
                "[2001:db8::3]:80",
                "192.0.2.1:80"
            ]),
            [
                "[2001:db8::1]:80",
                "192.0.2.1:80",
                "[2001:db8::2]:80",
                "[2001:db8::3]:80"
            ],
        );
        assert_eq!(
            sorted(&["192.0.2.1:80", "192.0.2.2:80", "[2001:db8::1]:80"]),
            ["192.0.2.1:80", "[2001:db8::1]:80", "192.0.2.2:80"],
        );
        assert!(sorted(&[]).is_empty());
    }

    #[test]
    fn the_error_says_what_became_of_each_address() {
        let address = |text: &str| text.parse().unwrap();
        let error = all_failed(vec![
            (address("[2001:db8::1]:80"), io::ErrorKind::TimedOut.into()),
            (
                address("192.0.2.1:80"),
                io::ErrorKind::ConnectionRefused.into(),
            ),
        ]);
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(
            error.to_string(),
            "no address answers: [2001:db8::1]:80: timed out; 192.0.2.1:80: connection refused"
        );
        assert_eq!(all_failed(Vec::new()).kind(), io::ErrorKind::NotFound);
    }
}

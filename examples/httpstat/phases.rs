//! Where the time of a request goes, as the hooks tell it.

use loopscope::clock::Timestamp;
use loopscope::instrument::{
    DnsLookupReadyMetadata, EventLoopInstrument, ReadySocketInstrumentationMetadata,
    SocketConnectReadyMetadata, TlsHandshakeMetadata,
};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

pub(crate) const NAMES: [&str; 5] = ["name lookup", "connect", "TLS", "first byte", "transfer"];

type Span = (Timestamp, Timestamp);

/// Hears what one request waits for.
#[derive(Clone, Default)]
pub(crate) struct Listener(Rc<Heard>);

#[derive(Default)]
struct Heard {
    look_up: Cell<Option<Span>>,
    connect: Cell<Option<Span>>,
    handshake: Cell<Option<Span>>,
    last_recv: Cell<Option<Timestamp>>,
}

impl EventLoopInstrument for Listener {
    fn on_dns_lookup_ready(&self, metadata: &DnsLookupReadyMetadata<'_>) {
        let span = (metadata.start_time, metadata.finish_time);
        self.0.look_up.set(Some(span));
    }

    fn on_socket_connect_ready(&self, metadata: &SocketConnectReadyMetadata<'_>) {
        let span = (metadata.start_time, metadata.finish_time);
        self.0.connect.set(Some(span));
    }

    fn on_tls_handshake_complete(&self, metadata: &TlsHandshakeMetadata<'_>) {
        let span = (metadata.start_time, metadata.finish_time);
        self.0.handshake.set(Some(span));
    }

    fn on_socket_recv_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        self.0.last_recv.set(Some(metadata.finish_time));
    }
}

impl Listener {
    /// When something was received last.
    pub(crate) fn last_recv(&self) -> Timestamp {
        self.0.last_recv.get().unwrap_or_else(Timestamp::now)
    }

    /// The phases of a request that began then, whose response's head arrived at `first_byte` and
    /// the end of whose body at `end`.
    pub(crate) fn phases(&self, start: Timestamp, first_byte: Timestamp, end: Timestamp) -> Phases {
        let heard = &self.0;
        let spans = [&heard.look_up, &heard.connect, &heard.handshake].map(Cell::get);
        let connected = spans.iter().flatten().map(|(_, finish)| *finish).max();
        let waiting = (connected.unwrap_or(start), first_byte);
        let [look_up, connect, handshake] = spans;
        let all = [
            look_up,
            connect,
            handshake,
            Some(waiting),
            Some((first_byte, end)),
        ];
        Phases {
            spans: all.map(|span| span.map(|(from, to)| (from - start, to - from))),
            total: end - start,
        }
    }
}

/// When each phase began, from the beginning of the request, and how long it took; none for those
/// that there were not.
#[derive(Clone, Copy)]
pub(crate) struct Phases {
    pub(crate) spans: [Option<(Duration, Duration)>; 5],
    pub(crate) total: Duration,
}

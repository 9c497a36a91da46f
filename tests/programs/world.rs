//! What the tasks of a program share.

use crate::actor::{Actor, Start};
use crate::certificates::Authority;
use crate::configs;
use crate::connection::{accept, echo};
use crate::ledger::Ledger;
use crate::peers::peers;
use crate::program::Target;
use loopscope::instrument::{RecordingInstrument, SocketRole};
use loopscope::net::{TcpListener, TlsAcceptor, TlsConnector};
use loopscope::rustls::{ClientConfig, ServerConfig};
use loopscope::sync::AsyncQueue;
use opentelemetry_sdk::trace::SdkTracer;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

pub(crate) struct World {
    pub(crate) ledger: Rc<Ledger>,
    /// The instruments of all scopes.
    pub(crate) recorders: Rc<RefCell<Vec<RecordingInstrument>>>,
    pub(crate) queues: [AsyncQueue<usize>; 3],
    pub(crate) tracer: SdkTracer,
    pub(crate) tick: Duration,
    pub(crate) tls: Tls,
    /// For the server that echoes, the one that does so over TLS, and the program itself.
    listeners: [TcpListener; 3],
    nobody: SocketAddr,
}

#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) connector: TlsConnector,
}

impl Tls {
    fn new() -> Self {
        static CONFIGS: LazyLock<(Arc<ServerConfig>, Arc<ClientConfig>)> = LazyLock::new(|| {
            let authority = Authority::new();
            let identity = authority.issue("localhost");
            let server = configs::server(&identity, None, configs::ALL);
            let client = configs::client(&authority, None, configs::ALL);
            (Arc::new(server), Arc::new(client))
        });
        let (server, client) = &*CONFIGS;
        Self {
            acceptor: TlsAcceptor::new(server.clone()),
            connector: TlsConnector::new(client.clone()),
        }
    }
}

impl World {
    pub(crate) fn new(
        ledger: Rc<Ledger>,
        recorders: Rc<RefCell<Vec<RecordingInstrument>>>,
        tracer: SdkTracer,
        tick: Duration,
    ) -> Self {
        let listen = || {
            ledger.opened(SocketRole::Listener, vec![0]);
            TcpListener::bind("127.0.0.1:0").unwrap()
        };
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Self {
            listeners: [listen(), listen(), listen()],
            recorders,
            queues: [
                AsyncQueue::bounded(1).named("narrow"),
                AsyncQueue::bounded(2).named("wide"),
                AsyncQueue::unbounded(),
            ],
            tracer,
            tick,
            tls: Tls::new(),
            nobody: nobody.local_addr().unwrap(),
            ledger,
        }
    }

    pub(crate) fn address(&self, target: Target) -> SocketAddr {
        let listener = match target {
            Target::Echo => &self.listeners[0],
            Target::SecureEcho => &self.listeners[1],
            Target::Program => &self.listeners[2],
            Target::Nobody => return self.nobody,
            Target::Peer(manner) => return peers().address(manner),
        };
        listener.local_addr().unwrap()
    }

    /// Where the program itself accepts.
    pub(crate) fn listener(&self) -> &TcpListener {
        &self.listeners[2]
    }
}

/// Starts the servers that echo.
pub(crate) fn serve(main: &Actor) {
    for secure in [false, true] {
        let server = main.spawn(Start::default(), |server| async move {
            let listener = &server.world.listeners[usize::from(secure)];
            while let Some(stream) = accept(&server, listener).await {
                let start = Start {
                    name: Some("connection"),
                    detached: true,
                    serves: Some(stream.handle().clone()),
                    ..Start::default()
                };
                let serving = |actor: Actor| async move { echo(&actor, stream, secure).await };
                server.spawn(start, serving).detach();
            }
        });
        server.detach();
    }
}

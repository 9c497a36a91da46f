//! What happens to handshakes, and to what comes after, when the network is bad.

use crate::certificates::Authority;
use crate::configs::{client, server};
use crate::ends::pair;
use crate::recorded::recorded;
use crate::versions::{ONLY_12, ONLY_13};
use futures_lite::future::try_zip;
use loopscope::clock::ManualClock;
use loopscope::event_loop::{sleep, spawn, timeout};
use loopscope::instrument::{RecordingInstrument, SocketRole};
use loopscope::net::{TcpStream, TlsAcceptor, TlsConnector, TlsStream};
use proptest::prelude::*;
use std::cell::Cell;
use std::future::pending;
use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// What is done once to what goes one way, after so many bytes.
#[derive(Debug, Clone, Copy)]
struct Disturbance {
    after: usize,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    Cut,
    Reset,
    Corrupt(u8),
    Delay(Duration),
    Silence,
}

/// A network between two ends, towards the server and towards the client.
type Network = [Option<Disturbance>; 2];

fn network() -> impl Strategy<Value = Network> {
    let what = prop_oneof![
        Just(What::Cut),
        Just(What::Reset),
        (1..=u8::MAX).prop_map(What::Corrupt),
        // Both ways together are faster than the limit.
        (0..4_000u64).prop_map(|millis| What::Delay(Duration::from_millis(millis))),
        Just(What::Silence),
    ];
    let disturbance = (0..2_500usize, what).prop_map(|(after, what)| Disturbance { after, what });
    let way = prop::option::weighted(0.7, disturbance);
    [way.clone(), way]
}

/// The network has ended the connection.
struct Gone;

/// Carries what goes one way, and tells whether it was disturbed.
async fn carry(
    from: &TcpStream,
    to: &TcpStream,
    way: Option<Disturbance>,
    disturbed: &Cell<bool>,
) -> Result<(), Gone> {
    let mut buffer = [0; 4096];
    let mut carried = 0;
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer).await else {
            let _ = to.shutdown(Shutdown::Write);
            return Ok(());
        };
        let mut data = &mut buffer[..count];
        if let Some(Disturbance { after, what }) = way
            && (carried..carried + count).contains(&after)
        {
            disturbed.set(true);
            let at = after - carried;
            if let What::Corrupt(mask) = what {
                data[at] ^= mask;
            } else {
                let _ = to.write_all(&data[..at]).await;
                data = &mut data[at..];
            }
            match what {
                What::Corrupt(_) => {}
                What::Delay(time) => drop(sleep(time).await),
                What::Silence => pending().await,
                What::Cut => return Err(Gone),
                What::Reset => {
                    reset(from);
                    reset(to);
                    return Err(Gone);
                }
            }
        }
        carried += count;
        let _ = to.write_all(data).await;
    }
}

/// Has the stream reset its connection when it is closed.
fn reset(stream: &TcpStream) {
    socket2::SockRef::from(stream)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
}

const REQUEST: [u8; 300] = [b'q'; 300];
const ANSWER: [u8; 300] = [b'a'; 300];

/// Sends what is to be said and receives what the other end is to say, and ends in order.
async fn converse(stream: TlsStream, say: &[u8], hear: &[u8]) -> io::Result<()> {
    let talk = async {
        stream.write_all(say).await?;
        let mut heard = vec![0; hear.len()];
        stream.read_exact(&mut heard).await?;
        assert!(heard == hear, "what is received is what was sent");
        stream.close().await?;
        match stream.read(&mut [0; 1]).await? {
            0 => Ok(()),
            _ => panic!("more is received than was sent"),
        }
    };
    timeout(Duration::from_secs(12), talk).await?
}

/// Whether both ends had their conversation, and what has disturbed it.
struct Outcome {
    client: io::Result<()>,
    server: io::Result<()>,
    disturbed: [bool; 2],
    record: RecordingInstrument,
}

fn over(network: Network, tls13: bool) -> Outcome {
    let _clock = ManualClock::install();
    let authority = Authority::new();
    let versions = if tls13 { ONLY_13 } else { ONLY_12 };
    let acceptor = server(&authority.issue("localhost"), None, versions);
    let acceptor = TlsAcceptor::new(Arc::new(acceptor));
    let connector = TlsConnector::new(Arc::new(client(&authority, None, versions)));
    let mut ends = None;
    let disturbed = Rc::new([Cell::new(false), Cell::new(false)]);
    let record = recorded(async {
        let (near_client, towards_client) = pair().await;
        let (towards_server, near_server) = pair().await;
        let seen = disturbed.clone();
        let wire = spawn(async move {
            let (client, server) = (&towards_client, &towards_server);
            // Small pieces are not to wait for acknowledgements: the clock is a manual one.
            client.set_nodelay(true).unwrap();
            server.set_nodelay(true).unwrap();
            let _ = try_zip(
                carry(client, server, network[0], &seen[0]),
                carry(server, client, network[1], &seen[1]),
            )
            .await;
        });
        let serving = spawn(async move {
            let stream = acceptor.accept(near_server).await?;
            converse(stream, &ANSWER, &REQUEST).await
        });
        let asking = async {
            let stream = connector.connect("localhost", near_client).await?;
            converse(stream, &REQUEST, &ANSWER).await
        };
        let client = asking.await;
        ends = Some((client, serving.await.unwrap()));
        wire.cancel();
    });
    let (client, server) = ends.unwrap();
    Outcome {
        client,
        server,
        disturbed: [disturbed[0].get(), disturbed[1].get()],
        record,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    /// Each handshake ends once, each socket is closed once, nothing hangs or panics, and nothing
    /// is received that was not sent.
    #[test]
    fn a_bad_network_ends_handshakes_and_conversations_in_order(
        network in network(),
        tls13 in any::<bool>(),
    ) {
        let outcome = over(network, tls13);
        for role in [SocketRole::Client, SocketRole::Server] {
            let hooks = ["on_tls_handshake_complete", "on_tls_handshake_error"];
            let ends = hooks.iter().flat_map(|hook| outcome.record.of(hook));
            let ends: Vec<_> = ends.filter(|event| event.role == Some(role)).collect();
            prop_assert_eq!(ends.len(), 1, "{:?}", ends);
            prop_assert!(ends[0].failure.is_none() || ends[0].error_type.is_some(), "{:?}", ends);
        }
        let mut opened: Vec<_> = sockets(&outcome.record, "on_socket_open");
        let mut closed: Vec<_> = sockets(&outcome.record, "on_socket_close");
        opened.sort_unstable();
        closed.sort_unstable();
        prop_assert_eq!(opened, closed);

        // What was changed is seen, by a failure, unless it is a byte that TLS does not look at;
        // that nothing else is received than what was sent is seen where it is received.
        let both = outcome.client.is_ok() && outcome.server.is_ok();
        let disturbances = network.iter().zip(outcome.disturbed);
        let mut met = disturbances.filter_map(|(way, was_met)| way.filter(|_| was_met));
        let harmless = |way: Disturbance| matches!(way.what, What::Delay(_));
        if met.all(harmless) {
            prop_assert!(both, "{:?} {:?}", outcome.client, outcome.server);
        }
    }
}

fn sockets(record: &RecordingInstrument, hook: &str) -> Vec<String> {
    let events = record.of(hook);
    let sockets = events.iter().filter_map(|event| event.socket);
    sockets.map(|socket| format!("{socket:?}")).collect()
}

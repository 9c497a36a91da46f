//! Sessions that are resumed.

use crate::certificates::Authority;
use crate::configs::{Versions, client, server};
use crate::ends::agreed;
use crate::recorded::recorded;
use crate::versions::{ONLY_12, ONLY_13};
use loopscope::instrument::SocketRole;
use loopscope::rustls::client::Resumption;
use loopscope::rustls::{ClientConfig, ServerConfig};
use std::sync::Arc;

fn configs(versions: Versions) -> (ClientConfig, ServerConfig) {
    let authority = Authority::new();
    let server = server(&authority.issue("localhost"), None, versions);
    (client(&authority, None, versions), server)
}

/// Whether the second of two connections resumes the session of the first, which both ends have to
/// tell alike; the client reads before the second, or not.
fn resumes(client: ClientConfig, server: ServerConfig, client_reads: bool) -> bool {
    let (client, server) = (Arc::new(client), Arc::new(server));
    let recorder = recorded(async {
        for _ in 0..2 {
            let (client, server) = agreed(&client, &server).await;
            if client_reads {
                server.write_all(b"x").await.unwrap();
                client.read_exact(&mut [0; 1]).await.unwrap();
            }
        }
    });
    let of = |role| {
        let mut complete = recorder.of("on_tls_handshake_complete");
        complete.retain(|event| event.role == Some(role));
        let resumed: Vec<_> = complete
            .iter()
            .map(|event| event.resumed.unwrap())
            .collect();
        assert_eq!(resumed.len(), 2);
        assert!(!resumed[0], "there is no earlier session");
        resumed[1]
    };
    let (client, server) = (of(SocketRole::Client), of(SocketRole::Server));
    assert_eq!(client, server);
    client
}

#[test]
fn a_second_connection_resumes_the_session_of_the_first() {
    for versions in [ONLY_12, ONLY_13] {
        let (client, server) = configs(versions);
        assert!(resumes(client, server, true));
    }
}

#[test]
fn with_tls_13_a_client_that_reads_nothing_gets_no_ticket() {
    let (client, server) = configs(ONLY_13);
    assert!(!resumes(client, server, false));
    let (client, server) = configs(ONLY_12);
    assert!(
        resumes(client, server, false),
        "there it is part of the handshake"
    );
}

#[test]
fn a_client_that_does_not_want_to_resumes_nothing() {
    for versions in [ONLY_12, ONLY_13] {
        let (mut client, server) = configs(versions);
        client.resumption = Resumption::disabled();
        assert!(!resumes(client, server, true));
    }
}

#[test]
fn tickets_alone_are_no_data() {
    let (client, server) = configs(ONLY_13);
    let recorder = recorded(async {
        let (client, server) = agreed(&Arc::new(client), &Arc::new(server)).await;
        let mut buffer = [0; 1];
        // The tickets have arrived, and are read: the task waits on.
        let read = futures_lite::future::poll_once(client.read(&mut buffer)).await;
        assert!(read.is_none());
        server.write_all(b"x").await.unwrap();
        assert_eq!(client.read(&mut buffer).await.unwrap(), 1);
    });
    let received = recorder.of("on_socket_recv_data");
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].data.as_deref(), Some(&b"x"[..]));
}

//! A server that echoes, and what hooks told of the connections.

use loopscope::event_loop::spawn;
use loopscope::instrument::{RecordingInstrument, SocketOperation, SocketRole};
use loopscope::net::{TcpListener, TcpStream};
use std::net::SocketAddr;

/// Starts a server on this loop that sends back what it receives; its address.
pub(crate) fn echo_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            spawn(echo(stream)).detach();
        }
    });
    server.detach();
    address
}

async fn echo(stream: TcpStream) {
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        stream.write_all(&buffer[..count]).await.unwrap();
    }
}

/// Connects, sends a number and returns what comes back.
pub(crate) async fn ask(address: SocketAddr, number: u8) -> u8 {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&[number]).await.unwrap();
    let mut answer = [0];
    stream.read_exact(&mut answer).await.unwrap();
    answer[0]
}

/// How many bytes the sockets of one role have moved in one direction, by the ends of operations.
pub(crate) fn bytes(
    record: &RecordingInstrument,
    role: SocketRole,
    operation: SocketOperation,
) -> usize {
    let events = record.events().into_iter().filter(|event| {
        let ends = event.hook.ends_with("_ready") || event.hook == "on_socket_error";
        ends && event.role == Some(role) && event.operation == Some(operation)
    });
    events.filter_map(|event| event.size).sum()
}

/// Holds what each side has sent against what the other has received; returns what clients have
/// sent and received.
#[track_caller]
pub(crate) fn check_both_sides(record: &RecordingInstrument) -> (usize, usize) {
    let moved = |role, operation| bytes(record, role, operation);
    let sent = moved(SocketRole::Client, SocketOperation::Send);
    let received = moved(SocketRole::Client, SocketOperation::Recv);
    assert_eq!(moved(SocketRole::Server, SocketOperation::Recv), sent);
    assert_eq!(moved(SocketRole::Server, SocketOperation::Send), received);
    (sent, received)
}

/// How many clients were connected at once at most.
pub(crate) fn most_clients(record: &RecordingInstrument) -> usize {
    let (mut open, mut most) = (0usize, 0);
    for event in record.events() {
        match event.hook {
            "on_socket_open" if event.role == Some(SocketRole::Client) => open += 1,
            "on_socket_close" if event.role == Some(SocketRole::Client) => open -= 1,
            _ => {}
        }
        most = most.max(open);
    }
    most
}

use crate::recorded::recorded;
use crate::table::{Outcome, check};
use crate::ways::{self, closed_address, give_up, pair, stalled_address};
use loopscope::instrument::{RecordingInstrument, SocketRole};
use loopscope::net::TcpStream;

/// What is recorded of the socket that connects: the connect ends as the column says, and the
/// socket with it.
fn client(program: impl Future<Output = ()>) -> RecordingInstrument {
    recorded(program).select(|event| event.role == Some(SocketRole::Client))
}

#[test]
fn success() {
    check(
        "socket",
        Outcome::Success,
        &client(async {
            pair().await;
        }),
    );
}

#[test]
fn error() {
    check(
        "socket",
        Outcome::Error,
        &client(async {
            assert!(TcpStream::connect(closed_address()).await.is_err());
        }),
    );
}

#[test]
fn cancel() {
    check(
        "socket",
        Outcome::Cancel,
        &client(async {
            let (address, _full) = stalled_address();
            ways::cancel(TcpStream::connect(address)).await;
        }),
    );
}

#[test]
fn drop() {
    check(
        "socket",
        Outcome::Drop,
        &client(async {
            let (address, _full) = stalled_address();
            give_up(TcpStream::connect(address)).await;
        }),
    );
}

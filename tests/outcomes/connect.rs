use crate::table::{Outcome, check};
use crate::ways::{self, closed_address, give_up, of_operation, pair, stalled_address};
use loopscope::instrument::SocketOperation::Connect;
use loopscope::net::TcpStream;

#[test]
fn success() {
    let record = of_operation(Connect, async {
        pair().await;
    });
    check("connect", Outcome::Success, &record);
}

#[test]
fn error() {
    let record = of_operation(Connect, async {
        assert!(TcpStream::connect(closed_address()).await.is_err());
    });
    check("connect", Outcome::Error, &record);
}

#[test]
fn cancel() {
    let record = of_operation(Connect, async {
        let (address, _full) = stalled_address();
        ways::cancel(TcpStream::connect(address)).await;
    });
    check("connect", Outcome::Cancel, &record);
}

#[test]
fn drop() {
    let record = of_operation(Connect, async {
        let (address, _full) = stalled_address();
        give_up(TcpStream::connect(address)).await;
    });
    check("connect", Outcome::Drop, &record);
}

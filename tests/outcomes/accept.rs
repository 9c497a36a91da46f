use crate::table::{Outcome, check};
use crate::ways::{self, give_up, of_operation, pair};
use loopscope::instrument::SocketOperation::Accept;
use loopscope::net::TcpListener;

#[test]
fn success() {
    let record = of_operation(Accept, async {
        pair().await;
    });
    check("accept", Outcome::Success, &record);
}

#[test]
fn error() {
    let record = of_operation(Accept, async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // A listener that was shut down accepts no more.
        let raw = socket2::SockRef::from(&listener);
        raw.shutdown(std::net::Shutdown::Both).unwrap();
        assert!(listener.accept().await.is_err());
    });
    check("accept", Outcome::Error, &record);
}

#[test]
fn cancel() {
    let record = of_operation(Accept, async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        ways::cancel(async move { listener.accept().await.map(std::mem::drop) }).await;
    });
    check("accept", Outcome::Cancel, &record);
}

#[test]
fn drop() {
    let record = of_operation(Accept, async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        give_up(listener.accept()).await;
    });
    check("accept", Outcome::Drop, &record);
}

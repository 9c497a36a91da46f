use crate::table::{Outcome, check};
use crate::ways::{self, give_up, of_operation, pair, reset};

/// More than the kernel takes while the other end reads nothing.
const TOO_MUCH: usize = 64 << 20;
use loopscope::instrument::SocketOperation::Send;

#[test]
fn success() {
    let record = of_operation(Send, async {
        let (client, _server) = pair().await;
        client.write_all(b"data").await.unwrap();
    });
    check("send", Outcome::Success, &record);
}

#[test]
fn error() {
    let record = of_operation(Send, async {
        assert!(reset().await.write_all(b"data").await.is_err());
    });
    check("send", Outcome::Error, &record);
}

#[test]
fn cancel() {
    let record = of_operation(Send, async {
        let (client, _server) = pair().await;
        ways::cancel(async move { client.write_all(&vec![0; TOO_MUCH]).await }).await;
    });
    check("send", Outcome::Cancel, &record);
}

#[test]
fn drop() {
    let record = of_operation(Send, async {
        let (client, _server) = pair().await;
        give_up(client.write_all(&vec![0; TOO_MUCH])).await;
    });
    check("send", Outcome::Drop, &record);
}

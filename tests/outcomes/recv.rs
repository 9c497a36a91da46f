use crate::table::{Outcome, check};
use crate::ways::{self, give_up, of_operation, pair, reset};
use loopscope::instrument::SocketOperation::Recv;

#[test]
fn success() {
    let record = of_operation(Recv, async {
        let (client, server) = pair().await;
        client.write_all(b"data").await.unwrap();
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 4);
    });
    check("recv", Outcome::Success, &record);
}

#[test]
fn error() {
    let record = of_operation(Recv, async {
        assert!(reset().await.read(&mut [0; 8]).await.is_err());
    });
    check("recv", Outcome::Error, &record);
}

#[test]
fn cancel() {
    let record = of_operation(Recv, async {
        let (client, _server) = pair().await;
        ways::cancel(async move { client.read(&mut [0; 8]).await }).await;
    });
    check("recv", Outcome::Cancel, &record);
}

#[test]
fn drop() {
    let record = of_operation(Recv, async {
        let (client, _server) = pair().await;
        give_up(client.read(&mut [0; 8])).await;
    });
    check("recv", Outcome::Drop, &record);
}

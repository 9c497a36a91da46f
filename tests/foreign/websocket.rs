//! `async-tungstenite`: client and server on one loop.

use crate::recorded::recorded;
use crate::traffic::check_both_sides;
use async_tungstenite::tungstenite::Message;
use async_tungstenite::{accept_async, client_async};
use futures_lite::StreamExt;
use loopscope::event_loop::spawn;
use loopscope::instrument::SocketRole;
use loopscope::net::{TcpListener, TcpStream};

const SIZES: [usize; 4] = [0, 5, 1000, 300_000];

#[test]
fn websockets_talk_over_the_loops_streams() {
    let record = recorded(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = accept_async(stream).await.unwrap();
            while let Some(Ok(message)) = socket.next().await {
                if message.is_binary() {
                    socket.send(message).await.unwrap();
                }
            }
        });
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut socket, _) = client_async("ws://localhost/", stream).await.unwrap();
        for size in SIZES {
            let message = Message::binary(vec![7; size]);
            socket.send(message.clone()).await.unwrap();
            assert_eq!(socket.next().await.unwrap().unwrap(), message);
        }
        socket.close(None).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
        server.await.unwrap();
    });
    let (sent, received) = check_both_sides(&record);
    let data: usize = SIZES.iter().sum();
    assert!(sent > data && received > data, "{sent}, {received}");
    let closed = record.of("on_socket_close");
    for role in [SocketRole::Client, SocketRole::Server] {
        let closed = closed.iter().filter(|event| event.role == Some(role));
        assert_eq!(closed.count(), 1);
    }
}

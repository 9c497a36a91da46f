//! `async-compression` over a stream.

use crate::recorded::recorded;
use crate::traffic::check_both_sides;
use async_compression::futures::bufread::GzipDecoder;
use async_compression::futures::write::GzipEncoder;
use futures_lite::io::BufReader;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use loopscope::event_loop::spawn;
use loopscope::instrument::SocketRole;
use loopscope::net::{TcpListener, TcpStream};
use std::io::Read;

#[test]
fn what_is_compressed_on_the_way_arrives() {
    let text: Vec<u8> = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
    let record = recorded(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let receiver = spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut received = Vec::new();
            let mut decoder = GzipDecoder::new(BufReader::new(stream));
            decoder.read_to_end(&mut received).await.unwrap();
            received
        });
        let stream = TcpStream::connect(address).await.unwrap();
        let mut encoder = GzipEncoder::new(stream);
        encoder.write_all(&text).await.unwrap();
        // Writes the trailer and ends the stream's direction.
        encoder.close().await.unwrap();
        assert!(receiver.await.unwrap() == text);
    });
    let (sent, _) = check_both_sides(&record);
    assert!(0 < sent && sent < text.len(), "{sent}");

    // What hooks were shown of the data is what went over the wire: another reads the same in it.
    let wire = record.of("on_socket_recv_data").into_iter();
    let wire = wire.filter(|event| event.role == Some(SocketRole::Server));
    let wire: Vec<u8> = wire.filter_map(|event| event.data).flatten().collect();
    let mut decoded = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(&*wire);
    decoder.read_to_end(&mut decoded).unwrap();
    assert!(decoded == text);
}

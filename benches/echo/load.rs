//! The load: connections that each send a message and wait until it has come back.

use loopscope::clock::Timestamp;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

pub(crate) const MESSAGE: usize = 64;
/// A server that is silent for so long has failed.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Load {
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    /// Messages sent, so that no two are the same.
    sent: u64,
}

struct Connection {
    stream: TcpStream,
    message: [u8; MESSAGE],
    /// A byte more than comes back: a read that does not fill it has drained the socket.
    reply: [u8; MESSAGE + 1],
    received: usize,
}

impl Load {
    pub(crate) fn connect(server: SocketAddr, connections: usize) -> io::Result<Self> {
        let poll = Poll::new()?;
        let connections = (0..connections)
            .map(|number| {
                let stream = std::net::TcpStream::connect(server)?;
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                let mut stream = TcpStream::from_std(stream);
                poll.registry()
                    .register(&mut stream, Token(number), Interest::READABLE)?;
                Ok(Connection {
                    stream,
                    message: [0; MESSAGE],
                    reply: [0; MESSAGE + 1],
                    received: 0,
                })
            })
            .collect::<io::Result<_>>()?;
        Ok(Self {
            poll,
            events: Events::with_capacity(1024),
            connections,
            sent: 0,
        })
    }

    /// Keeps all connections busy for `duration`; returns how many messages came back, and after
    /// how long the last had.
    pub(crate) fn run(&mut self, duration: Duration) -> io::Result<(u64, Duration)> {
        let (start, first) = (Timestamp::now(), self.sent);
        let end = start + duration;
        for connection in &mut self.connections {
            connection.send(&mut self.sent)?;
        }
        let mut waiting = self.connections.len();
        let mut now = start;
        while waiting > 0 {
            self.poll.poll(&mut self.events, Some(PATIENCE))?;
            if self.events.is_empty() {
                return Err(io::Error::other(format!(
                    "{waiting} messages are unanswered"
                )));
            }
            now = Timestamp::now();
            for event in &self.events {
                let connection = &mut self.connections[event.token().0];
                if !connection.receive()? {
                    continue;
                }
                if now < end {
                    connection.send(&mut self.sent)?;
                } else {
                    waiting -= 1;
                }
            }
        }
        Ok((self.sent - first, now - start))
    }
}

impl Connection {
    fn send(&mut self, sent: &mut u64) -> io::Result<()> {
        *sent += 1;
        for (place, byte) in self.message.chunks_exact_mut(8).zip(0..) {
            place.copy_from_slice(&(*sent ^ byte << 56).to_be_bytes());
        }
        self.received = 0;
        // One message always fits into an empty socket.
        match self.stream.write(&self.message)? {
            MESSAGE => Ok(()),
            part => Err(io::Error::other(format!("{part} of {MESSAGE} bytes sent"))),
        }
    }

    /// Whether the message is back.
    fn receive(&mut self) -> io::Result<bool> {
        let count = match self.stream.read(&mut self.reply[self.received..]) {
            Ok(0) => return Err(io::Error::other("the server has closed a connection")),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        };
        self.received += count;
        if self.received < MESSAGE {
            return Ok(false);
        }
        if self.reply[..self.received] != self.message {
            return Err(io::Error::other("the answer is not what was sent"));
        }
        Ok(true)
    }
}

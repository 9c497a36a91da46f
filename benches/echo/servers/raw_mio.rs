//! What the kernel's part costs: no tasks, no timers, nothing but reads and writes.

use super::{BUFFER, Listening, any_port};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::io::{self, Read, Write};

const LISTENER: Token = Token(usize::MAX);

pub(super) fn run(listening: Listening<'_>) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut listener = TcpListener::bind(any_port())?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    listening(listener.local_addr()?)?;
    let mut streams: Vec<Option<TcpStream>> = Vec::new();
    let mut buffer = [0; BUFFER];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                accept_all(&listener, &poll, &mut streams)?;
            } else if let Some(stream) = &mut streams[event.token().0]
                && echo(stream, &mut buffer).is_err()
            {
                streams[event.token().0] = None;
            }
        }
    }
}

fn accept_all(
    listener: &TcpListener,
    poll: &Poll,
    streams: &mut Vec<Option<TcpStream>>,
) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((mut stream, _)) => {
                stream.set_nodelay(true)?;
                let token = Token(streams.len());
                poll.registry()
                    .register(&mut stream, token, Interest::READABLE)?;
                streams.push(Some(stream));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Sends back all that has come. Whoever waits for one message before the next is sent never fills
/// the socket, so a write that would block is an error.
fn echo(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    loop {
        let count = match stream.read(buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.write_all(&buffer[..count])?;
        if count < buffer.len() {
            return Ok(());
        }
    }
}

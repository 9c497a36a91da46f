//! What a program does with connections.

use crate::actor::{Actor, Start};
use crate::ledger::Kind;
use crate::peers::peers;
use crate::program::{Conversation, Move, Service, Target};
use crate::steps::at_most;
use crate::watched::{Outcome, Watched};
use futures_lite::future::zip;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use loopscope::event_loop::yield_now;
use loopscope::instrument::{SocketId, SocketRole};
use loopscope::net::{TcpListener, TcpStream, TlsStream};
use socket2::SockRef;
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::time::Duration;

/// Opens a connection and makes its moves.
pub(crate) async fn converse(actor: &Actor, conversation: &Conversation) {
    let target = conversation.target;
    let address = actor.world.address(target);
    let ticket = peers().ticket();
    let connecting = TcpStream::connect(address);
    let measure = |result: &io::Result<TcpStream>| Outcome {
        socket: result.as_ref().ok().map(|stream| stream.handle().id()),
        ..Outcome::of(result.is_ok(), None)
    };
    let ledger = actor.ledger();
    ledger.opened(SocketRole::Client, actor.in_force());
    let connected = Watched::new(actor, Kind::Connect, None, connecting, measure).await;
    let Ok(stream) = connected else { return };
    if let Target::Peer(_) = target {
        let connection = (address, stream.local_addr().unwrap());
        ledger.peers.borrow_mut().push((connection, ticket));
    }
    reset_at_end(&stream, conversation.reset);
    let connection = if conversation.secure {
        let connector = actor.world.tls.connector.clone();
        let handshake = |stream| async move { connector.connect("localhost", stream).await };
        Connection::secure(actor, stream, handshake).await
    } else {
        Some(Connection::Plain(stream))
    };
    if let Some(connection) = connection {
        connection
            .make(actor, conversation.polled, &conversation.moves)
            .await;
    }
}

/// Accepts one connection.
pub(crate) async fn accept(actor: &Actor, listener: &TcpListener) -> Option<TcpStream> {
    let socket = Some(listener.handle().id());
    let measure = |result: &io::Result<_>| Outcome::of(result.is_ok(), None);
    let accepted = Watched::new(actor, Kind::Accept, socket, listener.accept(), measure).await;
    let (stream, _) = accepted.ok()?;
    actor.ledger().opened(SocketRole::Server, actor.in_force());
    Some(stream)
}

/// Accepts a connection where the program listens and makes the moves of a service.
pub(crate) async fn serve(actor: &Actor, service: &Service) {
    let Some(stream) = accept(actor, actor.world.listener()).await else {
        return;
    };
    reset_at_end(&stream, service.reset);
    if !service.elsewhere {
        return serve_one(actor, stream, service).await;
    }
    let start = Start {
        serves: Some(stream.handle().clone()),
        ..Start::default()
    };
    let service = service.clone();
    let serving = |actor: Actor| async move { serve_one(&actor, stream, &service).await };
    let child = actor.spawn(start, serving);
    actor.children.borrow_mut().push(child);
}

async fn serve_one(actor: &Actor, stream: TcpStream, service: &Service) {
    if let Some(connection) = Connection::accepted(actor, stream, service.secure).await {
        connection.make(actor, false, &service.moves).await;
    }
}

/// Sends back what comes.
pub(crate) async fn echo(actor: &Actor, stream: TcpStream, secure: bool) {
    let Some(connection) = Connection::accepted(actor, stream, secure).await else {
        return;
    };
    let mut buffer = vec![0; 4096];
    loop {
        match connection.read(actor, &mut buffer).await {
            Ok(count @ 1..) => {
                if connection.write_all(actor, &buffer[..count]).await.is_err() {
                    return;
                }
            }
            _ => return connection.half_close().await,
        }
    }
}

/// Has the connection torn down when it is closed.
fn reset_at_end(stream: &TcpStream, yes: bool) {
    if yes {
        let socket = SockRef::from(stream);
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    }
}

#[expect(clippy::large_enum_variant, reason = "there are few")]
enum Connection {
    Plain(TcpStream),
    Secure(TlsStream),
}

/// The same on either kind of stream.
macro_rules! on {
    ($connection:expr, $stream:ident => $what:expr) => {
        match $connection {
            Connection::Plain($stream) => $what,
            Connection::Secure($stream) => $what,
        }
    };
}

/// One of the streams' own operations, under watch; `$size` is what an `Ok` says was moved.
macro_rules! operation {
    ($connection:expr, $actor:expr, $kind:expr, $stream:ident => $call:expr, $size:expr) => {{
        let socket = Some($connection.id());
        on!($connection, $stream => {
            let size = $size;
            let measure = |result: &io::Result<_>| {
                Outcome::of(result.is_ok(), result.as_ref().ok().copied().map(size))
            };
            Watched::new($actor, $kind, socket, $call, measure).await
        })
    }};
}

impl Connection {
    async fn secure<F>(
        actor: &Actor,
        stream: TcpStream,
        handshake: impl FnOnce(TcpStream) -> F,
    ) -> Option<Self>
    where
        F: Future<Output = io::Result<TlsStream>>,
    {
        let socket = stream.handle().id();
        actor.secured(socket);
        let measure = |result: &io::Result<_>| Outcome::of(result.is_ok(), None);
        let handshake = handshake(stream);
        let done = Watched::new(actor, Kind::Handshake, Some(socket), handshake, measure).await;
        done.ok().map(Self::Secure)
    }

    async fn accepted(actor: &Actor, stream: TcpStream, secure: bool) -> Option<Self> {
        if !secure {
            return Some(Self::Plain(stream));
        }
        let acceptor = actor.world.tls.acceptor.clone();
        let handshake = |stream| async move { acceptor.accept(stream).await };
        Self::secure(actor, stream, handshake).await
    }

    fn id(&self) -> SocketId {
        on!(self, stream => stream.handle().id())
    }

    async fn make(&self, actor: &Actor, polled: bool, moves: &[Move]) {
        if polled {
            actor.ledger().polled(self.id(), 0, 0);
        }
        for a_move in moves {
            // What fails is told by hooks; what comes after it is tried all the same.
            let _ = self.make_one(actor, polled, a_move).await;
        }
    }

    fn make_one<'a>(
        &'a self,
        actor: &'a Actor,
        polled: bool,
        a_move: &'a Move,
    ) -> Pin<Box<dyn Future<Output = io::Result<()>> + 'a>> {
        Box::pin(async move {
            match a_move {
                Move::Yield => yield_now().await,
                Move::HalfClose => self.half_close().await,
                Move::GiveUp(polls, inner) => {
                    at_most(*polls, self.make_one(actor, polled, inner)).await;
                }
                _ if polled => self.transfer_polled(actor, a_move).await?,
                _ => self.transfer(actor, a_move).await?,
            }
            Ok(())
        })
    }

    /// A move by the stream's own methods.
    async fn transfer(&self, actor: &Actor, a_move: &Move) -> io::Result<()> {
        match *a_move {
            Move::Write(size) => self.write_all(actor, &vec![b'w'; size]).await,
            Move::WriteSome(size) => {
                let data = vec![b's'; size];
                operation!(self, actor, Kind::Send, stream => stream.write(&data), |count| count)
                    .map(drop)
            }
            Move::Read(size) => self.read(actor, &mut vec![0; size]).await.map(drop),
            Move::ReadExact(size) => self.read_exact(actor, size).await,
            Move::ReadToEnd => {
                let mut buffer = vec![0; 4096];
                while self.read(actor, &mut buffer).await? > 0 {}
                Ok(())
            }
            Move::Duplex(size) => {
                let data = vec![b'd'; size];
                let sending = self.write_all(actor, &data);
                let (sent, received) = zip(sending, self.read_exact(actor, size)).await;
                sent.and(received)
            }
            Move::HalfClose | Move::Yield | Move::GiveUp(..) => Ok(()),
        }
    }

    async fn read(&self, actor: &Actor, buffer: &mut [u8]) -> io::Result<usize> {
        operation!(self, actor, Kind::Recv, stream => stream.read(buffer), |count| count)
    }

    async fn read_exact(&self, actor: &Actor, size: usize) -> io::Result<()> {
        let mut buffer = vec![0; size];
        operation!(self, actor, Kind::Recv, stream => stream.read_exact(&mut buffer), move |()| size)
    }

    async fn write_all(&self, actor: &Actor, data: &[u8]) -> io::Result<()> {
        let size = data.len();
        operation!(self, actor, Kind::Send, stream => stream.write_all(data), move |()| size)
    }

    /// A move through the `futures-io` traits.
    async fn transfer_polled(&self, actor: &Actor, a_move: &Move) -> io::Result<()> {
        match *a_move {
            Move::Write(size) => self.write_polled(actor, size).await,
            Move::WriteSome(size) => self.write_some_polled(actor, size).await.map(drop),
            Move::Read(size) => self.read_polled(actor, size).await.map(drop),
            Move::ReadExact(size) => self.read_exact_polled(actor, size).await,
            Move::ReadToEnd => {
                while self.read_polled(actor, 4096).await? > 0 {}
                Ok(())
            }
            Move::Duplex(size) => {
                let sending = self.write_polled(actor, size);
                let (sent, received) = zip(sending, self.read_exact_polled(actor, size)).await;
                sent.and(received)
            }
            Move::HalfClose | Move::Yield | Move::GiveUp(..) => Ok(()),
        }
    }

    async fn read_polled(&self, actor: &Actor, size: usize) -> io::Result<usize> {
        let mut buffer = vec![0; size];
        let count = on!(self, stream => AsyncReadExt::read(&mut &*stream, &mut buffer).await?);
        actor.ledger().polled(self.id(), count, 0);
        Ok(count)
    }

    async fn read_exact_polled(&self, actor: &Actor, size: usize) -> io::Result<()> {
        let mut left = size;
        while left > 0 {
            match self.read_polled(actor, left).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => left -= count,
            }
        }
        Ok(())
    }

    async fn write_some_polled(&self, actor: &Actor, size: usize) -> io::Result<usize> {
        let data = vec![b'p'; size];
        let count = on!(self, stream => AsyncWriteExt::write(&mut &*stream, &data).await?);
        actor.ledger().polled(self.id(), 0, count);
        Ok(count)
    }

    async fn write_polled(&self, actor: &Actor, size: usize) -> io::Result<()> {
        let mut left = size;
        while left > 0 {
            left -= self.write_some_polled(actor, left).await?;
        }
        on!(self, stream => AsyncWriteExt::flush(&mut &*stream).await)
    }

    /// Ends the direction to the peer.
    async fn half_close(&self) {
        // The peer may have gone.
        let _ = match self {
            Self::Plain(stream) => stream.shutdown(Shutdown::Write),
            Self::Secure(stream) => stream.close().await,
        };
    }
}

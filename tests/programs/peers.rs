//! Peers on threads of their own, which count the bytes that they really move.

use crate::program::Manner;
use socket2::SockRef;
use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// What one end of a connection has moved.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moved {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// It has received all there was: the other end has ended its direction.
    pub(crate) saw_end: bool,
    /// A call has failed: of a connection that was torn down the system tells once, and shows its
    /// end from then on.
    is_broken: bool,
}

/// Peers of every manner. They live as long as the process.
pub(crate) struct Peers {
    addresses: HashMap<Manner, SocketAddr>,
    book: Arc<Book>,
}

/// A connection: the addresses of the peer and of who connected to it.
pub(crate) type Connection = (SocketAddr, SocketAddr);

#[derive(Default)]
struct Book {
    entries: Mutex<Entries>,
    changed: Condvar,
}

#[derive(Default)]
struct Entries {
    /// How many connections were accepted.
    accepted: u64,
    /// The connections that have ended, each with its number: ports are used again.
    moved: HashMap<Connection, (u64, Moved)>,
    /// Those whose program has ended: who stalls may go on.
    over: HashSet<Connection>,
}

pub(crate) fn peers() -> &'static Peers {
    static PEERS: LazyLock<Peers> = LazyLock::new(Peers::start);
    &PEERS
}

impl Peers {
    fn start() -> Self {
        let book = Arc::new(Book::default());
        let manners = [
            Manner::Echoes,
            Manner::Resets,
            Manner::HalfCloses,
            Manner::Stalls,
            Manner::Babbles,
            Manner::Closes,
        ];
        let addresses = manners.map(|manner| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let (address, book) = (listener.local_addr().unwrap(), book.clone());
            thread::spawn(move || serve(&listener, manner, &book));
            (manner, address)
        });
        Self {
            addresses: addresses.into(),
            book,
        }
    }

    pub(crate) fn address(&self, manner: Manner) -> SocketAddr {
        self.addresses[&manner]
    }

    /// A number below those of the connections that are made from now on.
    pub(crate) fn ticket(&self) -> u64 {
        self.book.lock().accepted
    }

    /// What the peer of a connection has moved, once it has ended; it was made after `ticket`, and
    /// its program has ended.
    pub(crate) fn moved(&self, connection: Connection, ticket: u64) -> Option<Moved> {
        let mut entries = self.book.lock();
        entries.over.insert(connection);
        self.book.changed.notify_all();
        let limit = Duration::from_secs(10);
        let is_open = |entries: &mut Entries| {
            let ended = entries.moved.get(&connection);
            ended.is_none_or(|(number, _)| *number < ticket)
        };
        let waited = self
            .book
            .changed
            .wait_timeout_while(entries, limit, is_open);
        let mut entries = waited.unwrap().0;
        entries.over.remove(&connection);
        let (number, moved) = entries.moved.remove(&connection)?;
        (number >= ticket).then_some(moved)
    }
}

impl Book {
    fn number(&self) -> u64 {
        let mut entries = self.lock();
        entries.accepted += 1;
        entries.accepted - 1
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap()
    }

    fn wait_until_over(&self, connection: Connection) {
        // Of a connection that its program has never seen stand, nobody asks.
        let limit = Duration::from_secs(2);
        let goes_on = |entries: &mut Entries| !entries.over.contains(&connection);
        let waited = self.changed.wait_timeout_while(self.lock(), limit, goes_on);
        drop(waited.unwrap());
    }
}

fn serve(listener: &TcpListener, manner: Manner, book: &Arc<Book>) {
    let local = listener.local_addr().unwrap();
    while let Ok((stream, client)) = listener.accept() {
        let (book, connection) = (book.clone(), (local, client));
        let number = book.number();
        thread::spawn(move || {
            let moved = converse(stream, manner, || book.wait_until_over(connection));
            book.lock().moved.insert(connection, (number, moved));
            book.changed.notify_all();
        });
    }
}

fn converse(mut stream: TcpStream, manner: Manner, stall: impl FnOnce()) -> Moved {
    let mut moved = Moved::default();
    match manner {
        Manner::Echoes => while moved.echo(&mut stream) {},
        Manner::Resets => {
            moved.receive(&mut stream);
            SockRef::from(&stream)
                .set_linger(Some(Duration::ZERO))
                .unwrap();
        }
        Manner::HalfCloses => {
            moved.send(&mut stream, b"hello");
            let _ = stream.shutdown(Shutdown::Write);
            while moved.receive(&mut stream).is_some() {}
        }
        Manner::Stalls => {
            stall();
            while moved.receive(&mut stream).is_some() {}
        }
        Manner::Babbles => {
            for length in [1, 300, 5000] {
                moved.send(&mut stream, &vec![0xff; length]);
            }
            while moved.receive(&mut stream).is_some() {}
        }
        Manner::Closes => {}
    }
    moved
}

impl Moved {
    /// Receives something; none at the end.
    fn receive(&mut self, stream: &mut TcpStream) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 4096];
        let count = stream.read(&mut buffer).ok()?;
        self.received += count as u64;
        self.saw_end = count == 0 && !self.is_broken;
        buffer.truncate(count);
        (count > 0).then_some(buffer)
    }

    /// Sends all that can be sent.
    fn send(&mut self, stream: &mut TcpStream, mut data: &[u8]) {
        while !data.is_empty() {
            let Ok(count) = stream.write(data) else {
                self.is_broken = true;
                return;
            };
            self.sent += count as u64;
            data = &data[count..];
        }
    }

    fn echo(&mut self, stream: &mut TcpStream) -> bool {
        let received = self.receive(stream);
        if let Some(data) = &received {
            self.send(stream, data);
        }
        received.is_some()
    }
}

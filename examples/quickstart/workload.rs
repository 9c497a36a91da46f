//! What the example does: clients send requests over TLS, a server answers them and hands each to
//! workers through a queue.
//!
//! Nothing here speaks of telemetry, but for the one client that runs under a `PrintInstrument` of
//! its own.

use loopscope::event_loop::{JoinHandle, TaskBuilder, sleep};
use loopscope::instrument::{EventLoopInstrument, WithInstrumentExt};
use loopscope::net::{TcpListener, TcpStream, TlsAcceptor, TlsConnector, TlsStream};
use loopscope::rustls::{ClientConfig, ServerConfig};
use loopscope::sync::AsyncQueue;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How many clients there are.
pub(crate) const CLIENTS: usize = 3;
/// How many requests each client sends.
pub(crate) const REQUESTS: usize = 3;
/// The size of a request, and of the answer to it, in bytes.
pub(crate) const REQUEST_SIZE: usize = 256;
/// How many workers serve the queue.
pub(crate) const WORKERS: usize = 2;

type Failure = Box<dyn Error + Send + Sync>;

/// Runs server, workers and clients until all requests are answered and worked on; returns how many
/// items the workers had. The first client runs under `printed`, if one is given.
pub(crate) async fn run(
    (server, client): (Arc<ServerConfig>, Arc<ClientConfig>),
    printed: Option<impl EventLoopInstrument + 'static>,
) -> Result<usize, Failure> {
    let jobs = AsyncQueue::bounded(1).named("jobs");
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let accepting = TaskBuilder::new().detached().try_spawn(serve(
        listener,
        TlsAcceptor::new(server),
        jobs.clone(),
    ));
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| TaskBuilder::new().name("worker").spawn(work(jobs.clone())))
        .collect();

    let connector = TlsConnector::new(client);
    let mut printed = printed;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let requests = request(connector.clone(), address);
            let task = TaskBuilder::new().name("client");
            match printed.take() {
                Some(instrument) => task.try_spawn(requests.with_instrument(instrument)),
                None => task.try_spawn(requests),
            }
        })
        .collect();
    for client in clients {
        client.await?;
    }
    for connection in accepting.await? {
        connection.await?;
    }
    jobs.close();
    let mut done = 0;
    for worker in workers {
        done += worker.await?;
    }
    Ok(done)
}

/// Accepts as many connections as there are clients, each served by a task of its own.
async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    jobs: AsyncQueue<usize>,
) -> io::Result<Vec<JoinHandle<()>>> {
    let mut connections = Vec::new();
    while connections.len() < CLIENTS {
        let (stream, _peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let task = TaskBuilder::new()
            .name("connection")
            .detached()
            .serves(stream.handle());
        let (acceptor, jobs) = (acceptor.clone(), jobs.clone());
        connections.push(
            task.try_spawn(async move { answer(acceptor.accept(stream).await?, jobs).await }),
        );
    }
    Ok(connections)
}

/// Sends each request back and hands its size to the workers.
async fn answer(stream: TlsStream, jobs: AsyncQueue<usize>) -> Result<(), Failure> {
    let mut request = [0; REQUEST_SIZE];
    loop {
        let received = stream.read(&mut request).await?;
        if received == 0 {
            return Ok(stream.close().await?);
        }
        if received < REQUEST_SIZE {
            stream.read_exact(&mut request[received..]).await?;
        }
        jobs.put(request.len()).await?;
        stream.write_all(&request).await?;
    }
}

/// Works on what is in the queue until that is closed; returns how many items that were.
async fn work(jobs: AsyncQueue<usize>) -> usize {
    let mut done = 0;
    while let Ok(_size) = jobs.get().await {
        sleep(Duration::from_millis(5)).await;
        done += 1;
    }
    done
}

/// Connects, sends all requests and checks the answers.
async fn request(connector: TlsConnector, server: SocketAddr) -> Result<(), Failure> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let stream = connector.connect("localhost", stream).await?;
    for number in 0..REQUESTS {
        let request = [u8::try_from(number)?; REQUEST_SIZE];
        let mut answer = [0; REQUEST_SIZE];
        stream.write_all(&request).await?;
        stream.read_exact(&mut answer).await?;
        if answer != request {
            return Err("the answer differs from the request".into());
        }
    }
    stream.close().await?;
    match stream.read(&mut [0; 1]).await? {
        0 => Ok(()),
        _ => Err("the server sent more than it was asked for".into()),
    }
}

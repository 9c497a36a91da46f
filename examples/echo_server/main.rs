//! An echo server over TCP and TLS that ends on SIGTERM when its connections have drained.
//!
//! ```text
//! cargo run --example echo_server -- --tcp 127.0.0.1:7000 --tls 127.0.0.1:7443
//! ```
//!
//! The certificate is made for the run; with OpenSSL's client, `openssl s_client -connect
//! localhost:7443` talks to it.

#[path = "../quickstart/certificates.rs"]
mod certificates;

use futures_lite::future;
use futures_lite::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use loopscope::event_loop::{EventLoop, JoinHandle, TaskBuilder, timeout};
use loopscope::net::{TcpListener, TcpStream, TlsAcceptor};
use loopscope::sync::AsyncQueue;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "usage: echo_server [--tcp HOST:PORT] [--tls HOST:PORT]";
/// A connection on which nothing arrives for so long while the server stops is done.
const QUIET: Duration = Duration::from_millis(200);
/// Connections that are not done by then are cut off.
const GRACE: Duration = Duration::from_secs(10);

/// Closed when the server stops: that wakes all who wait for it.
type Stopping = AsyncQueue<()>;

fn main() -> ExitCode {
    match serve_until_stopped() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "echo_server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve_until_stopped() -> Result<(), Box<dyn Error + Send + Sync>> {
    if std::env::args().any(|argument| argument == "--help") {
        return Ok(say(USAGE)?);
    }
    let (tcp, tls) = addresses()?;
    let (stop, stopped) = futures_channel::oneshot::channel();
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            let _ = stop.send(());
        }
    });
    EventLoop::new()?.run_until_complete(async {
        let stopping = Stopping::unbounded();
        let (server, _) = certificates::for_localhost()?;
        let servers = [
            listen("tcp", &tcp, None, &stopping)?,
            listen("tls", &tls, Some(TlsAcceptor::new(server)), &stopping)?,
        ];
        let _ = stopped.await;
        say("stopping: no new connections, draining those that are open")?;
        stopping.close();
        let mut cut_off = 0;
        for server in servers {
            for connection in server.await? {
                cut_off += usize::from(!drained(connection).await);
            }
        }
        say(&format!("stopped; {cut_off} connections cut off"))?;
        Ok(())
    })
}

/// Where to listen, from the command line.
fn addresses() -> Result<(String, String), String> {
    let (mut tcp, mut tls) = (
        String::from("127.0.0.1:7000"),
        String::from("127.0.0.1:7443"),
    );
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let address = match option.as_str() {
            "--tcp" => &mut tcp,
            "--tls" => &mut tls,
            _ => return Err(USAGE.into()),
        };
        *address = arguments.next().ok_or(USAGE)?;
    }
    Ok((tcp, tls))
}

/// Waits for a connection to end, but not for ever.
async fn drained(mut connection: JoinHandle<()>) -> bool {
    let in_time = timeout(GRACE, &mut connection).await.is_ok();
    if !in_time {
        connection.cancel();
    }
    in_time
}

/// Accepts connections until the server stops; its result are those that may still be open.
fn listen(
    protocol: &'static str,
    address: &str,
    acceptor: Option<TlsAcceptor>,
    stopping: &Stopping,
) -> io::Result<JoinHandle<Vec<JoinHandle<()>>>> {
    let listener = TcpListener::bind(address)?;
    say(&format!(
        "{protocol} listening on {}",
        listener.local_addr()?
    ))?;
    let stopping = stopping.clone();
    Ok(TaskBuilder::new().spawn(async move {
        let mut connections: Vec<JoinHandle<()>> = Vec::new();
        while let Some(accepted) = until(&stopping, listener.accept()).await {
            connections.retain(|connection| !connection.is_finished());
            match accepted {
                Ok((stream, _)) => connections.push(
                    TaskBuilder::new()
                        .name("connection")
                        .detached()
                        .serves(stream.handle())
                        .try_spawn(serve(stream, acceptor.clone(), stopping.clone())),
                ),
                // As when descriptors have run out: those who are connected may give some back.
                Err(error) => {
                    let _ = say(&format!("accept: {error}"));
                    loopscope::event_loop::sleep(QUIET).await;
                }
            }
        }
        connections
    }))
}

/// The output of `future`, or none if the server stops first.
async fn until<T>(stopping: &Stopping, future: impl Future<Output = T>) -> Option<T> {
    future::or(async { Some(future.await) }, async {
        let _ = stopping.get().await;
        None
    })
    .await
}

async fn serve(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    stopping: Stopping,
) -> io::Result<()> {
    match acceptor {
        Some(acceptor) => echo(acceptor.accept(stream).await?, stopping).await,
        None => echo(stream, stopping).await,
    }
}

/// Sends back what arrives: until the peer ends, or until all is quiet after the server stops.
async fn echo(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    stopping: Stopping,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let received = match until(&stopping, stream.read(&mut buffer)).await {
            Some(received) => received?,
            None => match timeout(QUIET, stream.read(&mut buffer)).await {
                Ok(received) => received?,
                Err(_quiet) => 0,
            },
        };
        if received == 0 {
            return stream.close().await;
        }
        stream.write_all(&buffer[..received]).await?;
        stream.flush().await?;
    }
}

fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

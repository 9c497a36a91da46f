//! An echo server over TCP and TLS that ends on SIGTERM when its connections have drained.
//!
//! ```text
//! cargo run --example echo_server -- --tcp 127.0.0.1:7000 --tls 127.0.0.1:7443
//! ```
//!
//! The certificate is made for the run; with OpenSSL's client, `openssl s_client -connect
//! localhost:7443` talks to it. On SIGUSR1 it prints what each of its tasks waits for.

#[path = "../quickstart/certificates.rs"]
mod certificates;
mod echo;

use futures_lite::{StreamExt, future};
use loopscope::event_loop::{EventLoop, TaskBuilder};
use loopscope::net::{TcpListener, TcpStream, TlsAcceptor};
use signal_hook::consts::SIGUSR1;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "usage: echo_server [--tcp HOST:PORT] [--tls HOST:PORT]";
/// Connections that are not done by then are cut off.
const GRACE: Duration = Duration::from_secs(10);

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    match serve_until_stopped() {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "echo_server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve_until_stopped() -> Result<ExitCode, Failure> {
    if std::env::args().any(|argument| argument == "--help") {
        say(USAGE)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (tcp, tls) = addresses()?;
    let event_loop = EventLoop::builder().print_snapshot_on(SIGUSR1).build()?;
    let ended = event_loop.run_gracefully(GRACE, async {
        let (config, _) = certificates::for_localhost()?;
        let tcp = listen("tcp", &tcp)?;
        let tls = listen("tls", &tls)?;
        let acceptor = TlsAcceptor::new(config);
        future::zip(accept(tcp, None), accept(tls, Some(acceptor))).await;
        say("stopping: no new connections, draining those that are open")?;
        Ok::<(), Failure>(())
    })?;
    let cut_off = ended.cut_off();
    ended.output().transpose()?;
    say(&format!("stopped; {cut_off} connections cut off"))?;
    Ok(ExitCode::from(u8::from(cut_off > 0)))
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

fn listen(protocol: &str, address: &str) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    say(&format!("{protocol} listening on {address}"))?;
    Ok(listener)
}

/// Accepts connections until the server stops, and serves each by a task of its own.
async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>) {
    let mut connections = listener.incoming();
    while let Some(connection) = connections.next().await {
        match connection {
            Ok(stream) => TaskBuilder::new()
                .name("connection")
                .detached()
                .serves(stream.handle())
                .try_spawn(serve(stream, acceptor.clone()))
                .detach(),
            // As when descriptors have run out: the listener tries again after a pause.
            Err(error) => {
                let _ = say(&format!("accept: {error}"));
            }
        }
    }
}

async fn serve(stream: TcpStream, acceptor: Option<TlsAcceptor>) -> io::Result<u64> {
    match acceptor {
        Some(acceptor) => echo::echo(acceptor.accept(stream).await?).await,
        None => echo::echo(stream).await,
    }
}

fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

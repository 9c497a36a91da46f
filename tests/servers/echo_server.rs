//! One loop, TCP and TLS.

use crate::program::Program;
use crate::trust;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

struct Server {
    program: Program,
    tcp: String,
    tls: String,
}

impl Server {
    fn start() -> Self {
        let arguments = ["--tcp", "127.0.0.1:0", "--tls", "127.0.0.1:0"];
        let mut program = Program::start("echo_server", &arguments, &[]);
        let tcp = program.says("tcp listening on ");
        let tls = program.says("tls listening on ");
        Self { program, tcp, tls }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.tcp).expect("it accepts")
    }

    /// Asks it to stop, and waits until it says that it does.
    fn terminate(&mut self) {
        self.program.signal("TERM");
        self.program.says("stopping");
    }

    fn end(self) -> (String, ExitStatus) {
        self.program.end()
    }
}

fn echo(stream: &mut TcpStream, text: &[u8]) {
    stream.write_all(text).expect("it takes what is sent");
    let mut answer = vec![0; text.len()];
    stream.read_exact(&mut answer).expect("it answers");
    assert_eq!(answer, text);
}

#[test]
fn connections_are_drained_on_sigterm() {
    let mut server = Server::start();
    let mut connections: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for connection in &mut connections {
        echo(connection, b"before");
    }
    let address = server.tcp.clone();
    server.terminate();
    // What is open goes on to be served, and is then closed.
    let mut open = connections.pop().expect("there are twenty");
    echo(&mut open, b"while it stops");
    open.shutdown(Shutdown::Write).expect("it is open");
    assert_eq!(open.read(&mut [0; 1]).expect("it is closed in order"), 0);
    drop(connections);
    let (said, status) = server.end();
    assert!(status.success());
    assert_eq!(said, "stopped; 0 connections cut off\n");
    assert!(
        TcpStream::connect(address).is_err(),
        "nobody listens there any more"
    );
}

#[test]
fn connections_that_wait_to_be_accepted_are_served_before_it_stops() {
    let mut server = Server::start();
    // It is not there while they come, and finds the signal beside them.
    server.program.signal("STOP");
    let mut waiting: Vec<_> = (0..50).map(|_| server.connect()).collect();
    for connection in &mut waiting {
        connection
            .write_all(b"waiting")
            .expect("the system takes it");
    }
    server.program.signal("TERM");
    server.program.signal("CONT");
    for connection in &mut waiting {
        let mut answer = [0; 7];
        connection.read_exact(&mut answer).expect("it is served");
        assert_eq!(&answer, b"waiting");
    }
    drop(waiting);
    server.program.says("stopping");
    assert!(server.end().1.success());
}

#[test]
fn a_second_signal_cuts_off_who_does_not_end() {
    let mut server = Server::start();
    let stop = AtomicBool::new(false);
    let mut stubborn = server.connect();
    echo(&mut stubborn, b"I stay");
    let (said, status) = thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) && stubborn.write_all(b"and stay").is_ok() {
                let _ = stubborn.read(&mut [0; 64]);
            }
        });
        server.terminate();
        server.program.signal("TERM");
        let ended = server.end();
        stop.store(true, Ordering::Relaxed);
        ended
    });
    assert_eq!(status.code(), Some(1));
    assert_eq!(said, "stopped; 1 connections cut off\n");
}

#[test]
fn the_tasks_are_printed_on_sigusr1() {
    let mut server = Server::start();
    let mut connection = server.connect();
    echo(&mut connection, b"hello");
    let client = connection.local_addr().expect("it is connected");
    server.program.signal("USR1");
    assert_eq!(
        server.program.complains(),
        "event loop #1: 2 tasks, 3 sockets, 0 timers"
    );
    let main = server.program.complains();
    assert!(main.contains("waits for accept on 127.0.0.1:"), "{main}");
    let task = server.program.complains();
    let waits = format!("waits for recv from {client}");
    assert!(
        task.contains("connection#") && task.contains(&waits),
        "{task}"
    );
    // It goes on.
    echo(&mut connection, b"again");
    drop(connection);
    server.terminate();
    assert!(server.end().1.success());
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = other.local_addr().expect("it is bound").to_string();
    for (arguments, sentence) in [
        (["--tcp", &*taken], "cannot listen on 127.0.0.1:"),
        (["--tcp", "nowhere"], "expected HOST:PORT"),
        (["--port", "80"], "usage: echo_server"),
    ] {
        let mut program = Program::start("echo_server", &arguments, &[]);
        let said = program.complains();
        assert!(
            said.starts_with("echo_server: ") && said.contains(sentence),
            "{said}"
        );
        assert_eq!(program.end().1.code(), Some(1));
    }
}

#[test]
fn tls_is_served_beside_tcp() {
    use rustls::pki_types::ServerName;

    let mut server = Server::start();
    // The certificate is the server's own: this client trusts whatever it is shown.
    let config = trust::config(true).expect("a configuration");
    let name = ServerName::try_from("localhost").expect("a name");
    let mut connection = rustls::ClientConnection::new(config, name).expect("a client");
    let mut socket = TcpStream::connect(&server.tls).expect("it accepts");
    let mut stream = rustls::Stream::new(&mut connection, &mut socket);
    stream.write_all(b"hello").expect("it takes what is sent");
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).expect("it answers");
    assert_eq!(&answer, b"hello");
    drop(socket);
    server.terminate();
    assert!(server.end().1.success());
}

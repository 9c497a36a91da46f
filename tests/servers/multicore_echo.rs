//! Several loops behind one port.

use crate::program::Program;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

const REQUEST: &[u8] = b"0123456789";

/// One request and its answer; whether it was answered.
fn request(stream: &mut TcpStream) -> bool {
    let mut answer = [0; REQUEST.len()];
    stream.write_all(REQUEST).is_ok() && stream.read_exact(&mut answer).is_ok()
}

/// The figures of each loop: name, connections, bytes received and sent, tasks cut off.
fn figures(table: &str) -> Vec<(String, u64, u64, u64, u64)> {
    let lines = table.lines().skip(1);
    lines
        .map(|line| {
            let cells: Vec<_> = line.split_whitespace().collect();
            let number = |cell: usize| cells[cell].parse().expect("a number");
            (cells[0].into(), number(1), number(2), number(3), number(6))
        })
        .collect()
}

#[test]
fn under_load_sigterm_loses_nothing_that_was_accepted() {
    const SHORT: usize = 64;
    const CLIENTS: usize = 6;
    const REQUESTS: usize = 2000;
    let arguments = ["--listen", "127.0.0.1:0", "--loops", "2"];
    let mut server = Program::start("multicore_echo", &arguments, &[]);
    let address = server.says("2 loops listening on ");
    let connect = || TcpStream::connect(&address);

    // So many that both loops get some.
    for _ in 0..SHORT {
        assert!(request(&mut connect().expect("it accepts")));
    }
    let (late_connections, late) = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let mut stream = connect().expect("it accepts");
                assert!(request(&mut stream), "it is being served");
                scope.spawn(move || {
                    for number in 1..REQUESTS {
                        assert!(request(&mut stream), "request {number} is lost");
                    }
                    stream.shutdown(Shutdown::Write).expect("it is open");
                    assert_eq!(stream.read(&mut [0; 1]).expect("in order"), 0);
                })
            })
            .collect();
        let late = scope.spawn(|| {
            // While it stops: answered or refused, but never half.
            let (mut connections, mut answered) = (0, 0);
            while let Ok(mut stream) = connect() {
                connections += 1;
                answered += u64::from(request(&mut stream));
            }
            (connections, answered)
        });
        server.signal("TERM");
        for client in clients {
            client.join().expect("no request is lost");
        }
        late.join().expect("it is refused in the end")
    });
    let (table, status) = server.end();
    assert!(status.success(), "{table}");

    let figures = figures(&table);
    let names: Vec<_> = figures.iter().map(|of_loop| &of_loop.0).collect();
    assert_eq!(names, ["echo-0", "echo-1"], "{table}");
    assert!(figures.iter().all(|of_loop| of_loop.1 > 0), "{table}");
    let sum = |figure: fn(&(String, u64, u64, u64, u64)) -> u64| figures.iter().map(figure).sum();
    let (connections, received, sent): (u64, u64, u64) =
        (sum(|it| it.1), sum(|it| it.2), sum(|it| it.3));
    let answered = (SHORT + CLIENTS * REQUESTS) as u64 + late;
    assert_eq!(received, answered * REQUEST.len() as u64, "{table}");
    assert_eq!(sent, received, "{table}");
    let surely_accepted = (SHORT + CLIENTS) as u64 + late;
    let at_most = (SHORT + CLIENTS) as u64 + late_connections;
    assert!(
        (surely_accepted..=at_most).contains(&connections),
        "{table}"
    );
    assert_eq!(sum(|it| it.4), 0, "{table}");
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = other.local_addr().expect("it is bound").to_string();
    for (arguments, sentence) in [
        (["--listen", &*taken], "cannot listen on 127.0.0.1:"),
        (
            ["--listen", "localhost:80"],
            "expected an IP address and a port",
        ),
        (["--loops", "0"], "expected a number from 1 on"),
    ] {
        let mut program = Program::start("multicore_echo", &arguments, &[]);
        let said = program.complains();
        assert!(
            said.starts_with("multicore_echo: ") && said.contains(sentence),
            "{said}"
        );
        assert_eq!(program.end().1.code(), Some(1));
    }
}

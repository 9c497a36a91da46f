//! The system calls of a thread, as strace saw them.

use std::collections::{BTreeMap, HashMap};

/// A call that returned.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// The kind of socket that its first argument is: `TCP`, `UDP`, `UNIX-STREAM`.
    pub(crate) socket: Option<String>,
    pub(crate) arguments: String,
    /// What it returned; none where it failed.
    pub(crate) result: Option<u64>,
}

/// The calls of one thread in what `strace -f -yy` wrote.
pub(crate) fn calls(trace: &str, thread: &str) -> Vec<Call> {
    // A call that others come between stands in two lines.
    let mut unfinished: HashMap<&str, &str> = HashMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((id, text)) = line.split_once(char::is_whitespace) else {
            continue;
        };
        if id != thread {
            continue;
        }
        let text = text.trim_start();
        if let Some((begun, _)) = text.split_once(" <unfinished ...>") {
            unfinished.insert(id, begun);
            continue;
        }
        let whole = match text
            .strip_prefix("<... ")
            .and_then(|it| it.split_once(" resumed>"))
        {
            Some((_, rest)) => unfinished.remove(id).unwrap_or_default().to_owned() + rest,
            None => text.to_owned(),
        };
        calls.extend(call(&whole));
    }
    calls
}

fn call(text: &str) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(") ")?;
    let result = result.trim_start().strip_prefix("= ")?;
    let number: String = result.chars().take_while(char::is_ascii_digit).collect();
    Some(Call {
        name: name.into(),
        socket: socket_of(arguments),
        arguments: arguments.into(),
        result: number.parse().ok(),
    })
}

/// The kind of socket in `9<TCP:[127.0.0.1:4000->127.0.0.1:80]>, …`.
fn socket_of(arguments: &str) -> Option<String> {
    let (_, shown) = arguments.split_once('<')?;
    let (kind, _) = shown.split_once(":[")?;
    let is_socket = ["TCP", "UDP", "UNIX"].iter().any(|it| kind.starts_with(it));
    is_socket.then(|| kind.into())
}

/// Sums by `network.transport`.
pub(crate) type ByTransport = BTreeMap<String, u64>;

/// The bytes that calls of these names moved on sockets, by transport.
pub(crate) fn bytes(calls: &[Call], names: &[&str]) -> ByTransport {
    let mut sums = ByTransport::new();
    let moved = calls.iter().filter(|call| names.contains(&&*call.name));
    for call in moved {
        if let (Some(socket), Some(result)) = (&call.socket, call.result) {
            *sums.entry(transport(socket).into()).or_default() += result;
        }
    }
    sums
}

fn transport(socket: &str) -> &'static str {
    match socket {
        kind if kind.starts_with("TCP") => "tcp",
        kind if kind.starts_with("UDP") => "udp",
        _ => "unix",
    }
}

/// How many calls of that name succeeded and are `wanted`.
pub(crate) fn count(calls: &[Call], name: &str, wanted: impl Fn(&Call) -> bool) -> usize {
    let named = calls.iter().filter(|call| call.name == name);
    named
        .filter(|call| call.result.is_some() && wanted(call))
        .count()
}

#[test]
fn lines_of_strace_are_read() {
    let trace = "\
11 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_TCP) = 9<TCP:[771]>
12 recvfrom(9<TCP:[127.0.0.1:4000->127.0.0.1:80]>, \"\"..., 64, 0, NULL, NULL) = 3
11 recvfrom(9<TCP:[127.0.0.1:4000->127.0.0.1:80]>, 0x7ff, 64, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable)
11 sendto(9<TCP:[127.0.0.1:4000->127.0.0.1:80]>, \"\"..., 5, MSG_NOSIGNAL, NULL, 0 <unfinished ...>
12 close(7</dev/null<char 1:3>>) = 0
11 <... sendto resumed>) = 5
11 read(8<UNIX-STREAM:[772->773]>, \"\"..., 9) = 7
11 +++ exited with 0 +++
";
    let calls = calls(trace, "11");
    assert_eq!(calls.len(), 4, "{calls:?}");
    assert_eq!(count(&calls, "socket", |_| true), 1);
    assert_eq!(count(&calls, "recvfrom", |_| true), 0);
    let moved = bytes(&calls, &["sendto", "read"]);
    assert_eq!((moved["tcp"], moved["unix"]), (5, 7));
}

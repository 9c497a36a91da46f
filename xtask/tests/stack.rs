//! `cargo xtask stack`, driven as its user does.

// With the attribute, what is allowed in tests is allowed in their helpers too.
#[cfg(test)]
mod stack {
    use integration_tests::servers_are_there;
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    use std::collections::BTreeMap;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpStream;
    use std::process::{Child, ChildStdout, Command, Stdio};

    /// The command while it runs; killed when dropped.
    struct Running {
        child: Child,
        output: BufReader<ChildStdout>,
    }

    impl Running {
        fn start(arguments: &[&str]) -> Self {
            let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
                .arg("stack")
                .args(arguments)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let output = BufReader::new(child.stdout.take().unwrap());
            Self { child, output }
        }

        /// What it prints when all is ready, by the words in front.
        fn addresses(&mut self) -> BTreeMap<String, String> {
            let mut found = BTreeMap::new();
            let mut line = String::new();
            while self.output.read_line(&mut line).unwrap() > 0 {
                if line.starts_with("Ctrl-C") {
                    return found;
                }
                if let Some((name, value)) = line.split_once("  ") {
                    found.insert(name.into(), value.trim().into());
                }
                line.clear();
            }
            panic!("it has ended: {found:?}");
        }

        fn signal(&self, signal: Signal) {
            kill(pid(self.child.id()), signal).unwrap();
        }

        fn end(mut self) -> (String, bool) {
            let mut rest = String::new();
            self.output.read_to_string(&mut rest).unwrap();
            (rest, self.child.wait().unwrap().success())
        }
    }

    impl Drop for Running {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    fn pid(id: u32) -> Pid {
        Pid::from_raw(i32::try_from(id).unwrap())
    }

    fn runs(id: u32) -> bool {
        kill(pid(id), None).is_ok()
    }

    /// The status that a server answers with.
    fn status(url: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_whitespace().nth(1).unwrap().into()
    }

    fn ids(addresses: &BTreeMap<String, String>) -> Vec<u32> {
        let ids = addresses["processes"].split(' ');
        ids.map(|id| id.parse().unwrap()).collect()
    }

    fn ends_cleanly_by(signal: Signal, options: &[&str], count: usize) {
        if !servers_are_there() {
            return;
        }
        let mut stack = Running::start(&[&["--free-ports"], options].concat());
        let addresses = stack.addresses();
        assert_eq!(status(&addresses["Jaeger"], "/api/services"), "200");
        assert_eq!(status(&addresses["Prometheus"], "/-/ready"), "200");
        // It is there, and takes no such request.
        assert_eq!(status(&addresses["OTLP over HTTP"], "/v1/traces"), "405");
        let ids = ids(&addresses);
        assert!(ids.len() == count && ids.iter().all(|id| runs(*id)));

        stack.signal(signal);
        let (rest, success) = stack.end();
        assert!(success && rest.ends_with("stopped\n"), "{rest}");
        assert!(!ids.iter().any(|id| runs(*id)), "nothing is left running");
    }

    #[test]
    fn ctrl_c_leaves_nothing_running() {
        ends_cleanly_by(Signal::SIGINT, &[], 3);
    }

    #[test]
    fn termination_leaves_nothing_running() {
        ends_cleanly_by(Signal::SIGTERM, &[], 3);
    }

    #[test]
    fn the_shop_ends_with_the_servers() {
        ends_cleanly_by(Signal::SIGINT, &["--shop", "--fault", "slow-store"], 7);
    }

    #[test]
    fn a_server_that_ends_by_itself_ends_all() {
        if !servers_are_there() {
            return;
        }
        let mut stack = Running::start(&["--free-ports"]);
        let ids = ids(&stack.addresses());
        kill(pid(ids[1]), Signal::SIGKILL).unwrap();
        let (_, success) = stack.end();
        assert!(!success);
        assert!(!ids.iter().any(|id| runs(*id)), "nothing is left running");
    }
}

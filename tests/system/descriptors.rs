//! A process that has run out of descriptors.

use crate::own_process::{in_own_process, passed};
use crate::recorded::recorded;
use loopscope::event_loop::{sleep, spawn};
use loopscope::instrument::ErrorType;
use loopscope::net::TcpListener;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::cell::Cell;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::time::Duration;

const CLIENTS: usize = 40;
const EXHAUSTED: Duration = Duration::from_millis(300);

#[test]
fn descriptors_that_run_out_stop_no_server_and_take_no_core() {
    if let Some(output) = in_own_process(&[], body) {
        passed(&output);
    }
}

fn body() {
    let recorder = recorded(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| std::net::TcpStream::connect(address).unwrap())
            .collect();
        let used = std::fs::File::open("/dev/null").unwrap().as_raw_fd();
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, used as u64 + 8, hard).unwrap();

        let errors = Rc::new(Cell::new(0));
        let counted = errors.clone();
        let server = spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => spawn(async move {
                        let mut byte = [0; 1];
                        while stream.read(&mut byte).await.is_ok_and(|size| size > 0) {
                            stream.write_all(&byte).await.unwrap();
                        }
                    })
                    .detach(),
                    Err(_) => counted.set(counted.get() + 1),
                }
            }
        });
        sleep(EXHAUSTED).await;
        // 5 ms, 10 ms and so on: not one error for each turn of the loop.
        let tries = errors.get();
        assert!((1..=7).contains(&tries), "{tries} errors");
        let load = std::thread::spawn(move || {
            for (number, mut client) in clients.into_iter().enumerate() {
                let sent = [number as u8];
                client.write_all(&sent).unwrap();
                let mut answer = [0; 1];
                client.read_exact(&mut answer).unwrap();
                assert_eq!(answer, sent);
            }
        });
        while !load.is_finished() {
            sleep(Duration::from_millis(5)).await;
        }
        load.join().unwrap();
        server.cancel();
    });
    assert_eq!(recorder.of("on_socket_accept_ready").len(), CLIENTS);
    let errors = recorder.of("on_socket_error");
    assert_eq!(errors[0].error_type, Some(ErrorType::TooManyOpenFiles));
}

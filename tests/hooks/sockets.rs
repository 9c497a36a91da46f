//! Sockets, names, queues and timers.

use crate::connections::{closed_address, pair, reset, stalled_address};
use crate::recorded::recorded;
use crate::run::run;
use loopscope::clock::ManualClock;
use loopscope::event_loop::{EventLoop, sleep, spawn, timeout, yield_now};
use loopscope::instrument::{
    Address, EnterScope, ErrorType, RecordingInstrument, SocketOperation, SocketRole,
};
use loopscope::net::{TcpListener, TcpStream, lookup_host};
use loopscope::sync::AsyncQueue;
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(5);

#[test]
fn a_connection_is_told_from_both_ends() {
    let recorder = recorded(async {
        let (client, server) = pair().await;
        let (local, peer) = (client.local_addr().unwrap(), client.peer_addr().unwrap());
        assert_eq!(client.handle().local_address(), Some(&Address::from(local)));
        assert_eq!(client.handle().peer_address(), Some(&Address::from(peer)));
        assert_eq!(server.handle().peer_address(), Some(&Address::from(local)));
        assert_eq!(server.handle().local_address(), Some(&Address::from(peer)));
    });
    let start = &recorder.of("on_socket_connect_start")[0];
    let ready = &recorder.of("on_socket_connect_ready")[0];
    assert_eq!(ready.socket, start.socket);
    assert_eq!(ready.peer, start.peer);
    assert_eq!(ready.start_time, start.start_time);
    assert_eq!(ready.role, Some(SocketRole::Client));
    assert_eq!(
        ready.immediate,
        Some(false),
        "a connect has to wait for the poller"
    );
    assert!(ready.ready_time.is_some());
    assert!(ready.task.is_some());
    let accept = &recorder.of("on_socket_accept_ready")[0];
    assert_eq!(accept.role, Some(SocketRole::Listener));
    let opened = recorder.of("on_socket_open");
    assert_eq!(accept.accepted, opened[2].socket);
    assert_eq!(accept.immediate, Some(true), "the connection was there");
    let roles: Vec<_> = opened.iter().map(|open| open.role.unwrap()).collect();
    assert_eq!(
        roles,
        [SocketRole::Listener, SocketRole::Client, SocketRole::Server]
    );
    assert_eq!(recorder.of("on_socket_close").len(), 3);
}

#[test]
fn a_receive_that_waits_and_one_that_does_not() {
    let recorder = recorded(async {
        let (client, server) = pair().await;
        let sender = spawn(async move {
            yield_now().await;
            server.write_all(b"hello").await.unwrap();
            server
        });
        let mut buffer = [0; 16];
        assert_eq!(client.read(&mut buffer).await.unwrap(), 5);
        let server = sender.await.unwrap();
        server.write_all(b"again").await.unwrap();
        // Long enough for the loopback: then the data is there before it is asked for.
        sleep(SHORT).await;
        assert_eq!(client.read(&mut buffer).await.unwrap(), 5);
        server.shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.read(&mut buffer).await.unwrap(), 0);
    });
    let received = recorder.of("on_socket_recv_ready");
    let sizes: Vec<_> = received.iter().map(|event| event.size.unwrap()).collect();
    assert_eq!(sizes, [5, 5, 0]);
    assert_eq!(received[0].immediate, Some(false));
    assert!(received[0].ready_time.is_some());
    let data: Vec<_> = recorder.of("on_socket_recv_data");
    assert_eq!(data[0].data.as_deref(), Some(&b"hello"[..]));
    assert_eq!(data[2].data.as_deref(), Some(&b""[..]));
    let sent = recorder.of("on_socket_send_ready");
    assert_eq!(sent[0].size, Some(5));
    assert_eq!(sent[0].immediate, Some(true));
    let hooks = recorder.hooks(|hook| hook.contains("recv"));
    let one = [
        "on_socket_recv_start",
        "on_socket_recv_ready",
        "on_socket_recv_data",
    ];
    assert_eq!(hooks, [one, one, one].concat());
}

#[test]
fn a_large_write_is_one_pair_with_several_parts() {
    const SIZE: usize = 4 << 20;
    let recorder = recorded(async {
        let (client, server) = pair().await;
        let reader = spawn(async move {
            let mut buffer = vec![0; SIZE];
            server.read_exact(&mut buffer).await.unwrap();
        });
        client.write_all(&vec![7; SIZE]).await.unwrap();
        reader.await.unwrap();
    });
    let sent = recorder.of("on_socket_send_ready");
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].size, Some(SIZE));
    assert_eq!(
        sent[0].immediate,
        Some(false),
        "the kernel has not so much room"
    );
    let parts = recorder.of("on_socket_send_data");
    assert!(parts.len() > 1);
    assert_eq!(
        parts.iter().map(|part| part.size.unwrap()).sum::<usize>(),
        SIZE
    );
    let received = recorder.of("on_socket_recv_ready");
    assert_eq!(received.len(), 1, "read_exact is one operation too");
    assert_eq!(received[0].size, Some(SIZE));
}

#[test]
fn a_task_that_has_had_its_share_waits_for_its_turn_not_for_the_socket() {
    const READS: usize = 1000;
    let recorder = recorded(async {
        let (client, server) = pair().await;
        let reader = spawn(async move {
            let mut byte = [0; 1];
            for _ in 0..READS {
                client.read_exact(&mut byte).await.unwrap();
            }
        });
        // The reader waits once, so that there is a readiness that is older than what follows.
        yield_now().await;
        server.write_all(&[0; READS]).await.unwrap();
        reader.await.unwrap();
    });
    let received = recorder.of("on_socket_recv_ready");
    let waited: Vec<_> = received
        .iter()
        .filter(|event| event.immediate == Some(false))
        .collect();
    assert!(waited.len() > 1, "a thousand reads are more than one share");
    for event in waited {
        assert!(
            event
                .ready_time
                .is_none_or(|ready| Some(ready) >= event.start_time),
            "{event:?}"
        );
    }
}

#[test]
fn failures_take_the_place_of_ready() {
    let recorder = recorded(async {
        assert!(TcpStream::connect(closed_address()).await.is_err());
        let (client, server) = pair().await;
        drop(server);
        let error = client.read_exact(&mut [0; 4]).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    });
    let errors = recorder.of("on_socket_error");
    assert_eq!(errors.len(), 2);
    assert_eq!(errors[0].operation, Some(SocketOperation::Connect));
    assert_eq!(errors[0].error_type, Some(ErrorType::ConnectionRefused));
    assert!(errors[0].peer.is_some());
    assert_eq!(errors[1].operation, Some(SocketOperation::Recv));
    assert_eq!(errors[1].error_type, Some(ErrorType::UnexpectedEof));
    assert_eq!(recorder.of("on_socket_connect_ready").len(), 1);
    // The socket of the connect that failed was open, and was closed.
    assert_eq!(recorder.of("on_socket_open").len(), 4);
    assert_eq!(recorder.of("on_socket_close").len(), 4);
}

#[test]
fn a_peer_that_resets_is_an_error_and_harms_nothing() {
    let recorder = recorded(async {
        let client = reset().await;
        let error = client.read(&mut [0; 4]).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        assert!(client.write_all(b"more").await.is_err());
    });
    let errors: Vec<_> = recorder
        .of("on_socket_error")
        .iter()
        .map(|error| error.error_type.unwrap())
        .collect();
    assert_eq!(errors, [ErrorType::ConnectionReset, ErrorType::BrokenPipe]);
}

#[test]
fn operations_that_are_given_up_are_cancelled() {
    let recorder = recorded(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(timeout(SHORT, listener.accept()).await.is_err());
        let (client, _server) = pair().await;
        assert!(timeout(SHORT, client.read(&mut [0; 4])).await.is_err());
        assert!(
            timeout(SHORT, client.write_all(&vec![0; 64 << 20]))
                .await
                .is_err()
        );
    });
    let cancelled = recorder.of("on_socket_error");
    let operations: Vec<_> = cancelled
        .iter()
        .map(|event| event.operation.unwrap())
        .collect();
    assert_eq!(
        operations,
        [
            SocketOperation::Accept,
            SocketOperation::Recv,
            SocketOperation::Send
        ]
    );
    for event in &cancelled {
        assert_eq!(event.failure.as_deref(), Some("cancelled"));
        assert_eq!(event.error_type, None);
        assert_eq!(event.immediate, Some(false));
    }
    let parts = recorder.of("on_socket_send_data");
    let sent: usize = parts.iter().map(|part| part.size.unwrap()).sum();
    assert_eq!(
        cancelled[2].size,
        Some(sent),
        "what was sent before is told"
    );
}

#[test]
fn a_read_that_is_given_up_half_way_tells_what_it_has_received() {
    let recorder = recorded(async {
        let (client, server) = pair().await;
        client.write_all(b"half").await.unwrap();
        let mut buffer = [0; 8];
        let read = server.read_exact(&mut buffer);
        assert!(timeout(SHORT, read).await.is_err());
        drop(client);
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
    });
    let error = &recorder.of("on_socket_error")[0];
    assert_eq!(error.failure.as_deref(), Some("cancelled"));
    assert_eq!(error.size, Some(4), "nobody else will find it");
    let data = recorder.of("on_socket_recv_data");
    assert_eq!(data[0].data.as_deref(), Some(&b"half"[..]));
}

#[test]
fn a_connect_ends_before_its_socket_is_closed() {
    let recorder = recorded(async {
        // Refused once the poller tells, at once by the kernel, and given up.
        assert!(TcpStream::connect(closed_address()).await.is_err());
        let broadcast = SocketAddr::from(([255, 255, 255, 255], 80));
        assert!(TcpStream::connect(broadcast).await.is_err());
        let (stalled, _full) = stalled_address();
        let mut given_up = Box::pin(TcpStream::connect(stalled));
        assert!(
            futures_lite::future::poll_once(given_up.as_mut())
                .await
                .is_none()
        );
    });
    let failed = recorder.of("on_socket_error");
    assert_eq!(failed.len(), 3);
    assert_eq!(failed[1].immediate, Some(true), "it fails at once");
    assert_eq!(failed[2].failure.as_deref(), Some("cancelled"));
    for socket in failed.iter().map(|event| event.socket) {
        let of_socket: Vec<_> = recorder
            .events()
            .into_iter()
            .filter(|event| event.socket == socket)
            .map(|event| event.hook)
            .collect();
        assert_eq!(
            of_socket,
            [
                "on_socket_open",
                "on_socket_connect_start",
                "on_socket_error",
                "on_socket_close"
            ]
        );
    }
}

#[test]
fn a_future_that_was_never_polled_fires_nothing() {
    let recorder = recorded(async {
        let (client, _server) = pair().await;
        drop(client.read(&mut [0; 4]));
    });
    assert_eq!(recorder.of("on_socket_recv_start").len(), 0);
}

/// A read through the traits, not by the stream's own method, that is given up.
async fn give_up_reading(mut stream: &TcpStream) {
    let mut buffer = [0; 4];
    let read = futures_lite::AsyncReadExt::read(&mut stream, &mut buffer);
    assert!(timeout(SHORT, read).await.is_err());
}

#[test]
fn a_read_through_the_traits_that_was_given_up_ends_with_the_stream() {
    let recorder = recorded(async {
        let (client, _server) = pair().await;
        give_up_reading(&client).await;
        // Another task's read is another operation.
        let reading = spawn(async move {
            give_up_reading(&client).await;
            client
        });
        drop(reading.await.unwrap());
    });
    assert_eq!(recorder.of("on_socket_recv_start").len(), 2);
    assert_eq!(recorder.of("on_socket_error").len(), 2);
}

#[test]
fn sockets_of_a_loop_that_ends_are_closed() {
    let recorder = RecordingInstrument::new();
    let scope = recorder.clone().enter();
    let event_loop = EventLoop::new().unwrap();
    event_loop.run_until_complete(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        spawn(async move { listener.accept().await.map(drop) }).detach();
        yield_now().await;
    });
    drop(scope);
    assert_eq!(recorder.of("on_socket_close").len(), 0);
    drop(event_loop);
    recorder.assert_paired();
    assert_eq!(
        recorder.of("on_socket_error").len(),
        1,
        "the accept was cancelled"
    );
    assert_eq!(recorder.of("on_socket_close").len(), 1);
    assert_eq!(recorder.of("on_task_cancelled").len(), 1);
}

#[test]
fn an_operation_ends_for_those_who_heard_its_start() {
    let recorder = RecordingInstrument::new();
    run(async {
        let (client, server) = pair().await;
        let mut buffer = [0; 4];
        let mut read = std::pin::pin!(client.read(&mut buffer));
        let started = recorder.clone().enter();
        assert!(
            futures_lite::future::poll_once(read.as_mut())
                .await
                .is_none()
        );
        drop(started);
        server.write_all(b"late").await.unwrap();
        read.await.unwrap();
    });
    let hooks = recorder.hooks(|hook| hook.contains("recv"));
    assert_eq!(
        hooks,
        [
            "on_socket_recv_start",
            "on_socket_recv_ready",
            "on_socket_recv_data"
        ],
        "and nothing of the send that was not heard"
    );
    assert_eq!(recorder.of("on_socket_send_start").len(), 0);
}

#[test]
fn an_operation_that_began_unheard_stays_unheard() {
    let recorder = RecordingInstrument::new();
    run(async {
        let (client, server) = pair().await;
        let mut buffer = [0; 4];
        let mut read = std::pin::pin!(client.read(&mut buffer));
        assert!(
            futures_lite::future::poll_once(read.as_mut())
                .await
                .is_none()
        );
        server.write_all(b"late").await.unwrap();
        let _scope = recorder.clone().enter();
        read.await.unwrap();
    });
    assert!(recorder.hooks(|hook| hook.contains("socket")).is_empty());
}

#[test]
fn names_are_looked_up_with_their_outcome() {
    let recorder = recorded(async {
        lookup_host("localhost").await.unwrap();
        assert!(lookup_host("no host has spaces").await.is_err());
        // One that is given up while it is under way; the resolver may be quicker.
        loop {
            let mut given_up = Box::pin(lookup_host("localhost"));
            if futures_lite::future::poll_once(given_up.as_mut())
                .await
                .is_none()
            {
                break;
            }
        }
    });
    let ready = recorder.of("on_dns_lookup_ready");
    assert_eq!(ready[0].name.as_deref(), Some("localhost"));
    assert!(ready[0].answers.unwrap() > 0);
    assert_eq!(ready[1].error_type, Some(ErrorType::HostNotFound));
    assert!(
        ready[1]
            .failure
            .as_ref()
            .unwrap()
            .contains("no host has spaces")
    );
    assert_eq!(ready.last().unwrap().failure.as_deref(), Some("cancelled"));
    assert_eq!(recorder.of("on_dns_lookup_start").len(), ready.len());
}

#[test]
fn queues_tell_who_waited() {
    let recorder = recorded(async {
        let queue = AsyncQueue::bounded(1).named("jobs");
        queue.put(1).await.unwrap();
        let full = queue.clone();
        let putter = spawn(async move { full.put(2).await.unwrap() });
        yield_now().await;
        assert_eq!(queue.get().await, Ok(1));
        putter.await.unwrap();
        assert_eq!(queue.get().await, Ok(2));
        let empty = queue.clone();
        let getter = spawn(async move { empty.get().await.unwrap() });
        yield_now().await;
        queue.put(3).await.unwrap();
        assert_eq!(getter.await.unwrap(), 3);
        // A get that is given up, and one that ends with the queue, move nothing.
        assert!(timeout(SHORT, queue.get()).await.is_err());
        queue.close();
        assert!(queue.get().await.is_err());
    });
    let facts = |hook: &str| -> Vec<_> {
        recorder
            .of(hook)
            .into_iter()
            .map(|event| {
                assert_eq!(event.name.as_deref(), Some("jobs"));
                assert_eq!(event.ready_time.is_some(), !event.immediate.unwrap());
                let item = String::from_utf8(event.data.unwrap()).unwrap();
                (item, event.size.unwrap(), event.immediate.unwrap())
            })
            .collect()
    };
    let told = |item: &str, len, immediate| (String::from(item), len, immediate);
    assert_eq!(
        facts("on_queue_put"),
        [told("1", 1, true), told("2", 1, false), told("3", 1, true)]
    );
    assert_eq!(
        facts("on_queue_get"),
        [told("1", 0, true), told("2", 0, true), told("3", 0, false)]
    );
}

#[test]
fn opaque_items_are_not_shown() {
    struct Secret;
    let recorder = recorded(async {
        let queue = AsyncQueue::opaque_unbounded();
        queue.put(Secret).await.unwrap();
    });
    assert_eq!(
        recorder.of("on_queue_put")[0].data.as_deref(),
        Some(&b"<opaque>"[..])
    );
}

#[test]
fn timers_and_the_loops_sleep_are_told() {
    let _clock = ManualClock::install();
    let recorder = recorded(async {
        sleep(Duration::from_secs(10)).await;
    });
    let fired = &recorder.of("on_timer_fired")[0];
    assert_eq!(
        fired.start_time, fired.finish_time,
        "a manual clock is never late"
    );
    assert!(fired.task.is_some());

    let recorder = RecordingInstrument::new();
    let _scope = recorder.clone().enter();
    let event_loop = EventLoop::builder().name("watched").build().unwrap();
    let handle = event_loop.handle();
    let waker = std::thread::spawn(move || handle.spawn(async {}));
    event_loop
        .run_until_complete(async { waker.join().unwrap().await })
        .unwrap();
    let parks = recorder.of("on_loop_park");
    let unparks = recorder.of("on_loop_unpark");
    assert_eq!(
        parks.len(),
        unparks.len() + 1,
        "the last park is the end of the run"
    );
    assert!(
        parks
            .iter()
            .all(|park| park.name.as_deref() == Some("watched"))
    );
    for (park, unpark) in parks.iter().zip(&unparks) {
        assert_eq!(park.finish_time, unpark.start_time);
    }
}

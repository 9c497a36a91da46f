//! `futures-channel` and the combinators of `futures-util`.

use crate::recorded::recorded;
use crate::traffic::{ask, check_both_sides, echo_server, most_clients};
use futures_channel::{mpsc, oneshot};
use futures_util::future::{Either, join_all, select};
use futures_util::stream::{self, StreamExt};
use loopscope::event_loop::{spawn, yield_now};
use loopscope::instrument::{Resumption, SocketOperation};
use loopscope::net::TcpStream;
use std::pin::pin;

const CALLS: u8 = 12;

#[test]
fn many_at_once_but_not_more() {
    let record = recorded(async {
        let address = echo_server();
        let calls = stream::iter(0..CALLS).map(|number| ask(address, number));
        let mut answers: Vec<_> = calls.buffer_unordered(4).collect().await;
        answers.sort_unstable();
        assert_eq!(answers, (0..CALLS).collect::<Vec<_>>());
    });
    assert_eq!(check_both_sides(&record), (12, 12));
    assert_eq!(most_clients(&record), 4);
}

#[test]
fn all_at_once_in_one_task() {
    let record = recorded(async {
        let address = echo_server();
        let answers = join_all((0..CALLS).map(|number| ask(address, number))).await;
        assert_eq!(answers, (0..CALLS).collect::<Vec<_>>());
    });
    assert_eq!(check_both_sides(&record), (12, 12));
}

#[test]
fn a_read_that_loses_against_a_message_is_cancelled() {
    let record = recorded(async {
        let stream = TcpStream::connect(echo_server()).await.unwrap();
        let (sender, mut receiver) = mpsc::unbounded();
        let sending = spawn(async move {
            yield_now().await;
            sender.unbounded_send("stop").unwrap();
        });
        let mut buffer = [0; 8];
        match select(pin!(stream.read(&mut buffer)), receiver.next()).await {
            Either::Right((message, _)) => assert_eq!(message, Some("stop")),
            Either::Left(_) => panic!("nothing was sent to it"),
        }
        sending.await.unwrap();
        // The stream is as good as before.
        stream.write_all(b"x").await.unwrap();
        assert_eq!(stream.read(&mut buffer).await.unwrap(), 1);
    });
    let errors = record.of("on_socket_error").into_iter();
    let cancelled = errors.filter(|event| event.operation == Some(SocketOperation::Recv));
    let cancelled: Vec<_> = cancelled.collect();
    assert_eq!(cancelled[0].failure.as_deref(), Some("cancelled"));
    assert_eq!(check_both_sides(&record), (1, 1));
}

#[test]
fn a_channel_wakes_tasks_and_hooks_say_that_it_is_foreign() {
    let record = recorded(async {
        let (to_task, from_here) = oneshot::channel();
        let (to_here, from_task) = oneshot::channel();
        let task = spawn(async move { to_here.send(from_here.await.unwrap() + 1).unwrap() });
        yield_now().await;
        to_task.send(1).unwrap();
        assert_eq!(from_task.await.unwrap(), 2);
        // From another thread, too.
        let (sender, receiver) = oneshot::channel();
        let thread = std::thread::spawn(move || sender.send(3).unwrap());
        assert_eq!(receiver.await.unwrap(), 3);
        thread.join().unwrap();
        task.await.unwrap();
    });
    let resumed = record.of("on_task_before_send");
    let foreign = resumed
        .iter()
        .filter(|event| event.resumption == Some(Resumption::Foreign));
    assert!(foreign.count() >= 2);
}

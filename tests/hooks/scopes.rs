//! Scopes belong to tasks.

use crate::run::run;
use loopscope::event_loop::{EventLoop, TaskBuilder, sleep, spawn, yield_now};
use loopscope::instrument::*;
use loopscope::sync::AsyncQueue;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// Puts one item into a queue, which whoever is in force hears.
async fn act(item: u32) {
    AsyncQueue::unbounded().put(item).await.unwrap();
}

/// The items whose put an instrument has heard.
fn heard(recorder: &RecordingInstrument) -> Vec<String> {
    recorder
        .of("on_queue_put")
        .into_iter()
        .map(|event| String::from_utf8(event.data.unwrap()).unwrap())
        .collect()
}

#[test]
fn a_guard_across_awaits_is_its_tasks_alone() {
    let recorder = RecordingInstrument::new();
    let inner = recorder.clone();
    run(async {
        let watched = spawn(async move {
            let _scope = inner.enter();
            for _ in 0..3 {
                act(1).await;
                yield_now().await;
            }
        });
        let other = spawn(async {
            for _ in 0..3 {
                act(2).await;
                yield_now().await;
            }
        });
        watched.await.unwrap();
        other.await.unwrap();
        act(3).await;
    });
    assert_eq!(heard(&recorder), ["1", "1", "1"]);
}

#[test]
fn a_task_inherits_what_is_in_force_where_it_is_spawned() {
    let (outer, inner) = (RecordingInstrument::new(), RecordingInstrument::new());
    let _scope = outer.clone().enter();
    run(async {
        let scope = inner.clone().enter();
        let task = spawn(async {
            yield_now().await;
            act(1).await;
        });
        drop(scope);
        act(2).await;
        task.await.unwrap();
        spawn(act(3)).await.unwrap();
    });
    assert_eq!(heard(&outer), ["2", "1", "3"]);
    assert_eq!(heard(&inner), ["1"]);
}

#[test]
fn a_scope_ends_with_a_task_that_panics() {
    let recorder = RecordingInstrument::new();
    let inner = recorder.clone();
    run(async {
        let task = spawn(async move {
            let scope = inner.enter();
            yield_now().await;
            std::mem::forget(scope);
            panic!("with its scope in force");
        });
        assert!(task.await.is_err());
        act(1).await;
        assert!(current_instrument().is_none());
    });
    assert!(heard(&recorder).is_empty());
}

#[test]
fn futures_and_tasks_have_scopes_of_their_own() {
    let (around, own) = (RecordingInstrument::new(), RecordingInstrument::new());
    run(async {
        let future = async {
            act(1).await;
            yield_now().await;
            act(2).await;
        };
        let watched = future.with_instrument(around.clone());
        futures_lite::future::zip(watched, async {
            act(3).await;
            yield_now().await;
            act(4).await;
        })
        .await;
        TaskBuilder::new()
            .instrument(own.clone())
            .spawn(act(5))
            .await
            .unwrap();
    });
    assert_eq!(heard(&around), ["1", "2"]);
    assert_eq!(heard(&own), ["5"]);
    assert_eq!(own.of("on_task_spawned").len(), 1);
}

#[test]
fn a_guard_dropped_in_another_task_ends_its_scope() {
    let recorder = RecordingInstrument::new();
    let inner = recorder.clone();
    run(async {
        let guards = Rc::new(RefCell::new(Vec::new()));
        let kept = guards.clone();
        let task = spawn(async move {
            kept.borrow_mut().push(inner.enter());
            act(1).await;
            sleep(Duration::from_millis(1)).await;
            act(2).await;
        });
        yield_now().await;
        guards.borrow_mut().clear();
        task.await.unwrap();
    });
    assert_eq!(heard(&recorder), ["1"]);
}

#[test]
fn the_loop_itself_is_heard_where_it_is_run() {
    let (outside, inside) = (RecordingInstrument::new(), RecordingInstrument::new());
    let event_loop = EventLoop::new().unwrap();
    outside.clone().in_scope(|| {
        event_loop.run_until_complete(async {
            let _scope = inside.clone().enter();
            sleep(Duration::from_millis(1)).await;
        });
    });
    assert!(!outside.of("on_loop_park").is_empty());
    assert!(inside.of("on_loop_park").is_empty());
    assert_eq!(
        inside.of("on_timer_fired").len(),
        1,
        "a timer is its task's"
    );
}

/// Panics in every hook.
struct Faulty;

macro_rules! panic_in {
    ($($hook:ident: $metadata:ty,)*) => {
        impl EventLoopInstrument for Faulty {
            $(fn $hook(&self, _: &$metadata) {
                panic!("in {}", stringify!($hook));
            })*
        }
    };
}

panic_in! {
    on_queue_get: QueueMetadata<'_>,
    on_queue_put: QueueMetadata<'_>,
    on_socket_open: InstrumentationMetadata<'_>,
    on_socket_connect_start: SocketConnectStartMetadata<'_>,
    on_socket_connect_ready: SocketConnectReadyMetadata<'_>,
    on_socket_accept_start: InstrumentationMetadata<'_>,
    on_socket_accept_ready: ReadySocketInstrumentationMetadata<'_>,
    on_socket_recv_start: InstrumentationMetadata<'_>,
    on_socket_recv_ready: ReadySocketInstrumentationMetadata<'_>,
    on_socket_recv_data: SocketRecvDataMetadata<'_>,
    on_socket_send_start: InstrumentationMetadata<'_>,
    on_socket_send_data: SocketSendDataMetadata<'_>,
    on_socket_send_ready: ReadySocketInstrumentationMetadata<'_>,
    on_socket_error: SocketErrorMetadata<'_>,
    on_socket_close: InstrumentationMetadata<'_>,
    on_task_spawned: TaskSpawnedMetadata<'_>,
    on_task_before_send: TaskSendMetadata<'_>,
    on_task_after_send: TaskAfterSendMetadata<'_>,
    on_task_before_throw: TaskThrowMetadata<'_>,
    on_task_after_throw: TaskAfterThrowMetadata<'_>,
    on_task_completed: TaskEndMetadata<'_>,
    on_task_error: TaskErrorMetadata<'_>,
    on_task_cancelled: TaskEndMetadata<'_>,
    on_loop_park: LoopParkMetadata<'_>,
    on_loop_unpark: LoopUnparkMetadata<'_>,
    on_timer_fired: TimerFiredMetadata<'_>,
}

#[test]
fn an_instrument_that_panics_harms_neither_the_task_nor_the_others() {
    use loopscope::net::{TcpListener, TcpStream};
    let recorder = RecordingInstrument::new();
    let (_faulty, _recorder) = (Faulty.enter(), recorder.clone().enter());
    let before = hook_panics();
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (server, _) = listener.accept().await.unwrap();
        client.write_all(b"still here").await.unwrap();
        let mut buffer = [0; 10];
        server.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"still here");
        act(1).await;
        let task = spawn(sleep(Duration::from_secs(3600)));
        yield_now().await;
        task.cancel();
        assert!(task.await.is_err());
    });
    recorder.assert_paired();
    assert!(hook_panics() - before >= recorder.events().len() as u64);
}

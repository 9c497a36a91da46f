//! Instruments that want to hear some of the hooks only.

use crate::connections::{closed_address, pair};
use crate::run::run;
use loopscope::event_loop::{sleep, spawn, timeout, yield_now};
use loopscope::instrument::*;
use loopscope::net::{TcpStream, lookup_host};
use loopscope::sync::AsyncQueue;
use proptest::prelude::*;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

/// A bit of everything, the same each time.
async fn act() {
    lookup_host("localhost").await.unwrap();
    let queue = AsyncQueue::bounded(1);
    let puts = queue.clone();
    let putter = spawn(async move {
        for item in 0..3 {
            puts.put(item).await.unwrap();
        }
    });
    for _ in 0..3 {
        queue.get().await.unwrap();
    }
    putter.await.unwrap();
    sleep(Duration::from_millis(1)).await;
    let (client, server) = pair().await;
    client.write_all(b"hello").await.unwrap();
    server.read_exact(&mut [0; 5]).await.unwrap();
    TcpStream::connect(closed_address()).await.unwrap_err();
    let cancelled = spawn(pending::<()>());
    let failed = spawn(async { panic!("on purpose") });
    yield_now().await;
    cancelled.cancel();
    cancelled.await.unwrap_err();
    failed.await.unwrap_err();
    timeout(Duration::ZERO, pending::<()>()).await.unwrap_err();
}

/// The hooks of a record that are in a set, in order.
fn among(recorder: &RecordingInstrument, set: HookSet) -> Vec<&'static str> {
    let wanted = |name: &str| {
        Hook::ALL
            .iter()
            .any(|hook| hook.name() == name && set.contains(*hook))
    };
    recorder.hooks(wanted)
}

fn all(recorder: &RecordingInstrument) -> Vec<&'static str> {
    recorder.hooks(|_| true)
}

fn sets() -> impl Strategy<Value = HookSet> {
    prop::sample::subsequence(Hook::ALL, 0..=Hook::ALL.len()).prop_map(|hooks| HookSet::of(&hooks))
}

/// What is heard of what `act` does: by an instrument around another that is made of two, each
/// wanting what its set has.
fn heard(sets: [HookSet; 3]) -> [RecordingInstrument; 3] {
    let recorders = std::array::from_fn(|_| RecordingInstrument::new());
    let [outer, first, second] =
        std::array::from_fn(|at: usize| FilteredInstrument::new(recorders[at].clone(), sets[at]));
    let both: [Rc<dyn EventLoopInstrument>; 2] = [Rc::new(first), Rc::new(second)];
    outer.in_scope(|| CompositeInstrument::new(both).in_scope(|| run(act())));
    recorders
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Beside one that hears everything, each hears of the same what it wants, in order.
    #[test]
    fn each_hears_what_it_wants(sets in [sets(), sets(), sets()]) {
        let everything = RecordingInstrument::new();
        let recorders = everything.clone().in_scope(|| heard(sets));
        for (recorder, set) in recorders.iter().zip(sets) {
            prop_assert_eq!(all(recorder), among(&everything, set));
        }
    }
}

#[test]
fn a_hook_is_heard_where_nobody_wants_another() {
    let everything = RecordingInstrument::new();
    everything.clone().in_scope(|| run(act()));
    for hook in Hook::ALL {
        let [recorder, _, _] = heard([HookSet::of(&[*hook]), HookSet::NONE, HookSet::NONE]);
        let heard = all(&recorder);
        assert_eq!(heard.is_empty(), everything.of(hook.name()).is_empty());
        assert!(heard.iter().all(|name| *name == hook.name()), "{heard:?}");
    }
}

#[test]
fn what_is_wanted_is_known_through_every_pointer_and_filter() {
    struct Timers;
    impl EventLoopInstrument for Timers {
        fn wanted_hooks(&self) -> HookSet {
            HookSet::of(&[Hook::TimerFired])
        }
    }
    let timers = HookSet::of(&[Hook::TimerFired]);
    assert_eq!(Rc::new(Timers).wanted_hooks(), timers);
    assert_eq!(Box::new(Timers).wanted_hooks(), timers);
    assert_eq!(std::sync::Arc::new(Timers).wanted_hooks(), timers);
    let more = HookSet::of(&[Hook::TimerFired, Hook::QueueGet]);
    assert_eq!(FilteredInstrument::new(Timers, more).wanted_hooks(), timers);
    assert_eq!(CompositeInstrument::new([]).wanted_hooks(), HookSet::NONE);
    assert_eq!(PrintInstrument::new().wanted_hooks(), HookSet::ALL);
}

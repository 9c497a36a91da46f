//! What a program's steps do.

use crate::actor::{Actor, Entered, Start};
use crate::connection::{converse, serve};
use crate::ledger::Kind;
use crate::program::{Child, Ending, Program, QueueStep, Step};
use crate::watched::{Outcome, Watched};
use futures_channel::oneshot;
use futures_lite::future::or;
use loopscope::event_loop::{JoinError, JoinHandle, TaskGroup, sleep, timeout, yield_now};
use loopscope::instrument::WithInstrumentExt;
use opentelemetry::Context;
use opentelemetry::trace::{FutureExt, TraceContextExt, Tracer};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

/// Takes the steps one after the other.
fn take<'a>(actor: &'a Actor, steps: &'a [Step]) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
    Box::pin(async move {
        let mut guards = Vec::new();
        for step in steps {
            actor.check_span();
            match step {
                Step::Enter => guards.push(actor.enter()),
                Step::Leave(which) => leave(&mut guards, *which),
                other => take_one(actor, other).await,
            }
        }
        actor.check_span();
    })
}

fn leave(guards: &mut Vec<Entered>, which: usize) {
    if let Some(place) = which.checked_rem(guards.len()) {
        drop(guards.remove(place));
    }
}

async fn take_one(actor: &Actor, step: &Step) {
    match step {
        Step::Yield => yield_now().await,
        Step::Sleep(ticks) => drop(sleep(actor.ticks(*ticks)).await),
        Step::Thread => on_a_thread().await,
        Step::Queue(which, step) => use_queue(actor, *which, *step).await,
        Step::Converse(conversation) => converse(actor, conversation).await,
        Step::Accept(service) => serve(actor, service).await,
        Step::Within(ticks, steps) => drop(timeout(actor.ticks(*ticks), take(actor, steps)).await),
        Step::Race(one, other) => or(take(actor, one), take(actor, other)).await,
        Step::GiveUp(polls, steps) => drop(at_most(*polls, take(actor, steps)).await),
        Step::Spawn(child) => {
            let handle = spawn(actor, child);
            actor.children.borrow_mut().push(handle);
        }
        Step::Group { children, joined } => group(actor, children, *joined).await,
        Step::Cancel(which) => {
            let children = actor.children.borrow();
            if let Some(place) = which.checked_rem(children.len()) {
                children[place].cancel();
            }
        }
        Step::Join(which) => join(actor, *which).await,
        Step::Under(steps) => {
            let (scope, recorder) = actor.instrument();
            let inner = async { take(&actor.under(scope), steps).await };
            inner.with_instrument(recorder).await;
        }
        Step::Traced(steps) => {
            let context = Context::current_with_span(actor.world.tracer.start("part"));
            let traced = actor.traced(context.span().span_context().span_id());
            take(&traced, steps).with_context(context).await;
        }
        Step::Enter | Step::Leave(_) => {}
    }
}

/// Waits for a thread, which wakes the task from outside of the loop.
async fn on_a_thread() {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || sender.send(()));
    let _ = receiver.await;
}

async fn use_queue(actor: &Actor, which: usize, step: QueueStep) {
    let queue = &actor.world.queues[which];
    let after = |succeeded| Outcome::of(succeeded, Some(queue.len()));
    match step {
        QueueStep::Put => {
            let put = queue.put(1);
            let _ = Watched::new(actor, Kind::Put, None, put, |put| after(put.is_ok())).await;
        }
        QueueStep::Get => {
            let get = queue.get();
            let _ = Watched::new(actor, Kind::Get, None, get, |got| after(got.is_ok())).await;
        }
        QueueStep::Peek => drop(queue.peek().await),
        QueueStep::TryPut => {
            let put = async { queue.try_put(2) };
            let _ = Watched::new(actor, Kind::Put, None, put, |put| after(put.is_ok())).await;
        }
        QueueStep::TryGet => {
            let get = async { queue.try_get() };
            let _ = Watched::new(actor, Kind::Get, None, get, |got| after(got.is_ok())).await;
        }
        QueueStep::Close => queue.close(),
    }
}

fn spawn(actor: &Actor, child: &Child) -> JoinHandle<()> {
    let start = Start {
        name: child.named.then_some("child"),
        detached: child.detached,
        watched: child.watched,
        serves: None,
        ending: Some(child.ending),
    };
    let steps = child.steps.clone();
    actor.spawn(start, |own| async move { take(&own, &steps).await })
}

async fn group(actor: &Actor, children: &[Child], joined: bool) {
    let group = TaskGroup::new();
    for child in children {
        group.add(spawn(actor, child));
    }
    if joined {
        // Each task's end is held against its hooks.
        let _ = group.join_all().await;
    }
}

/// Takes the steps of a program.
pub(crate) async fn take_all(main: &Actor, program: &Program) {
    take(main, &program.steps).await;
    while program.joins && !main.children.borrow().is_empty() {
        join(main, 0).await;
    }
}

/// Joins a child and holds what it returned against how it has ended.
async fn join(actor: &Actor, which: usize) {
    let handle = {
        let mut children = actor.children.borrow_mut();
        let place = which.checked_rem(children.len());
        place.map(|place| children.remove(place))
    };
    let Some(handle) = handle else { return };
    let task = handle.id();
    let returned = match handle.await {
        Ok(()) => Some(Ending::Completes),
        Err(JoinError::Failed(_)) => Some(Ending::Fails),
        Err(JoinError::Panicked(_)) => Some(Ending::Panics),
        Err(_) => None,
    };
    let ledger = actor.ledger();
    let tasks = ledger.tasks.borrow();
    let life = tasks.iter().find(|life| life.task == task);
    let ending = life.expect("it was entered").ending;
    if returned != ending {
        ledger.fault(format!(
            "{task:?} ended in {ending:?}, who joined it got {returned:?}"
        ));
    }
}

/// What the future returns, unless it is still pending after so many polls and one more.
pub(crate) async fn at_most<F: Future>(polls: u8, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

impl Actor {
    fn ticks(&self, ticks: u16) -> Duration {
        self.world.tick * u32::from(ticks)
    }
}

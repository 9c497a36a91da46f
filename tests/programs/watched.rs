//! An operation of a program, entered in the ledger when it begins and when it ends.

use crate::actor::Actor;
use crate::ledger::{Begun, End, Ended, Kind};
use loopscope::event_loop::current_task;
use loopscope::instrument::SocketId;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What an operation came to.
pub(crate) struct Outcome {
    pub(crate) end: End,
    pub(crate) size: Option<usize>,
    /// The socket, where it was not known before.
    pub(crate) socket: Option<SocketId>,
}

impl Outcome {
    pub(crate) fn of(succeeded: bool, size: Option<usize>) -> Self {
        Self {
            end: if succeeded { End::Ready } else { End::Failed },
            size: size.filter(|_| succeeded),
            socket: None,
        }
    }
}

/// An operation under watch; `measure` tells what it came to.
pub(crate) struct Watched<F, M> {
    future: Option<Pin<Box<F>>>,
    measure: M,
    actor: Actor,
    kind: Kind,
    socket: Option<SocketId>,
    begun: Option<Begun>,
    immediate: bool,
}

impl<F, M> Watched<F, M>
where
    F: Future,
    M: Fn(&F::Output) -> Outcome + Unpin,
{
    pub(crate) fn new(
        actor: &Actor,
        kind: Kind,
        socket: Option<SocketId>,
        future: F,
        measure: M,
    ) -> Self {
        Self {
            future: Some(Box::pin(future)),
            measure,
            actor: actor.clone(),
            kind,
            socket,
            begun: None,
            immediate: true,
        }
    }
}

impl<F, M> Watched<F, M> {
    fn begin(&mut self) {
        if self.begun.is_none() {
            let begun = Begun {
                kind: self.kind,
                task: current_task().map(|task| task.id()),
                socket: self.socket,
                heard_by: self.actor.in_force(),
            };
            self.begun = Some(begun.clone());
            self.actor.ledger().begun.borrow_mut().push(begun);
        }
    }

    fn end(&mut self, outcome: Outcome) {
        self.future = None;
        let Some(mut begun) = self.begun.take() else {
            return;
        };
        begun.socket = begun.socket.or(outcome.socket);
        self.actor.ledger().ended.borrow_mut().push(Ended {
            begun,
            end: outcome.end,
            immediate: self.immediate,
            size: outcome.size,
            parent: self.actor.span(),
        });
    }
}

impl<F, M> Future for Watched<F, M>
where
    F: Future,
    M: Fn(&F::Output) -> Outcome + Unpin,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.begin();
        let future = self.future.as_mut().expect("it has not ended");
        let polled = future.as_mut().poll(cx);
        match &polled {
            Poll::Pending => self.immediate = false,
            Poll::Ready(output) => {
                let outcome = (self.measure)(output);
                self.end(outcome);
            }
        }
        polled
    }
}

impl<F, M> Drop for Watched<F, M> {
    fn drop(&mut self) {
        if self.future.is_some() {
            self.end(Outcome {
                end: End::Dropped,
                size: None,
                socket: None,
            });
        }
    }
}

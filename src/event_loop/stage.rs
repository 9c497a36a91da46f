//! A task's future, and what remains of it when it has ended.

use super::join::{BoxError, JoinError};
use crate::instrument::TaskFailure;
use crate::instrument::hooks::TaskEnd;
use pin_project_lite::pin_project;
use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// A task's future, and its result once that is complete.
    #[project = StageProjection]
    pub(super) enum Stage<F, C, T> {
        Future {
            #[pin]
            future: F,
            convert: C,
        },
        Ended {
            // Gone once somebody has taken it.
            result: Option<Result<T, JoinError>>,
        },
    }
}

impl<F, C, T> Stage<F, C, T> {
    /// A future whose output is made a result by `convert`.
    pub(super) fn new(future: F, convert: C) -> Self {
        Self::Future { future, convert }
    }

    /// The result of a task that has ended, once.
    pub(super) fn take_result(self: Pin<&mut Self>) -> Option<Result<T, JoinError>> {
        match self.project() {
            StageProjection::Ended { result } => result.take(),
            StageProjection::Future { .. } => None,
        }
    }
}

/// A task's future, whatever its type.
pub(super) trait Polled {
    /// Polls the future; where that is complete, drops it and keeps its result.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;

    /// Drops the future and ends the task in `error`. A panic of the future's destructor passes
    /// through, and the task has ended all the same.
    fn end_in(self: Pin<&mut Self>, error: JoinError);

    /// How the task has ended.
    fn end(&self) -> TaskEnd<'_>;
}

impl<F, C, T> Polled for Stage<F, C, T>
where
    F: Future,
    C: Fn(F::Output) -> Result<T, BoxError>,
{
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let result = match self.as_mut().project() {
            StageProjection::Future { future, convert } => {
                let output = ready!(future.poll(cx));
                convert(output).map_err(JoinError::Failed)
            }
            StageProjection::Ended { .. } => panic!("a task was polled after it had ended"),
        };
        self.set(Self::Ended {
            result: Some(result),
        });
        Poll::Ready(())
    }

    fn end_in(mut self: Pin<&mut Self>, error: JoinError) {
        let result = Some(Err(error));
        self.set(Self::Ended { result });
    }

    fn end(&self) -> TaskEnd<'_> {
        let Self::Ended {
            result: Some(result),
        } = self
        else {
            return TaskEnd::Cancelled;
        };
        match result {
            Ok(_) => TaskEnd::Completed,
            Err(JoinError::Cancelled) => TaskEnd::Cancelled,
            Err(JoinError::Panicked(panic)) => TaskEnd::Failed(TaskFailure::Panic(panic.message())),
            Err(JoinError::Failed(error)) => TaskEnd::Failed(TaskFailure::Error(&**error)),
        }
    }
}

/// A future whose result somebody may wait for.
pub(super) trait Joined: Polled {
    /// Moves the result into `place`, an `Option` of it.
    fn give_result(self: Pin<&mut Self>, place: &mut dyn Any);
}

impl<F, C, T> Joined for Stage<F, C, T>
where
    F: Future,
    C: Fn(F::Output) -> Result<T, BoxError>,
    T: 'static,
{
    fn give_result(self: Pin<&mut Self>, place: &mut dyn Any) {
        if let Some(place) = place.downcast_mut() {
            *place = self.take_result();
        }
    }
}

//! Values that belong to a task.

use pin_project_lite::pin_project;
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread::LocalKey;

/// Declares values that belong to a task: each `static` is a [`TaskLocal`].
///
/// ```
/// use loopscope::event_loop::{EventLoop, spawn, task_local, yield_now};
///
/// task_local! {
///     /// Whose request the task works for.
///     static USER: String;
/// }
///
/// async fn greet() -> String {
///     yield_now().await;
///     USER.with(|user| format!("hello {user}"))
/// }
///
/// EventLoop::new()?.run_until_complete(async {
///     let ada = spawn(USER.scope("Ada".into(), greet()));
///     let alan = spawn(USER.scope("Alan".into(), greet()));
///     assert_eq!(ada.await.unwrap(), "hello Ada");
///     assert_eq!(alan.await.unwrap(), "hello Alan");
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
#[macro_export]
#[doc(hidden)]
macro_rules! __task_local {
    ($($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty;)*) => {
        $($(#[$attribute])*
        $visibility static $name: $crate::event_loop::TaskLocal<$type> = {
            ::std::thread_local! {
                static VALUE: ::std::cell::RefCell<::std::option::Option<$type>> =
                    const { ::std::cell::RefCell::new(::std::option::Option::None) };
            }
            $crate::event_loop::TaskLocal::__new(&VALUE)
        };)*
    };
}

/// A value that belongs to a task, or to a part of it: to the future that
/// [`scope`](Self::scope) wraps.
///
/// Declared by [`task_local!`](super::task_local!). A task that is spawned does not inherit it: wrap
/// its future in a scope of its own where it is to have it.
pub struct TaskLocal<T: 'static> {
    /// The value of the scope that runs on this thread.
    value: &'static LocalKey<RefCell<Option<T>>>,
}

impl<T: 'static> TaskLocal<T> {
    #[doc(hidden)]
    pub const fn __new(value: &'static LocalKey<RefCell<Option<T>>>) -> Self {
        Self { value }
    }

    /// Runs `future` with `value` in this task-local. Scopes nest: the innermost is seen.
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> TaskLocalScope<T, F> {
        TaskLocalScope {
            local: self,
            value: Some(value),
            future: Some(future),
        }
    }

    /// Calls `f` with the value of the scope that runs.
    ///
    /// # Panics
    ///
    /// Outside of a scope. If `f` polls a scope of this same task-local.
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        match self.try_with(f) {
            Some(result) => result,
            None => panic!(
                "a task-local was read outside of its scope: wrap the task's future in \
                 TaskLocal::scope"
            ),
        }
    }

    /// Calls `f` with the value of the scope that runs; none outside of scopes.
    ///
    /// # Panics
    ///
    /// If `f` polls a scope of this same task-local.
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Option<R> {
        self.value.with_borrow(|value| value.as_ref().map(f))
    }

    /// A copy of the value of the scope that runs.
    ///
    /// # Panics
    ///
    /// Outside of a scope.
    pub fn get(&'static self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }
}

impl<T: 'static> fmt::Debug for TaskLocal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocal").finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`TaskLocal::scope`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct TaskLocalScope<T: 'static, F> {
        local: &'static TaskLocal<T>,
        // The scope's value while it does not run, and the one around it while it does.
        value: Option<T>,
        // Emptied when the scope is dropped, so that what the future drops sees the value.
        #[pin]
        future: Option<F>,
    }

    impl<T, F> PinnedDrop for TaskLocalScope<T, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _inside = Inside::enter(this.local, this.value);
            this.future.set(None);
        }
    }
}

impl<T: 'static, F: Future> Future for TaskLocalScope<T, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _inside = Inside::enter(this.local, this.value);
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("a task-local's scope was polled after it had ended")
        };
        let polled = future.poll(cx);
        if polled.is_ready() {
            this.future.set(None);
        }
        polled
    }
}

impl<T: 'static, F> fmt::Debug for TaskLocalScope<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocalScope").finish_non_exhaustive()
    }
}

/// While it lives, a scope's value is the one that is seen.
struct Inside<'a, T: 'static> {
    local: &'static TaskLocal<T>,
    value: &'a mut Option<T>,
}

impl<'a, T: 'static> Inside<'a, T> {
    fn enter(local: &'static TaskLocal<T>, value: &'a mut Option<T>) -> Self {
        local
            .value
            .with_borrow_mut(|seen| std::mem::swap(seen, value));
        Self { local, value }
    }
}

impl<T: 'static> Drop for Inside<'_, T> {
    fn drop(&mut self) {
        self.local
            .value
            .with_borrow_mut(|seen| std::mem::swap(seen, self.value));
    }
}

//! Asking the system for a name's addresses, off the loop's thread.

use crate::event_loop::{Blocking, wake};
use crate::instrument::hooks::Wake;
use crate::instrument::{ClassifiedError, ErrorType, Resumption};
use async_lock::Semaphore;
use dns_lookup::{AddrInfoHints, LookupError, LookupErrorKind, SockType, getaddrinfo};
use std::io;
use std::net::SocketAddr;
use std::panic::resume_unwind;

/// So many names are resolved at once in a process, each on a thread of its own; the rest wait in
/// line. The threads are shared with other blocking work, for which a server of names that does not
/// answer must leave some.
const LIMIT: usize = 64;

static LOOKUPS: Semaphore = Semaphore::new(LIMIT);

/// The addresses of a name, with port 0, in the order that the system prefers; each once.
pub(super) async fn resolve(name: String) -> io::Result<Vec<SocketAddr>> {
    limited(&LOOKUPS, move || ask_system(&name)).await
}

/// Runs `work` on another thread when there is room for it.
async fn limited<T: Send + 'static>(
    limit: &'static Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let permit = limit.acquire().await;
    let result = Blocking::start(Resumption::Resolved, move || {
        let result = work();
        // Not when the future is dropped: the thread goes on until the system answers.
        wake::because(Wake::Send(Resumption::Resolved), None, || drop(permit));
        result
    });
    result.await.unwrap_or_else(|panic| resume_unwind(panic))
}

fn ask_system(name: &str) -> io::Result<Vec<SocketAddr>> {
    let hints = AddrInfoHints {
        // One answer for each address, not one for each kind of socket.
        socktype: SockType::Stream.into(),
        ..AddrInfoHints::default()
    };
    let mut found: Vec<SocketAddr> = Vec::new();
    let answers = getaddrinfo(Some(name), None, Some(hints));
    let answers = answers.map_err(|error| unresolved(name, error))?;
    // An address of a family that there is no socket for is none.
    for answer in answers.flatten() {
        if !found.contains(&answer.sockaddr) {
            found.push(answer.sockaddr);
        }
    }
    Ok(found)
}

/// Why a name has no addresses.
fn unresolved(name: &str, error: LookupError) -> io::Error {
    let is_unknown = matches!(
        error.kind(),
        LookupErrorKind::NoName | LookupErrorKind::NoData
    );
    let error = io::Error::from(error);
    let (kind, error_type) = if is_unknown {
        (io::ErrorKind::NotFound, ErrorType::HostNotFound)
    } else {
        (error.kind(), ErrorType::NameResolution)
    };
    let message = format!("cannot resolve {name}: {error}");
    ClassifiedError::io_error(error_type, kind, message, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_loop::{EventLoop, TaskGroup};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Condvar, Mutex};

    /// Work that ends when it is let go, and counts how much of it is under way.
    #[derive(Default)]
    struct Held {
        started: AtomicUsize,
        released: Mutex<bool>,
        release: Condvar,
    }

    impl Held {
        fn work(&self) {
            self.started.fetch_add(1, Ordering::SeqCst);
            let mut released = self.released.lock().unwrap();
            while !*released {
                released = self.release.wait(released).unwrap();
            }
        }

        fn let_go(&self) {
            *self.released.lock().unwrap() = true;
            self.release.notify_all();
        }
    }

    #[test]
    fn no_more_than_the_limit_are_under_way_and_those_given_up_count_until_they_end() {
        static LIMITED: Semaphore = Semaphore::new(2);
        let held = Arc::new(Held::default());
        EventLoop::new().unwrap().run_until_complete(async {
            let group = TaskGroup::new();
            for _ in 0..5 {
                let held = held.clone();
                let work = limited(&LIMITED, move || held.work());
                group.spawn(work);
            }
            while held.started.load(Ordering::SeqCst) < 2 {
                crate::event_loop::yield_now().await;
            }
            // What was given up is still under way: nothing else starts.
            group.cancel();
            let held_too = held.clone();
            let next = crate::event_loop::spawn(limited(&LIMITED, move || held_too.work()));
            crate::event_loop::sleep(std::time::Duration::from_millis(20)).await;
            assert_eq!(held.started.load(Ordering::SeqCst), 2);
            held.let_go();
            next.await.unwrap();
            assert_eq!(held.started.load(Ordering::SeqCst), 3);
        });
    }
}

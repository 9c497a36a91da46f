//! Signals of the operating system, as futures.

use super::{park, wake};
use crate::instrument::hooks::Wake;
use crate::instrument::{Command, Resumption};
use signal_hook::consts::{FORBIDDEN, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::signal_name;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

/// The next interrupt: SIGINT, as Ctrl-C on a terminal sends it. See [`Signal`].
///
/// # Errors
///
/// What the system says when it lets no handler be installed.
pub fn ctrl_c() -> io::Result<Signal> {
    Signal::new(SIGINT)
}

/// The next request to end: SIGTERM, as service managers send it. See [`Signal`].
///
/// # Errors
///
/// What the system says when it lets no handler be installed.
pub fn terminate() -> io::Result<Signal> {
    Signal::new(SIGTERM)
}

/// A signal of the operating system: a future of its next arrival, which can be awaited again and
/// again through `&mut`.
///
/// It listens from when it is made, so that none is missed between two waits; several that come
/// in between are one. Every `Signal` of the process hears them. Once one was made, the
/// system's own answer to that signal (for most, to end the process) is off for good, also when all
/// are dropped.
///
/// ```
/// use loopscope::event_loop::{EventLoop, Signal};
/// use signal_hook::consts::SIGHUP;
///
/// EventLoop::new()?.run_until_complete(async {
///     let mut reload = Signal::new(SIGHUP)?;
///     signal_hook::low_level::raise(SIGHUP)?;
///     (&mut reload).await;
///     Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Signal {
    number: i32,
    arrival: Arc<Mutex<Arrival>>,
    _listener: Listener,
}

/// What a [`Signal`] has heard, and who waits for it.
#[derive(Default)]
struct Arrival {
    arrived: bool,
    waker: Option<Waker>,
}

impl Signal {
    /// Listens to the signal of this number, as `signal_hook::consts` or `libc` name it.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] for a signal that cannot be listened to, and what the system
    /// says when it lets no handler be installed.
    pub fn new(number: i32) -> io::Result<Self> {
        let arrival = Arc::new(Mutex::new(Arrival::default()));
        let heard = arrival.clone();
        let listener = listen(number, move || {
            let waker = {
                let mut arrival = lock(&heard);
                arrival.arrived = true;
                arrival.waker.take()
            };
            if let Some(waker) = waker {
                wake::because(Wake::Send(Resumption::Notified), None, || waker.wake());
            }
        })?;
        Ok(Self {
            number,
            arrival,
            _listener: listener,
        })
    }
}

impl Future for Signal {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut arrival = lock(&self.arrival);
        if std::mem::take(&mut arrival.arrived) {
            return Poll::Ready(());
        }
        arrival.waker = Some(cx.waker().clone());
        drop(arrival);
        park::wait_on(Command::Signal {
            name: signal_name(self.number),
        });
        Poll::Pending
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// Is called at each arrival of a signal, on the thread of the signals, until it is dropped.
pub(super) type Listener = Arc<dyn Fn() + Send + Sync>;

/// Has `call` called at each arrival of a signal for as long as the listener lives.
pub(super) fn listen(number: i32, call: impl Fn() + Send + Sync + 'static) -> io::Result<Listener> {
    if !SIGNALS.contains(&number) || FORBIDDEN.contains(&number) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("signal {number} cannot be listened to"),
        ));
    }
    let listener: Listener = Arc::new(call);
    let mut registry = lock(&REGISTRY);
    let registry = match &mut *registry {
        Some(registry) => registry,
        none => none.insert(Registry::start()?),
    };
    registry.signals.add_signal(number)?;
    registry.listeners.push((number, Arc::downgrade(&listener)));
    Ok(listener)
}

/// What `signal-hook` takes for a signal's number.
const SIGNALS: std::ops::Range<i32> = 1..128;

/// All who listen to signals: a signal is the process's, not a loop's.
struct Registry {
    signals: Handle,
    listeners: Vec<(i32, Weak<dyn Fn() + Send + Sync>)>,
}

static REGISTRY: Mutex<Option<Registry>> = Mutex::new(None);

impl Registry {
    /// Starts the thread that hears the signals: a handler proper may do next to nothing.
    fn start() -> io::Result<Self> {
        let mut signals = Signals::new(std::iter::empty::<i32>())?;
        let handle = signals.handle();
        std::thread::Builder::new()
            .name("loopscope-signals".into())
            .spawn(move || signals.forever().for_each(tell))?;
        Ok(Self {
            signals: handle,
            listeners: Vec::new(),
        })
    }
}

/// Tells all who listen to `number` that it has arrived.
fn tell(number: i32) {
    let mut heard = Vec::new();
    if let Some(registry) = &mut *lock(&REGISTRY) {
        registry.listeners.retain(|(of, listener)| {
            let listener = listener.upgrade();
            let lives = listener.is_some();
            heard.extend(listener.filter(|_| *of == number));
            lives
        });
    }
    // Called without the lock: a waker may do anything.
    heard.iter().for_each(|listener| listener());
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

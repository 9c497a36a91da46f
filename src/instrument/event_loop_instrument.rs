//! The trait with every hook.

use super::HookSet;
use super::metadata::*;

/// Calls `$macro!` with every hook, its name as a [`Hook`](super::Hook) and the metadata that it is
/// told: what dispatches, forwards or records hooks is made from this one list.
macro_rules! for_each_hook {
    ($macro:ident) => {
        $macro! {
            on_queue_get = QueueGet: QueueMetadata<'_>,
            on_queue_put = QueuePut: QueueMetadata<'_>,
            on_socket_open = SocketOpen: InstrumentationMetadata<'_>,
            on_socket_connect_start = SocketConnectStart: SocketConnectStartMetadata<'_>,
            on_socket_connect_ready = SocketConnectReady: SocketConnectReadyMetadata<'_>,
            on_socket_accept_start = SocketAcceptStart: InstrumentationMetadata<'_>,
            on_socket_accept_ready = SocketAcceptReady: ReadySocketInstrumentationMetadata<'_>,
            on_socket_recv_start = SocketRecvStart: InstrumentationMetadata<'_>,
            on_socket_recv_ready = SocketRecvReady: ReadySocketInstrumentationMetadata<'_>,
            on_socket_recv_data = SocketRecvData: SocketRecvDataMetadata<'_>,
            on_socket_send_start = SocketSendStart: InstrumentationMetadata<'_>,
            on_socket_send_data = SocketSendData: SocketSendDataMetadata<'_>,
            on_socket_send_ready = SocketSendReady: ReadySocketInstrumentationMetadata<'_>,
            on_socket_error = SocketError: SocketErrorMetadata<'_>,
            on_socket_close = SocketClose: InstrumentationMetadata<'_>,
            on_tls_handshake_complete = TlsHandshakeComplete: TlsHandshakeMetadata<'_>,
            on_tls_handshake_error = TlsHandshakeError: TlsHandshakeErrorMetadata<'_>,
            on_dns_lookup_start = DnsLookupStart: DnsLookupStartMetadata<'_>,
            on_dns_lookup_ready = DnsLookupReady: DnsLookupReadyMetadata<'_>,
            on_task_spawned = TaskSpawned: TaskSpawnedMetadata<'_>,
            on_task_before_send = TaskBeforeSend: TaskSendMetadata<'_>,
            on_task_after_send = TaskAfterSend: TaskAfterSendMetadata<'_>,
            on_task_before_throw = TaskBeforeThrow: TaskThrowMetadata<'_>,
            on_task_after_throw = TaskAfterThrow: TaskAfterThrowMetadata<'_>,
            on_task_completed = TaskCompleted: TaskEndMetadata<'_>,
            on_task_error = TaskError: TaskErrorMetadata<'_>,
            on_task_cancelled = TaskCancelled: TaskEndMetadata<'_>,
            on_loop_park = LoopPark: LoopParkMetadata<'_>,
            on_loop_unpark = LoopUnpark: LoopUnparkMetadata<'_>,
            on_timer_fired = TimerFired: TimerFiredMetadata<'_>,
        }
    };
}
pub(crate) use for_each_hook;

/// Hears what happens in an event loop: implement the hooks of interest, the others do nothing.
///
/// An instrument is put in force for a scope with [`enter`](super::EnterScope::enter),
/// [`in_scope`](super::EnterScope::in_scope) or around a future with
/// [`with_instrument`](super::WithInstrumentExt::with_instrument). Scopes nest: all instruments in force hear each event,
/// the innermost first.
///
/// # What a hook may do
///
/// Hooks run on the loop's thread, in the middle of the operation that they report: they must not
/// block, and whatever they take is added to what they measure. A hook that panics loses its event
/// and nothing else: the panic is caught, counted ([`hook_panics`](super::hook_panics)) and, the
/// first time, reported through `tracing`. What a hook itself does on the loop (spawning a task,
/// putting an item into a queue) fires no hooks.
///
/// # What holds of every pair
///
/// Each `_start` is followed by exactly one `_ready` or one error, told to the same instruments,
/// whatever happens: success, failure, cancellation, drop. `start_time <= finish_time`;
/// `immediate` is true exactly when the task did not have to wait.
///
/// ```
/// use loopscope::event_loop::EventLoop;
/// use loopscope::instrument::{EnterScope, EventLoopInstrument, QueueMetadata};
/// use loopscope::sync::AsyncQueue;
/// use std::cell::Cell;
/// use std::rc::Rc;
///
/// #[derive(Default)]
/// struct CountWaits(Cell<u32>);
///
/// impl EventLoopInstrument for CountWaits {
///     fn on_queue_get(&self, metadata: &QueueMetadata<'_>) {
///         self.0.set(self.0.get() + u32::from(!metadata.immediate));
///     }
/// }
///
/// let waits = Rc::new(CountWaits::default());
/// let _scope = waits.clone().enter();
/// EventLoop::new()?.run_until_complete(async {
///     let queue = AsyncQueue::unbounded();
///     queue.put(1).await.unwrap();
///     queue.get().await.unwrap();
/// });
/// assert_eq!(waits.0.get(), 0, "the item was there already");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait EventLoopInstrument {
    /// The hooks that it wants to hear; unless it says otherwise, all.
    ///
    /// Asked once, when the instrument is put in force. The others are not called; and an operation
    /// on a socket, a queue, a timer or a name costs no more than where nobody listens if no
    /// instrument wants any of its hooks. An instrument that ignores some says so here:
    /// [`FilteredInstrument`](super::FilteredInstrument) does it for one that does not.
    ///
    /// ```
    /// use loopscope::instrument::{EventLoopInstrument, Hook, HookSet, TimerFiredMetadata};
    ///
    /// struct CountTimers;
    ///
    /// impl EventLoopInstrument for CountTimers {
    ///     fn wanted_hooks(&self) -> HookSet {
    ///         HookSet::of(&[Hook::TimerFired])
    ///     }
    ///
    ///     fn on_timer_fired(&self, _: &TimerFiredMetadata<'_>) {
    ///         /* … */
    ///     }
    /// }
    /// ```
    fn wanted_hooks(&self) -> HookSet {
        HookSet::ALL
    }

    /// A task took an item out of a queue.
    ///
    /// Fired once for each item, when the task has it: where the task had to wait for an item,
    /// `immediate` is false. A wait that ends because the queue was closed or the task cancelled
    /// moves no item and fires nothing.
    fn on_queue_get(&self, metadata: &QueueMetadata<'_>) {
        let _ = metadata;
    }

    /// A task put an item into a queue.
    ///
    /// Fired once for each item, when the queue has accepted it: where the task had to wait for
    /// room, `immediate` is false.
    fn on_queue_put(&self, metadata: &QueueMetadata<'_>) {
        let _ = metadata;
    }

    /// A socket was opened.
    ///
    /// Fired when the descriptor comes into being: before a connect starts, when a connection was
    /// accepted, when a listener is bound. Each instrument that hears it hears one
    /// [`on_socket_close`](Self::on_socket_close) of that socket.
    fn on_socket_open(&self, metadata: &InstrumentationMetadata<'_>) {
        let _ = metadata;
    }

    /// A task starts to connect a socket.
    fn on_socket_connect_start(&self, metadata: &SocketConnectStartMetadata<'_>) {
        let _ = metadata;
    }

    /// A socket is connected.
    fn on_socket_connect_ready(&self, metadata: &SocketConnectReadyMetadata<'_>) {
        let _ = metadata;
    }

    /// A task starts to wait for a connection on a listener.
    fn on_socket_accept_start(&self, metadata: &InstrumentationMetadata<'_>) {
        let _ = metadata;
    }

    /// A listener has accepted a connection, which `accepted` describes.
    fn on_socket_accept_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        let _ = metadata;
    }

    /// A task starts to receive from a socket.
    fn on_socket_recv_start(&self, metadata: &InstrumentationMetadata<'_>) {
        let _ = metadata;
    }

    /// A socket has received: data, or the end of the stream (`size` is 0).
    fn on_socket_recv_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        let _ = metadata;
    }

    /// The data that was received, right after the ready hook that tells its size.
    fn on_socket_recv_data(&self, metadata: &SocketRecvDataMetadata<'_>) {
        let _ = metadata;
    }

    /// A task starts to send to a socket.
    fn on_socket_send_start(&self, metadata: &InstrumentationMetadata<'_>) {
        let _ = metadata;
    }

    /// Data was handed to the kernel.
    ///
    /// Fired after each part that the kernel took; one send may have several parts.
    fn on_socket_send_data(&self, metadata: &SocketSendDataMetadata<'_>) {
        let _ = metadata;
    }

    /// A send is complete; `size` is all that it has sent.
    fn on_socket_send_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        let _ = metadata;
    }

    /// An operation on a socket failed or was cancelled.
    ///
    /// Fired in place of the operation's ready hook: each start is followed by exactly one of the
    /// two.
    fn on_socket_error(&self, metadata: &SocketErrorMetadata<'_>) {
        let _ = metadata;
    }

    /// A socket was closed.
    ///
    /// Fired exactly once for each socket whose opening was heard, also where it was dropped.
    fn on_socket_close(&self, metadata: &InstrumentationMetadata<'_>) {
        let _ = metadata;
    }

    /// A TLS handshake succeeded.
    fn on_tls_handshake_complete(&self, metadata: &TlsHandshakeMetadata<'_>) {
        let _ = metadata;
    }

    /// A TLS handshake failed or was cancelled.
    fn on_tls_handshake_error(&self, metadata: &TlsHandshakeErrorMetadata<'_>) {
        let _ = metadata;
    }

    /// A task starts to resolve a name.
    fn on_dns_lookup_start(&self, metadata: &DnsLookupStartMetadata<'_>) {
        let _ = metadata;
    }

    /// A name is resolved, or is not: `outcome` tells.
    fn on_dns_lookup_ready(&self, metadata: &DnsLookupReadyMetadata<'_>) {
        let _ = metadata;
    }

    /// A task was spawned; heard by the instruments in force in the new task.
    fn on_task_spawned(&self, metadata: &TaskSpawnedMetadata<'_>) {
        let _ = metadata;
    }

    /// A task is about to be polled, resumed by a value.
    fn on_task_before_send(&self, metadata: &TaskSendMetadata<'_>) {
        let _ = metadata;
    }

    /// A task that was resumed by a value has yielded again.
    ///
    /// Where the task ended instead, one of `on_task_completed`, `on_task_error` and
    /// `on_task_cancelled` is fired in its place, to all who heard the before hook.
    fn on_task_after_send(&self, metadata: &TaskAfterSendMetadata<'_>) {
        let _ = metadata;
    }

    /// A task is about to be polled, resumed by an error.
    fn on_task_before_throw(&self, metadata: &TaskThrowMetadata<'_>) {
        let _ = metadata;
    }

    /// A task that was resumed by an error has yielded again.
    fn on_task_after_throw(&self, metadata: &TaskAfterThrowMetadata<'_>) {
        let _ = metadata;
    }

    /// A task has completed.
    fn on_task_completed(&self, metadata: &TaskEndMetadata<'_>) {
        let _ = metadata;
    }

    /// A task has failed: by a panic, or in the `Err` of a task spawned by `try_spawn`.
    fn on_task_error(&self, metadata: &TaskErrorMetadata<'_>) {
        let _ = metadata;
    }

    /// A task was cancelled and its future dropped.
    fn on_task_cancelled(&self, metadata: &TaskEndMetadata<'_>) {
        let _ = metadata;
    }

    /// The loop goes to sleep, or its run ends.
    ///
    /// A loop that has always something to do sleeps for no time at intervals of some 100 ms, so
    /// that its work is heard of.
    ///
    /// Heard, like all the hooks of the loop itself, by the instruments in force where the loop is
    /// run.
    fn on_loop_park(&self, metadata: &LoopParkMetadata<'_>) {
        let _ = metadata;
    }

    /// The loop has woken.
    fn on_loop_unpark(&self, metadata: &LoopUnparkMetadata<'_>) {
        let _ = metadata;
    }

    /// A timer has fired; heard by the instruments in force where it was set.
    fn on_timer_fired(&self, metadata: &TimerFiredMetadata<'_>) {
        let _ = metadata;
    }
}

/// Forwards every hook to what a pointer points to.
macro_rules! forward_hooks {
    ($($hook:ident = $name:ident: $metadata:ty,)*) => {
        fn wanted_hooks(&self) -> HookSet {
            (**self).wanted_hooks()
        }

        $(#[inline]
        fn $hook(&self, metadata: &$metadata) {
            (**self).$hook(metadata);
        })*
    };
}

impl<T: EventLoopInstrument + ?Sized> EventLoopInstrument for std::rc::Rc<T> {
    for_each_hook!(forward_hooks);
}

impl<T: EventLoopInstrument + ?Sized> EventLoopInstrument for std::sync::Arc<T> {
    for_each_hook!(forward_hooks);
}

impl<T: EventLoopInstrument + ?Sized> EventLoopInstrument for Box<T> {
    for_each_hook!(forward_hooks);
}

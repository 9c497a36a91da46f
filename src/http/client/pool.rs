//! Connections that are kept.

use super::keeper::Keeper;
use super::origin::Origin;
use super::request_body::{RequestBody, Sending};
use super::sender::{SendError, Sender};
use crate::clock::Timestamp;
use crate::event_loop::is_stopping;
use crate::sync::AsyncQueue;
use http::{Request, Response};
use hyper::body::Incoming;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::time::Duration;

/// The connections of a client that may be used for more.
pub(super) struct Pool {
    hosts: RefCell<HashMap<Origin, Host>>,
    keeper: Keeper,
    idle_timeout: Duration,
    max_idle: usize,
    max_connections: Option<usize>,
}

/// What is kept for one server.
#[derive(Default)]
struct Host {
    /// Those that nobody uses, the one that was used last at the end.
    idle: Vec<Idle>,
    /// One for any number of requests.
    shared: Option<Idle>,
    permits: Option<Permits>,
}

struct Idle {
    sender: Sender,
    since: Timestamp,
}

/// Who has one of these may have a connection.
type Permits = Rc<AsyncQueue<()>>;

/// A permit, which goes back when it is dropped.
pub(super) struct Permit(Permits);

impl Drop for Permit {
    fn drop(&mut self) {
        // There is room for as many as there are.
        let _ = self.0.try_put(());
    }
}

impl Pool {
    pub(super) fn new(
        idle_timeout: Duration,
        max_idle: usize,
        max_connections: Option<usize>,
    ) -> Rc<Self> {
        Rc::new(Self {
            hosts: RefCell::default(),
            keeper: Keeper::default(),
            idle_timeout,
            max_idle,
            max_connections,
        })
    }

    /// A connection that can be used at once.
    pub(super) fn take(self: &Rc<Self>, origin: &Origin) -> Option<Lease> {
        let oldest = self.oldest();
        let mut dropped = Vec::new();
        let sender = {
            let mut hosts = self.hosts.borrow_mut();
            let host = hosts.get_mut(origin)?;
            dropped.extend(host.shared.take_if(|shared| shared.sender.is_closed()));
            let shared = host.shared.as_mut().and_then(|shared| {
                shared.since = Timestamp::now();
                shared.sender.share()
            });
            shared.or_else(|| {
                while let Some(idle) = host.idle.pop() {
                    if !idle.sender.is_closed() && idle.since > oldest {
                        return Some(idle.sender);
                    }
                    dropped.push(idle);
                }
                None
            })
        };
        // Outside of the borrow: that may wake tasks.
        drop(dropped);
        Some(self.lease(origin, sender?, true))
    }

    /// Takes a new connection in.
    pub(super) fn add(
        self: &Rc<Self>,
        origin: &Origin,
        sender: Sender,
        permit: Option<Permit>,
    ) -> Lease {
        let Some(shared) = sender.share() else {
            return self.lease(origin, sender, false).with(permit);
        };
        if !is_stopping() {
            let since = Timestamp::now();
            let mut hosts = self.hosts.borrow_mut();
            let host = hosts.entry(origin.clone()).or_default();
            let old = host.shared.replace(Idle {
                sender: shared,
                since,
            });
            drop(hosts);
            drop(old);
            self.keeper.watch(self);
        }
        self.lease(origin, sender, false)
    }

    /// Waits until there may be one more connection.
    pub(super) async fn permit(&self, origin: &Origin) -> Option<Permit> {
        let limit = self.max_connections?;
        let permits = {
            let mut hosts = self.hosts.borrow_mut();
            let host = hosts.entry(origin.clone()).or_default();
            host.permits.get_or_insert_with(|| permits(limit)).clone()
        };
        permits.get().await.ok()?;
        Some(Permit(permits))
    }

    fn lease(self: &Rc<Self>, origin: &Origin, sender: Sender, is_used: bool) -> Lease {
        Lease {
            sender,
            is_used,
            origin: origin.clone(),
            pool: Rc::downgrade(self),
            permit: None,
            sending: Sending::default(),
        }
    }

    /// Keeps a connection whose request is at its end.
    fn keep(self: &Rc<Self>, origin: Origin, sender: Sender) {
        let is_kept = matches!(sender, Sender::Http1(_)) && !sender.is_closed() && !is_stopping();
        if !is_kept || self.max_idle == 0 {
            return;
        }
        let since = Timestamp::now();
        let mut hosts = self.hosts.borrow_mut();
        let host = hosts.entry(origin).or_default();
        host.idle.push(Idle { sender, since });
        let surplus = (host.idle.len() > self.max_idle).then(|| host.idle.remove(0));
        drop(hosts);
        drop(surplus);
        self.keeper.watch(self);
    }

    /// Drops what has been idle for too long, and tells when there is next something to drop.
    pub(super) fn drop_idle(&self) -> Option<Timestamp> {
        let oldest = self.oldest();
        let mut dropped = Vec::new();
        let mut hosts = self.hosts.borrow_mut();
        for host in hosts.values_mut() {
            let is_over = |idle: &mut Idle| idle.since <= oldest || idle.sender.is_closed();
            dropped.extend(host.idle.extract_if(.., is_over));
            dropped.extend(host.shared.take_if(is_over));
        }
        let kept = hosts
            .values()
            .flat_map(|host| host.idle.iter().chain(&host.shared));
        let next = kept.map(|idle| idle.since + self.idle_timeout).min();
        drop(hosts);
        drop(dropped);
        next
    }

    /// Drops all that is kept.
    pub(super) fn clear(&self) {
        let mut dropped = Vec::new();
        for host in self.hosts.borrow_mut().values_mut() {
            dropped.append(&mut host.idle);
            dropped.extend(host.shared.take());
        }
    }

    /// What is idle since before this has been so for too long.
    fn oldest(&self) -> Timestamp {
        let now = Timestamp::now().as_nanos();
        let limit = u64::try_from(self.idle_timeout.as_nanos()).unwrap_or(u64::MAX);
        Timestamp::from_nanos(now.saturating_sub(limit))
    }
}

fn permits(limit: usize) -> Permits {
    let permits = AsyncQueue::bounded(limit).named("http connections");
    for _ in 0..limit {
        // There is room for as many as there are.
        let _ = permits.try_put(());
    }
    Rc::new(permits)
}

/// A connection in use.
pub(super) struct Lease {
    sender: Sender,
    is_used: bool,
    origin: Origin,
    pool: Weak<Pool>,
    permit: Option<Permit>,
    sending: Sending,
}

impl Lease {
    pub(super) fn with(mut self, permit: Option<Permit>) -> Self {
        // One that others may use as well does not count.
        self.permit = permit.filter(|_| !self.is_http2());
        self
    }

    /// Whether it has had a request before.
    pub(super) fn is_used(&self) -> bool {
        self.is_used
    }

    pub(super) fn is_http2(&self) -> bool {
        matches!(self.sender, Sender::Http2(_))
    }

    pub(super) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, SendError> {
        self.sending = request.body().sending();
        self.sender.send(request).await
    }

    /// The response has been read to its end: the connection may have another request, unless the
    /// server has answered before all of this one is sent. One that is dropped instead is closed.
    pub(super) fn give_back(self) {
        if let Some(pool) = self.pool.upgrade().filter(|_| !self.sending.is_under_way()) {
            pool.keep(self.origin, self.sender);
        }
        drop(self.permit);
    }
}

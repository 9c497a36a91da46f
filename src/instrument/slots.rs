//! Room that tasks, queues and sockets hold for instruments.

use std::any::Any;
use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Whose value a slot holds: one key for each instrument that keeps values in [`Slots`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SlotKey(u64);

impl SlotKey {
    /// A key that no other instrument has.
    #[expect(clippy::new_without_default, reason = "each call gives another value")]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Values that instruments keep in a task, a queue or a socket, one for each [`SlotKey`].
///
/// An instrument finds what it knows of a task in the task itself, without a map from task ids,
/// and its value is dropped with the task. Without values nothing is allocated.
///
/// ```
/// use loopscope::instrument::{SlotKey, Slots};
///
/// let slots = Slots::new();
/// let key = SlotKey::new();
/// assert!(slots.get::<String>(key).is_none());
/// slots.insert(key, String::from("seen"));
/// assert_eq!(*slots.get::<String>(key).unwrap(), "seen");
/// ```
#[derive(Default)]
pub struct Slots(OnceCell<Box<RefCell<Vec<Value>>>>);

/// What an instrument keeps.
type Value = (SlotKey, Rc<dyn Any>);

impl Slots {
    /// No values yet.
    pub const fn new() -> Self {
        Self(OnceCell::new())
    }

    /// Drops all values.
    pub(super) fn clear(&mut self) {
        if let Some(values) = self.0.get_mut() {
            // Taken out first: what is dropped may do anything.
            drop(std::mem::take(values.get_mut()));
        }
    }

    /// The value kept under `key`, if there is one and it is a `T`.
    pub fn get<T: 'static>(&self, key: SlotKey) -> Option<Rc<T>> {
        let values = self.0.get()?.borrow();
        let (_, value) = values.iter().find(|(owner, _)| *owner == key)?;
        value.clone().downcast().ok()
    }

    /// Keeps `value` under `key` in place of what was there.
    pub fn insert<T: 'static>(&self, key: SlotKey, value: T) -> Rc<T> {
        let value = Rc::new(value);
        let old = self.remove(key);
        let values = self.0.get_or_init(Box::default);
        values.borrow_mut().push((key, value.clone()));
        drop(old);
        value
    }

    /// Takes out what is kept under `key`.
    pub fn remove(&self, key: SlotKey) -> Option<Rc<dyn Any>> {
        let mut values = self.0.get()?.borrow_mut();
        let index = values.iter().position(|(owner, _)| *owner == key)?;
        Some(values.swap_remove(index).1)
    }
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.get().map_or(0, |values| values.borrow().len());
        write!(f, "Slots({count})")
    }
}

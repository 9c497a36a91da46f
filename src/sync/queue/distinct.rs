//! Keeping items from being queued twice.

use std::collections::HashSet;
use std::hash::Hash;

/// Copies of the items that are queued.
///
/// The functions are those of `HashSet`, so that queues whose items cannot be hashed share their
/// code with those that need it.
pub(super) struct Distinct<T> {
    items: HashSet<T>,
    contains: fn(&HashSet<T>, &T) -> bool,
    insert: fn(&mut HashSet<T>, &T) -> bool,
    take: fn(&mut HashSet<T>, &T) -> Option<T>,
}

impl<T: Clone + Eq + Hash> Distinct<T> {
    pub(super) fn new() -> Self {
        Self {
            items: HashSet::new(),
            contains: |items, item| items.contains(item),
            insert: |items, item| items.insert(item.clone()),
            take: |items, item| items.take(item),
        }
    }
}

impl<T> Distinct<T> {
    /// Whether the item is queued, or about to be.
    pub(super) fn contains(&self, item: &T) -> bool {
        (self.contains)(&self.items, item)
    }

    /// Notes that the item, which is not there, is about to be queued.
    pub(super) fn insert(&mut self, item: &T) {
        (self.insert)(&mut self.items, item);
    }

    /// Notes that the item is no longer queued. Returns the copy, to be dropped when nothing is
    /// borrowed.
    pub(super) fn take(&mut self, item: &T) -> Option<T> {
        (self.take)(&mut self.items, item)
    }
}

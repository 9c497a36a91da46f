//! Which poll is under way on a loop's thread, to be seen from another.

use crate::instrument::TaskInfo;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU64, fence};

/// So much of a name is told: four words.
const NAME_BYTES: usize = 32;
const WORD: usize = size_of::<u64>();

/// The poll under way: written by the loop's thread with a few plain stores, read by the watchdog's.
///
/// A reader that finds the same count before and after what it read has not read parts of two. The
/// idea is that of a sequence lock with one writer.
#[derive(Default)]
pub(super) struct UnderWay {
    /// How many polls have begun and ended: odd while one is under way.
    count: AtomicU64,
    task: AtomicU64,
    /// The beginning of the task's name, with zeros behind it.
    name: [AtomicU64; NAME_BYTES / WORD],
}

/// A poll that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// The poll's place among all of its loop.
    pub(super) count: u64,
    pub(super) task: u64,
    /// The task's name, or its beginning; empty where it has none.
    pub(super) name: String,
}

impl UnderWay {
    /// A poll of `task` begins.
    #[inline]
    pub(super) fn begin(&self, task: &TaskInfo) {
        // The end of the poll before is seen by whoever sees any of the following.
        fence(Release);
        if self.task.load(Relaxed) != task.id().get() {
            self.tell(task);
        }
        self.count.store(self.count.load(Relaxed) | 1, Release);
    }

    fn tell(&self, task: &TaskInfo) {
        let mut name = [0; NAME_BYTES];
        let given = task.name().unwrap_or_default().as_bytes();
        let length = given.len().min(NAME_BYTES);
        name[..length].copy_from_slice(&given[..length]);
        self.task.store(task.id().get(), Relaxed);
        for (word, bytes) in self.name.iter().zip(name.as_chunks::<WORD>().0) {
            word.store(u64::from_ne_bytes(*bytes), Relaxed);
        }
    }

    /// The poll has ended, if one was under way.
    #[inline]
    pub(super) fn end(&self) {
        let count = self.count.load(Relaxed);
        self.count.store(count + (count & 1), Release);
    }

    /// The poll that is under way.
    pub(super) fn see(&self) -> Option<Seen> {
        let count = self.count.load(Acquire);
        let task = self.task.load(Relaxed);
        let name = self.name.each_ref().map(|word| word.load(Relaxed));
        fence(Acquire);
        let is_whole = count % 2 == 1 && self.count.load(Relaxed) == count;
        is_whole.then(|| {
            let bytes: Vec<u8> = name.into_iter().flat_map(u64::to_ne_bytes).collect();
            let name = String::from_utf8_lossy(&bytes);
            // A name that is cut may be cut within a character.
            let name = name.trim_end_matches(['\0', char::REPLACEMENT_CHARACTER]);
            Seen {
                count,
                task,
                name: name.into(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::TaskId;
    use std::sync::atomic::AtomicBool;

    fn named(name: &str) -> TaskInfo {
        TaskInfo::new(TaskId::new(), Some(name.into()), None, None)
    }

    #[test]
    fn a_poll_is_seen_from_its_begin_to_its_end() {
        let under_way = UnderWay::default();
        assert_eq!(under_way.see(), None);
        let (first, second) = (named("first"), named(&"ü".repeat(20)));
        under_way.begin(&first);
        let seen = under_way.see().unwrap();
        assert_eq!((seen.task, &*seen.name), (first.id().get(), "first"));
        under_way.end();
        assert_eq!(under_way.see(), None);
        // One that is not measured ends too.
        under_way.end();
        assert_eq!(under_way.see(), None);
        under_way.begin(&second);
        let next = under_way.see().unwrap();
        assert_ne!(next.count, seen.count);
        assert_eq!((next.task, next.name), (second.id().get(), "ü".repeat(16)));
    }

    #[test]
    fn what_is_seen_is_never_of_two_polls() {
        let under_way = UnderWay::default();
        let tasks = ["one".repeat(10), "two".repeat(10)].map(|name| named(&name));
        let told = tasks.each_ref().map(|task| {
            let name = task.name().unwrap().to_owned();
            (task.id().get(), name)
        });
        let (under_way, done) = (&under_way, &AtomicBool::new(false));
        std::thread::scope(|scope| {
            let reader = scope.spawn(move || {
                let mut seen = 0;
                while !done.load(Relaxed) || seen == 0 {
                    if let Some(poll) = under_way.see() {
                        seen += 1;
                        assert!(told.contains(&(poll.task, poll.name)));
                    }
                }
            });
            for turn in 0..200_000 {
                under_way.begin(&tasks[turn % 2]);
                under_way.end();
            }
            under_way.begin(&tasks[0]);
            done.store(true, Relaxed);
            reader.join().unwrap();
        });
    }
}

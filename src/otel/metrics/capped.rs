//! What is kept by a name that programs, or their peers, choose.

use crate::otel::names;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// How many different names are told apart.
const LIMIT: usize = 100;

/// One value for each of the first hundred names, and one for all the others.
///
/// A metric has as many time series as its attributes have values: this bounds them whatever the
/// names are.
pub(super) struct Capped<V> {
    named: RwLock<HashMap<Arc<str>, Arc<V>>>,
    others: OnceLock<Arc<V>>,
}

impl<V> Capped<V> {
    pub(super) fn new() -> Self {
        Self {
            named: RwLock::new(HashMap::new()),
            others: OnceLock::new(),
        }
    }

    /// The value for `name`, made by `make` from the name that it stands for.
    pub(super) fn get(&self, name: &str, make: impl FnOnce(Arc<str>) -> V) -> Arc<V> {
        let found = {
            let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
            named.get(name).cloned()
        };
        found.unwrap_or_else(|| self.insert(name, make))
    }

    fn insert(&self, name: &str, make: impl FnOnce(Arc<str>) -> V) -> Arc<V> {
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = named.get(name) {
            return value.clone();
        }
        if named.len() >= LIMIT {
            let others = || Arc::new(make(names::OTHER.into()));
            return self.others.get_or_init(others).clone();
        }
        let name: Arc<str> = name.into();
        let value = Arc::new(make(name.clone()));
        named.insert(name, value.clone());
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_names_are_told_apart() {
        let capped = Capped::new();
        for number in 0..LIMIT {
            let name = number.to_string();
            assert_eq!(*capped.get(&name, |name| name.to_string()), name);
        }
        assert_eq!(*capped.get("one more", |name| name.to_string()), "_other");
        assert_eq!(*capped.get("another", |name| name.to_string()), "_other");
        assert_eq!(
            *capped.get("7", |name| name.to_string()),
            "7",
            "known ones stay"
        );
    }
}

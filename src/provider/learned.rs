//! What the program has learned about an account: ids of zones and records, by keys of the provider's
//! file in [`api`](super::api).

use std::sync::Arc;

use crate::model::sorted::Map;

/// Learned values by key, such as the id of a zone. They are kept across restarts. A value that does
/// not work any more is forgotten.
///
/// Copies share their memory until one of them changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LearnedValues(Arc<Map<String, String>>);

/// What one job has learned: a key with a new value, or with `None` to forget the value.
pub type LearnedChanges = Vec<(String, Option<String>)>;

impl LearnedValues {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&String> {
        self.0.get(key)
    }

    /// All keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// All keys with their values, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter()
    }

    /// Sets the value of `key`. Returns the previous value.
    pub fn insert(&mut self, key: String, value: String) -> Option<String> {
        Arc::make_mut(&mut self.0).insert(key, value)
    }

    /// Removes the value of `key` and returns it.
    pub fn remove(&mut self, key: &str) -> Option<String> {
        Arc::make_mut(&mut self.0).remove(key)
    }
}

impl FromIterator<(String, String)> for LearnedValues {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(entries: I) -> Self {
        Self(Arc::new(entries.into_iter().collect()))
    }
}

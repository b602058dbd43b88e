//! Files that sections depend on, such as those in which keepalived or mwan3 write their state.

use std::path::{Path, PathBuf};

use crate::model::sorted::Map;

/// The watched files, and the text of each as it was read last.
#[derive(Clone, Debug, Default)]
pub struct Files {
    texts: Map<PathBuf, Read>,
}

/// What was read of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Read {
    NotYet,
    Nothing,
    Text(String),
}

/// What is known of a watched file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState<'a> {
    /// The file has not been read yet.
    Unknown,
    /// There is no file, or it cannot be read.
    Missing,
    /// Its text.
    Text(&'a str),
}

impl Files {
    /// Takes the files that the sections of a new configuration depend on. Returns whether they are others than
    /// before.
    #[must_use]
    pub fn want(&mut self, wanted: Vec<PathBuf>) -> bool {
        let before = self.texts.len();
        self.texts.retain(|path, _| wanted.contains(path));
        let kept = self.texts.len();
        for path in wanted {
            self.texts.get_or_insert(path, Read::NotYet);
        }
        kept < before || kept < self.texts.len()
    }

    /// The files to watch.
    pub fn wanted(&self) -> Vec<PathBuf> {
        let mut wanted = Vec::new();
        for path in self.texts.keys() {
            wanted.push(path.clone());
        }
        wanted
    }

    /// Takes in what was read of a file; `None` if it is missing. Returns whether that is news.
    #[must_use]
    pub fn read(&mut self, path: &Path, text: Option<String>) -> bool {
        let Some(known) = self.texts.get_mut(path) else { return false };
        let read = text.map_or(Read::Nothing, Read::Text);
        let is_news = *known != read;
        *known = read;
        is_news
    }

    /// What is known of the file.
    pub fn state(&self, path: &Path) -> FileState<'_> {
        match self.texts.get(path) {
            None | Some(Read::NotYet) => FileState::Unknown,
            Some(Read::Nothing) => FileState::Missing,
            Some(Read::Text(text)) => FileState::Text(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_unknown_until_it_is_read_and_only_news_counts() {
        let path = PathBuf::from("/run/a");
        let mut files = Files::default();
        assert!(files.want(vec![path.clone()]));
        assert!(!files.want(vec![path.clone()]));
        assert_eq!(files.state(&path), FileState::Unknown);
        assert!(files.read(&path, None));
        assert_eq!(files.state(&path), FileState::Missing);
        assert!(files.read(&path, Some("MASTER\n".into())));
        assert!(!files.read(&path, Some("MASTER\n".into())));
        assert_eq!(files.state(&path), FileState::Text("MASTER\n"));
    }

    #[test]
    fn a_file_that_nobody_wants_is_not_kept() {
        let path = PathBuf::from("/run/a");
        let mut files = Files::default();
        assert!(!files.read(&path, Some(String::new())));
        assert!(files.want(vec![path.clone()]));
        assert!(files.read(&path, Some(String::new())));
        assert!(files.want(Vec::new()));
        assert_eq!(files.state(&path), FileState::Unknown);
    }
}

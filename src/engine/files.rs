//! Files that sections depend on, such as those in which keepalived or mwan3 write their state.

use std::path::{Path, PathBuf};

use crate::model::sorted::{Map, Set};

/// The text of each watched file, as it was read last.
#[derive(Clone, Debug, Default)]
pub struct Files {
    wanted: Set<PathBuf>,
    texts: Map<PathBuf, Option<String>>,
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
    pub fn want(&mut self, wanted: Set<PathBuf>) -> bool {
        self.texts.retain(|path, _| wanted.contains(path));
        let are_others = wanted != self.wanted;
        self.wanted = wanted;
        are_others
    }

    /// The files to watch.
    pub fn wanted(&self) -> Vec<PathBuf> {
        self.wanted.iter().cloned().collect()
    }

    /// Takes in what was read of a file; `None` if it is missing. Returns whether that is news.
    #[must_use]
    pub fn read(&mut self, path: PathBuf, text: Option<String>) -> bool {
        let is_news = self.wanted.contains(&path) && self.texts.get(&path) != Some(&text);
        if is_news {
            self.texts.insert(path, text);
        }
        is_news
    }

    /// What is known of the file.
    pub fn state(&self, path: &Path) -> FileState<'_> {
        match self.texts.get(path) {
            None => FileState::Unknown,
            Some(None) => FileState::Missing,
            Some(Some(text)) => FileState::Text(text),
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
        assert!(files.want([path.clone()].into_iter().collect()));
        assert!(!files.want([path.clone()].into_iter().collect()));
        assert_eq!(files.state(&path), FileState::Unknown);
        assert!(files.read(path.clone(), None));
        assert_eq!(files.state(&path), FileState::Missing);
        assert!(files.read(path.clone(), Some("MASTER\n".into())));
        assert!(!files.read(path.clone(), Some("MASTER\n".into())));
        assert_eq!(files.state(&path), FileState::Text("MASTER\n"));
    }

    #[test]
    fn a_file_that_nobody_wants_is_not_kept() {
        let path = PathBuf::from("/run/a");
        let mut files = Files::default();
        assert!(!files.read(path.clone(), Some(String::new())));
        assert!(files.want([path.clone()].into_iter().collect()));
        assert!(files.read(path.clone(), Some(String::new())));
        assert!(files.want(Set::new()));
        assert_eq!(files.state(&path), FileState::Unknown);
    }
}

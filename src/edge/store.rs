//! The state file on flash. It is read at the start, and a thread replaces it when the state changes.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::edge::clock;
use crate::edge::files::owner::{check_directory, make_directory};
use crate::edge::files::{self, Medium};
use crate::edge::thread::{self, SMALL_STACK};
use crate::model::{Level, Notice};
use crate::state::{Changes, State};
use crate::time::Duration;
use crate::time::Share;

/// Most bytes of a state file that are read.
const LIMIT: u64 = 4 * 1024 * 1024;
const FILE: &str = "state";
/// The consequence of every error of writing.
const CONSEQUENCE: &str = "what was published will not survive a reboot";

/// The directory with the state file.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// A store in this directory. The directory is made when the file is first written.
    pub fn open(statedir: impl Into<PathBuf>) -> Self {
        Self { dir: statedir.into() }
    }

    /// The path of the state file.
    pub fn path(&self) -> PathBuf {
        self.dir.join(FILE)
    }

    /// The saved state, and a sentence for each problem. A missing file is not a problem, since there is
    /// none at the first start.
    pub fn load(&self) -> (State, Vec<String>) {
        match check_directory(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Default::default(),
            Err(error) => {
                return unknown(&format!("ddns_statedir {}: {error}", self.dir.display()));
            }
            Ok(()) => {}
        }
        let path = self.path();
        match files::read(&path, LIMIT) {
            Ok(bytes) => {
                let (state, mut problems) = State::from_text(&String::from_utf8_lossy(&bytes));
                for problem in &mut problems {
                    *problem = format!("{}: {problem}", path.display());
                }
                (state, problems)
            }
            Err(error) if error.is_missing() => Default::default(),
            Err(error) => unknown(&error.to_string()),
        }
    }

    /// Replaces the file. Returns false, without writing, if it has the same content already. When this
    /// returns, the new content is on flash. A power cut leaves the old file or the new one.
    ///
    /// # Errors
    /// If the file cannot be written. [`Store::explain`] makes a sentence of the error.
    pub fn save(&self, state: &State) -> io::Result<bool> {
        let text = state.to_text();
        let path = self.path();
        make_directory(&self.dir, 0o700)?;
        // Each write wears the flash.
        if files::read(&path, LIMIT).is_ok_and(|bytes| bytes == text.as_bytes()) {
            return Ok(false);
        }
        files::replace(&path, text.as_bytes(), 0o600, Medium::Flash).map(|()| true)
    }

    /// An error of [`Store::save`] as a sentence with the consequence.
    pub fn explain(&self, error: &io::Error) -> String {
        let dir = self.dir.display();
        let kind = error.kind();
        let failure = if kind == io::ErrorKind::ReadOnlyFilesystem {
            format!("{dir} is read-only")
        } else if kind == io::ErrorKind::StorageFull || kind == io::ErrorKind::QuotaExceeded {
            format!("no space left in {dir}")
        } else if kind == io::ErrorKind::PermissionDenied {
            format!("no permission to write in {dir}")
        } else {
            format!("cannot write in {dir} ({error})")
        };
        format!("{failure}: {CONSEQUENCE}")
    }
}

/// An empty state, with a sentence about the reason.
fn unknown(reason: &str) -> (State, Vec<String>) {
    (State::default(), vec![format!("{reason}; what was published before is not known")])
}

/// Saves the state on a thread, because writing to flash can take seconds and the event loop must not
/// wait.
///
/// The thread keeps the state in memory and receives changes. It writes the whole file each time, which
/// takes longer the more records there are, but spends at most a tenth of the time on that (see [`Share`]).
/// It ends when there is nothing to write, so that an idle daemon has no such thread.
pub struct StoreThread {
    shared: Arc<StoreShared>,
}

/// The state that the event loop shares with the thread.
struct StoreShared {
    store: Store,
    /// The content that the file has or will have. Only the thread locks it.
    state: Mutex<State>,
    queue: Mutex<UpdateQueue>,
    /// Signalled when everything is written.
    idle: Condvar,
    /// Signalled when the thread must write at once.
    hurried: Condvar,
    tell: Box<dyn Fn(Notice) + Send + Sync>,
}

#[derive(Default)]
struct UpdateQueue {
    waiting: Vec<Changes>,
    writer: StoreWriter,
    /// When the file may be written next.
    share: Share,
    /// The error of the last attempt to write, if it failed.
    trouble: Option<String>,
}

/// What the thread does.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum StoreWriter {
    /// There is no thread, because nothing waits.
    #[default]
    Ended,
    /// It writes what waits, at most a tenth of the time.
    Paced,
    /// It writes at once, because the event loop waits until everything is written.
    Hurried,
}

impl StoreThread {
    /// Saves into `store`, which has `state` now. `tell` gets a warning for each new reason why saving
    /// fails, and a notice when saving works again. It is called on the thread.
    pub fn new(store: Store, state: State, tell: impl Fn(Notice) + Send + Sync + 'static) -> Self {
        Self {
            shared: Arc::new(StoreShared {
                store,
                state: Mutex::new(state),
                queue: Mutex::default(),
                idle: Condvar::new(),
                hurried: Condvar::new(),
                tell: Box::new(tell),
            }),
        }
    }

    /// Saves `changes`.
    pub fn change(&self, changes: Changes) {
        let mut queue = self.shared.queue();
        queue.waiting.push(changes);
        if queue.writer != StoreWriter::Ended {
            return;
        }
        queue.writer = StoreWriter::Paced;
        drop(queue);
        self.start_thread();
    }

    /// Starts the thread that writes. It ends when nothing is left to write.
    fn start_thread(&self) {
        let shared = Arc::clone(&self.shared);
        if !thread::start("store", SMALL_STACK, Box::new(move || shared.work())) {
            // There is no memory for a thread, so the event loop writes itself.
            self.shared.queue().writer = StoreWriter::Hurried;
            self.shared.work();
        }
    }

    /// Waits until every change was written or its writing has failed. If the last attempt to write has failed,
    /// there is another one, because no change may come that would bring it. False if `limit` has passed before.
    pub fn flush(&self, limit: Duration) -> bool {
        if self.shared.queue().trouble.is_some() {
            self.change(Changes::default());
        }
        let mut queue = self.shared.queue();
        if queue.writer != StoreWriter::Ended {
            queue.writer = StoreWriter::Hurried;
        }
        self.shared.hurried.notify_all();
        let (queue, _) = self
            .shared
            .idle
            .wait_timeout_while(queue, limit.into(), |queue| queue.writer != StoreWriter::Ended)
            .unwrap_or_else(PoisonError::into_inner);
        queue.writer == StoreWriter::Ended
    }
}

impl StoreShared {
    fn queue(&self) -> MutexGuard<'_, UpdateQueue> {
        lock(&self.queue)
    }

    fn work(&self) {
        while let Some(waiting) = self.next() {
            let begin = clock::uptime();
            // The queue is not locked while flash is written, so that the event loop can add to it.
            let mut state = lock(&self.state);
            for changes in waiting {
                state.apply(changes);
            }
            let result = self.store.save(&state);
            drop(state);
            let trouble = result.err().map(|error| self.store.explain(&error));
            let mut queue = self.queue();
            let end = clock::uptime();
            queue.share.spent(end.saturating_sub(begin), end);
            let before = std::mem::replace(&mut queue.trouble, trouble.clone());
            drop(queue);
            self.report(before, trouble);
        }
    }

    /// Waits until the file may be written, and returns the waiting changes. `None` if there are none:
    /// then the thread ends.
    fn next(&self) -> Option<Vec<Changes>> {
        let mut queue = self.queue();
        if !queue.waiting.is_empty() {
            let pause = queue.share.next().saturating_sub(clock::uptime());
            let hurried = &self.hurried;
            let waited = hurried.wait_timeout_while(queue, pause.into(), |queue| {
                queue.writer != StoreWriter::Hurried
            });
            (queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
            return Some(std::mem::take(&mut queue.waiting));
        }
        queue.writer = StoreWriter::Ended;
        self.idle.notify_all();
        None
    }

    /// Reports a new error, or the end of one.
    fn report(&self, before: Option<String>, now: Option<String>) {
        let (level, text) = match (before, now) {
            (before, Some(now)) if before.as_ref() != Some(&now) => (Level::Warning, now),
            (Some(_), None) => {
                let path = self.store.path();
                (Level::Notice, format!("{} is written again", path.display()))
            }
            (_, Some(_)) | (None, None) => return,
        };
        (self.tell)(Notice::general(level, text));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    const TEMPORARY: &str = "state.new";
    use crate::model::{Family, Hostname};
    use crate::scratch::Scratch;
    use crate::state::{Saved, SavedSight};
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::mpsc;

    fn state(section: &str) -> State {
        State {
            records: vec![Saved {
                section: section.into(),
                name: Hostname::parse("a.example").unwrap(),
                family: Family::V4,
                fingerprint: 1,
                held: None,
                at: None,
                unconfirmed: false,
                tried: Vec::new(),
                sight: SavedSight::default(),
                refused: None,
                hold_until: None,
            }],
            ..State::default()
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_saved_state_is_loaded_and_not_written_again() {
        let scratch = Scratch::new("store-round");
        let store = Store::open(scratch.path().join("deep/state-dir"));
        assert_eq!(store.load(), (State::default(), vec![]));
        assert!(store.save(&state("home")).unwrap());
        assert!(!store.save(&state("home")).unwrap());
        assert_eq!(store.load(), (state("home"), vec![]));
        assert_eq!(mode(&store.dir), 0o700);
        assert_eq!(mode(&store.path()), 0o600);
        assert!(!store.dir.join(TEMPORARY).exists());
    }

    #[test]
    fn a_write_cut_off_before_the_rename_leaves_the_old_state() {
        let scratch = Scratch::new("store-cut");
        let store = Store::open(scratch.path());
        store.save(&state("old")).unwrap();
        // After a power cut, half a file is left under the temporary name, here readable for all.
        fs::write(scratch.path().join(TEMPORARY), "ddns-netlink sta").unwrap();
        assert_eq!(store.load(), (state("old"), vec![]));
        assert!(store.save(&state("new")).unwrap());
        assert_eq!(store.load(), (state("new"), vec![]));
        assert_eq!(mode(&store.path()), 0o600);
    }

    #[test]
    fn a_link_in_place_of_the_temporary_file_is_not_followed() {
        let scratch = Scratch::new("store-link");
        let victim = scratch.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, scratch.path().join(TEMPORARY)).unwrap();
        let store = Store::open(scratch.path());
        store.save(&state("home")).unwrap();
        assert_eq!(fs::read_to_string(victim).unwrap(), "precious");
    }

    #[test]
    fn a_damaged_line_is_reported_with_the_file() {
        let scratch = Scratch::new("store-damage");
        let store = Store::open(scratch.path());
        fs::write(store.path(), b"ddns-netlink state 1\n\xff\xfe\n").unwrap();
        let (loaded, problems) = store.load();
        assert_eq!(loaded, State::default());
        let path = store.path();
        assert_eq!(problems, [format!("{}: line 2 dropped: it is cut off", path.display())]);
    }

    #[test]
    fn every_error_is_explained_with_its_consequence() {
        let store = Store::open("/etc/ddns-netlink");
        for (code, text) in [
            (nix::libc::EROFS, "/etc/ddns-netlink is read-only: "),
            (nix::libc::ENOSPC, "no space left in /etc/ddns-netlink: "),
            (nix::libc::EACCES, "no permission to write in /etc/ddns-netlink: "),
            (nix::libc::EIO, "cannot write in /etc/ddns-netlink ("),
        ] {
            let sentence = store.explain(&io::Error::from_raw_os_error(code));
            assert!(sentence.starts_with(text) && sentence.ends_with(CONSEQUENCE), "{sentence}");
        }
    }

    #[test]
    fn an_error_is_reported_once_and_so_is_its_end() {
        let scratch = Scratch::new("store-trouble");
        // A file in place of the directory is an error also for root.
        let dir = scratch.path().join("dir");
        fs::write(&dir, "").unwrap();
        let (sender, notices) = mpsc::channel();
        let thread = StoreThread::new(Store::open(&dir), State::default(), move |notice| {
            sender.send(notice).unwrap();
        });
        let limit = Duration::from_secs(10);
        for name in ["a", "b"] {
            thread.change(change(name));
            assert!(thread.flush(limit));
        }
        fs::remove_file(&dir).unwrap();
        thread.change(change("c"));
        assert!(thread.flush(limit));
        let levels: Vec<_> = notices.try_iter().map(|notice| notice.level).collect();
        assert_eq!(levels, [Level::Warning, Level::Notice]);
        let (saved, _) = Store::open(&dir).load();
        let sections: Vec<_> = saved.records.iter().map(|record| &record.section).collect();
        assert_eq!(sections, ["a", "b", "c"]);
    }

    #[test]
    fn flush_writes_what_could_not_be_written_before() {
        let scratch = Scratch::new("store-again");
        let dir = scratch.path().join("dir");
        fs::write(&dir, "").unwrap();
        let thread = StoreThread::new(Store::open(&dir), State::default(), |_| ());
        thread.change(change("a"));
        assert!(thread.flush(Duration::from_secs(10)));
        fs::remove_file(&dir).unwrap();
        assert!(thread.flush(Duration::from_secs(10)));
        assert_eq!(Store::open(&dir).load().0, state("a"));
    }

    #[test]
    fn changes_are_applied_to_the_saved_state() {
        let scratch = Scratch::new("store-changes");
        let store = Store::open(scratch.path());
        let thread =
            StoreThread::new(store.clone(), state("a"), |notice| panic!("{}", notice.text));
        for i in 0..200 {
            thread.change(change(&format!("s{i}")));
        }
        assert!(thread.flush(Duration::from_secs(10)));
        thread.change(change("z"));
        assert!(thread.flush(Duration::from_secs(10)));
        let (kept, _) = store.load();
        assert_eq!(kept.records.len(), 202);
        assert_eq!(
            (&kept.records[0], &kept.records[201]),
            (&state("a").records[0], &state("z").records[0])
        );
    }

    /// The change that adds the record of `section`.
    fn change(section: &str) -> Changes {
        Changes { records: state(section).records, ..Changes::default() }
    }

    #[test]
    fn flush_ends_the_pause_after_a_long_write() {
        let scratch = Scratch::new("store-pause");
        let store = Store::open(scratch.path());
        let thread = StoreThread::new(store.clone(), State::default(), |_| ());
        let later = clock::uptime().saturating_add(Duration::from_secs(3600));
        thread.shared.queue().share.spent(Duration::ZERO, later);
        thread.change(change("a"));
        assert_eq!(store.load().0, State::default(), "it waits");
        assert!(thread.flush(Duration::from_secs(10)));
        assert_eq!(store.load().0, state("a"));
    }

    #[test]
    fn flush_returns_false_after_the_limit() {
        let scratch = Scratch::new("store-flush");
        let (release, wait) = mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        fs::write(scratch.path().join("dir"), "").unwrap();
        let thread = StoreThread::new(
            Store::open(scratch.path().join("dir")),
            State::default(),
            move |_| {
                let _ = wait.lock().unwrap().recv();
            },
        );
        thread.change(change("a"));
        assert!(!thread.flush(Duration::from_millis(20)));
        release.send(()).unwrap();
        assert!(thread.flush(Duration::from_secs(10)));
    }
}

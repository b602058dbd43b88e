//! The state file on flash: read once at start, replaced as a whole, never in the event loop.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::edge::clock;
use crate::edge::files::owner::{check_directory, make_directory};
use crate::edge::files::{self, Medium};
use crate::model::{Level, Notice};
use crate::state::{Changes, State};
use crate::time::Share;

/// Most bytes of a state file that are read.
const LIMIT: u64 = 4 * 1024 * 1024;
const FILE: &str = "state";
const LOST: &str = "what was published will not survive a reboot";

/// The directory that holds the state file.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// Names the directory; nothing is read or created yet.
    pub fn open(statedir: impl Into<PathBuf>) -> Self {
        Self { dir: statedir.into() }
    }

    /// Where the state is kept.
    pub fn path(&self) -> PathBuf {
        self.dir.join(FILE)
    }

    /// What was kept, and a sentence for each thing that could not be read. No file is no
    /// complaint: it is so at the first start.
    pub fn load(&self) -> (State, Vec<String>) {
        let unknown = |why: String| {
            (State::default(), vec![format!("{why}; what was published before is not known")])
        };
        match check_directory(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Default::default(),
            Err(error) => return unknown(format!("ddns_statedir {}: {error}", self.dir.display())),
            Ok(()) => {}
        }
        let path = self.path();
        match files::read(&path, LIMIT) {
            Ok(bytes) => {
                let (state, dropped) = State::from_text(&String::from_utf8_lossy(&bytes));
                let told = |what| format!("{}: {what}", path.display());
                (state, dropped.into_iter().map(told).collect())
            }
            Err(error) if error.is_missing() => Default::default(),
            Err(error) => unknown(error.to_string()),
        }
    }

    /// Replaces the file unless it already says the same; `false` if it did. The new text is on
    /// flash when this returns, and a reader sees either the old file or the new one.
    ///
    /// # Errors
    /// As the file system says; [`Store::explain`] puts it into words.
    pub fn save(&self, state: &State) -> io::Result<bool> {
        let text = state.to_text();
        let path = self.path();
        make_directory(&self.dir, 0o700)?;
        if files::read(&path, LIMIT).is_ok_and(|bytes| bytes == text.as_bytes()) {
            return Ok(false);
        }
        files::replace(&path, text.as_bytes(), 0o600, Medium::Flash).map(|()| true)
    }

    /// `error` of [`Store::save`] as a sentence that says what is lost.
    pub fn explain(&self, error: &io::Error) -> String {
        let dir = self.dir.display();
        let kind = error.kind();
        if kind == io::ErrorKind::ReadOnlyFilesystem {
            format!("{dir} is read-only: {LOST}")
        } else if kind == io::ErrorKind::StorageFull || kind == io::ErrorKind::QuotaExceeded {
            format!("no space left in {dir}: {LOST}")
        } else if kind == io::ErrorKind::PermissionDenied {
            format!("no permission to write in {dir}: {LOST}")
        } else {
            format!("cannot write in {dir} ({error}): {LOST}")
        }
    }
}

/// Saves in the background, because flash can take seconds and the event loop must not wait.
///
/// The thread has the state in memory and is told what changes. It writes the whole file, which takes
/// longer the more records there are, but spends a tenth of the time on that at most (see [`Share`]).
/// It ends when nothing waits, so an idle daemon has none.
pub struct StoreThread {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    /// What the file holds, or should. Only the thread uses it.
    state: Mutex<State>,
    slot: Mutex<Slot>,
    /// Nothing waits any more.
    idle: Condvar,
    /// Somebody waits for the thread.
    hurried: Condvar,
    tell: Box<dyn Fn(Notice) + Send + Sync>,
}

#[derive(Default)]
struct Slot {
    waiting: Vec<Update>,
    running: bool,
    /// Whether somebody waits until everything is written.
    urgent: bool,
    /// When the file may be written next.
    share: Share,
    /// The complaint that was told last and still holds.
    trouble: Option<String>,
}

/// What becomes of the state.
enum Update {
    Replace(State),
    Change(Changes),
}

impl StoreThread {
    /// Saves into `store`, which holds `state`. `tell` gets a warning when saving starts to fail, once
    /// per reason, and a notice when it works again; it is called from the background.
    pub fn new(store: Store, state: State, tell: impl Fn(Notice) + Send + Sync + 'static) -> Self {
        Self {
            shared: Arc::new(Shared {
                store,
                state: Mutex::new(state),
                slot: Mutex::default(),
                idle: Condvar::new(),
                hurried: Condvar::new(),
                tell: Box::new(tell),
            }),
        }
    }

    /// Has `state` saved soon in the place of all that was kept.
    pub fn put(&self, state: State) {
        self.update(Update::Replace(state));
    }

    /// Has `changes` saved soon.
    pub fn change(&self, changes: Changes) {
        self.update(Update::Change(changes));
    }

    fn update(&self, update: Update) {
        let mut slot = self.shared.slot();
        if matches!(update, Update::Replace(_)) {
            slot.waiting.clear();
        }
        slot.waiting.push(update);
        if slot.running {
            return;
        }
        slot.running = true;
        drop(slot);
        let shared = Arc::clone(&self.shared);
        let thread = thread::Builder::new()
            .name("store".into())
            .stack_size(128 * 1024)
            .spawn(move || shared.work());
        if thread.is_err() {
            // No memory for a thread: late is better than never.
            self.shared.slot().urgent = true;
            self.shared.work();
        }
    }

    /// Waits at most `limit` until everything that was put is written or has failed; `false` if
    /// time ran out.
    pub fn flush(&self, limit: Duration) -> bool {
        let mut slot = self.shared.slot();
        slot.urgent = slot.running;
        self.shared.hurried.notify_all();
        let (slot, _) = self
            .shared
            .idle
            .wait_timeout_while(slot, limit, |slot| slot.running)
            .unwrap_or_else(PoisonError::into_inner);
        !slot.running
    }
}

impl Shared {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        lock(&self.slot)
    }

    fn work(&self) {
        while let Some(updates) = self.next() {
            let begin = clock::uptime();
            let mut state = lock(&self.state);
            for update in updates {
                match update {
                    Update::Replace(new) => *state = new,
                    Update::Change(changes) => state.apply(changes),
                }
            }
            let result = self.store.save(&state);
            drop(state);
            let trouble = result.err().map(|error| self.store.explain(&error));
            let mut slot = self.slot();
            let end = clock::uptime();
            slot.share.spent(end.saturating_sub(begin), end);
            let before = std::mem::replace(&mut slot.trouble, trouble.clone());
            drop(slot);
            self.report(before, trouble);
        }
    }

    /// What waits, when it is time to write it; `None` if nothing waits, and the thread ends.
    fn next(&self) -> Option<Vec<Update>> {
        let mut slot = self.slot();
        if !slot.waiting.is_empty() {
            let pause = slot.share.next().saturating_sub(clock::uptime());
            let hurried = &self.hurried;
            let waited = hurried.wait_timeout_while(slot, pause, |slot| !slot.urgent);
            (slot, _) = waited.unwrap_or_else(PoisonError::into_inner);
            return Some(std::mem::take(&mut slot.waiting));
        }
        slot.running = false;
        slot.urgent = false;
        self.idle.notify_all();
        None
    }

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
    use crate::state::Saved;
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::mpsc;

    fn state(section: &str) -> State {
        State {
            records: vec![Saved {
                section: section.into(),
                name: Hostname::parse("a.example").unwrap(),
                family: Family::V4,
                fingerprint: 1,
                published: None,
                at: None,
                unconfirmed: false,
                tried: None,
                removed: false,
                disputed: false,
                refused: None,
                hold_until: None,
            }],
            known: vec![],
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn what_is_saved_is_loaded_and_not_written_twice() {
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
        // What power loss leaves: half a file, here with a loose mode, under the temporary name.
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
    fn damage_is_told_with_the_file() {
        let scratch = Scratch::new("store-damage");
        let store = Store::open(scratch.path());
        fs::write(store.path(), b"ddns-netlink state 1\n\xff\xfe\n").unwrap();
        let (loaded, told) = store.load();
        assert_eq!(loaded, State::default());
        let path = store.path();
        assert_eq!(told, [format!("{}: line 2 dropped: it is cut off", path.display())]);
    }

    #[test]
    fn every_failure_says_what_is_lost() {
        let store = Store::open("/etc/ddns-netlink");
        for (code, text) in [
            (nix::libc::EROFS, "/etc/ddns-netlink is read-only: "),
            (nix::libc::ENOSPC, "no space left in /etc/ddns-netlink: "),
            (nix::libc::EACCES, "no permission to write in /etc/ddns-netlink: "),
            (nix::libc::EIO, "cannot write in /etc/ddns-netlink ("),
        ] {
            let words = store.explain(&io::Error::from_raw_os_error(code));
            assert!(words.starts_with(text) && words.ends_with(LOST), "{words}");
        }
    }

    #[test]
    fn trouble_is_told_once_and_its_end_too() {
        let scratch = Scratch::new("store-trouble");
        // A file where the directory should be: fails for root as well, unlike a mode.
        let dir = scratch.path().join("dir");
        fs::write(&dir, "").unwrap();
        let (sender, told) = mpsc::channel();
        let thread = StoreThread::new(Store::open(&dir), State::default(), move |notice| {
            sender.send(notice).unwrap();
        });
        let limit = Duration::from_secs(10);
        for name in ["a", "b"] {
            thread.put(state(name));
            assert!(thread.flush(limit));
        }
        fs::remove_file(&dir).unwrap();
        thread.put(state("c"));
        assert!(thread.flush(limit));
        let levels: Vec<_> = told.try_iter().map(|notice| notice.level).collect();
        assert_eq!(levels, [Level::Warning, Level::Notice]);
        assert_eq!(Store::open(&dir).load().0, state("c"));
    }

    #[test]
    fn the_latest_state_wins() {
        let scratch = Scratch::new("store-latest");
        let store = Store::open(scratch.path());
        let thread =
            StoreThread::new(store.clone(), State::default(), |notice| panic!("{}", notice.text));
        for i in 0..200 {
            thread.put(state(&format!("s{i}")));
        }
        assert!(thread.flush(Duration::from_secs(10)));
        assert_eq!(store.load().0, state("s199"));
    }

    #[test]
    fn changes_are_added_to_what_is_kept() {
        let scratch = Scratch::new("store-changes");
        let store = Store::open(scratch.path());
        let thread =
            StoreThread::new(store.clone(), state("a"), |notice| panic!("{}", notice.text));
        let change =
            |section: &str| Changes { records: state(section).records, ..Changes::default() };
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
        thread.put(state("b"));
        thread.change(change("c"));
        assert!(thread.flush(Duration::from_secs(10)));
        let sections: Vec<String> =
            store.load().0.records.into_iter().map(|it| it.section).collect();
        assert_eq!(sections, ["b", "c"]);
    }

    #[test]
    fn flush_ends_the_pause_after_a_long_write() {
        let scratch = Scratch::new("store-pause");
        let store = Store::open(scratch.path());
        let thread = StoreThread::new(store.clone(), State::default(), |_| ());
        let now = clock::uptime();
        let later = now.saturating_add(Duration::from_secs(3600));
        thread.shared.slot().share.spent(Duration::ZERO, later);
        thread.put(state("a"));
        assert_eq!(store.load().0, State::default(), "it waits");
        assert!(thread.flush(Duration::from_secs(10)));
        assert_eq!(store.load().0, state("a"));
    }

    #[test]
    fn flush_gives_up_in_time() {
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
        thread.put(state("a"));
        assert!(!thread.flush(Duration::from_millis(20)));
        release.send(()).unwrap();
        assert!(thread.flush(Duration::from_secs(10)));
    }
}

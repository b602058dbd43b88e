//! Standard error of the daemon. Whoever reads it may stop reading, and must not stop us.

use std::io::{self, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// How long a reader is waited for, in milliseconds. One that let us wait is not waited for again
/// until it has read.
const PATIENCE: u16 = 500;

/// Where lines go, each in a write of at most 4096 bytes: a pipe that can be written takes that much
/// at once.
pub(super) struct Patient<W> {
    out: W,
    lost: usize,
}

impl<W: Write + AsFd> Patient<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, lost: 0 }
    }

    /// Whether a write would not wait, now or within so many milliseconds.
    fn is_ready(&self, limit: u16) -> bool {
        let mut wanted = [PollFd::new(self.out.as_fd(), PollFlags::POLLOUT)];
        poll(&mut wanted, PollTimeout::from(limit)).is_ok_and(|ready| ready > 0)
    }
}

impl<W: Write + AsFd> Write for Patient<W> {
    /// Writes `line`, or counts it as lost if nobody reads.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.lost > 0 && self.is_ready(0) {
            let lost = std::mem::take(&mut self.lost);
            let note = format!("{lost} messages are missing here: nobody read them in time\n");
            self.out.write_all(note.as_bytes())?;
        }
        if self.lost > 0 || !self.is_ready(PATIENCE) {
            self.lost += 1;
            return Ok(line.len());
        }
        self.out.write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::net::UnixStream;
    use std::thread;

    use super::*;

    fn fill(out: &mut impl Write, lines: usize) {
        for i in 0..lines {
            out.write_all(format!("{}\n", format!("{i:>60}").repeat(10)).as_bytes()).unwrap();
        }
    }

    #[test]
    fn a_reader_that_stops_loses_lines_and_holds_nobody_up() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut out = Patient::new(writer);
        let start = crate::edge::clock::uptime();
        fill(&mut out, 1000);
        assert!((crate::edge::clock::uptime() - start).as_millis() < 3000);
        let lost = out.lost;
        assert!((800..1000).contains(&lost), "{lost}");
        let mut text = String::new();
        // Room for what comes next.
        reader.read_exact(&mut [0; 32 * 1024]).unwrap();
        out.write_all(b"after\n").unwrap();
        drop(out);
        reader.read_to_string(&mut text).unwrap();
        let note = format!("\n{lost} messages are missing here: nobody read them in time\nafter\n");
        assert!(text.ends_with(&note), "{:?}", text.get(text.len() - 200..));
    }

    #[test]
    fn a_reader_that_reads_gets_everything() {
        let (mut reader, writer) = UnixStream::pair().unwrap();
        let mut out = Patient::new(writer);
        let read = thread::spawn(move || {
            let mut text = String::new();
            reader.read_to_string(&mut text).unwrap();
            text.lines().count()
        });
        fill(&mut out, 2000);
        drop(out);
        assert_eq!(read.join().unwrap(), 2000);
    }

    #[test]
    fn a_reader_that_is_gone_is_an_error() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        assert!(Patient::new(writer).write_all(b"x\n").is_err());
    }
}

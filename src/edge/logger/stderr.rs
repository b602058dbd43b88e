//! Standard error of the daemon. If its reader stops reading, lines are lost and the daemon goes on.

use std::io::{self, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// How many milliseconds a write waits for the reader. After a wait in vain, further writes do not
/// wait until the reader has read again.
const PATIENCE: u16 = 500;

/// A pipe or terminal that lines are written to. Each line is one write of at most 4096 bytes:
/// a pipe that poll(2) reports as writable takes `PIPE_BUF` bytes without blocking.
pub(super) struct LossyStderr<W> {
    out: W,
    /// How many lines were dropped since the reader stopped reading.
    lost: usize,
}

impl<W: Write + AsFd> LossyStderr<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, lost: 0 }
    }

    /// Whether a write would succeed at once, now or within `limit` milliseconds.
    fn is_ready(&self, limit: u16) -> bool {
        let mut polled = [PollFd::new(self.out.as_fd(), PollFlags::POLLOUT)];
        poll(&mut polled, PollTimeout::from(limit)).is_ok_and(|ready| ready > 0)
    }

    fn note_lost_lines(&mut self) -> io::Result<()> {
        let lost = std::mem::take(&mut self.lost);
        let note = format!("{lost} messages are missing here: nobody read them in time\n");
        self.out.write_all(note.as_bytes())
    }
}

impl<W: Write + AsFd> Write for LossyStderr<W> {
    /// Writes `line`, or counts it as lost if nobody reads.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.lost > 0 && self.is_ready(0) {
            self.note_lost_lines()?;
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
    fn if_the_reader_stops_lines_are_lost_and_writes_do_not_block() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut out = LossyStderr::new(writer);
        let start = crate::edge::clock::uptime();
        fill(&mut out, 1000);
        assert!((crate::edge::clock::uptime() - start).as_millis() < 3000);
        let lost = out.lost;
        assert!((800..1000).contains(&lost), "{lost}");
        let mut text = String::new();
        // Makes room in the pipe for the next line.
        reader.read_exact(&mut [0; 32 * 1024]).unwrap();
        out.write_all(b"after\n").unwrap();
        drop(out);
        reader.read_to_string(&mut text).unwrap();
        let note = format!("\n{lost} messages are missing here: nobody read them in time\nafter\n");
        assert!(text.ends_with(&note), "{:?}", text.get(text.len() - 200..));
    }

    #[test]
    fn a_reader_that_reads_gets_every_line() {
        let (mut reader, writer) = UnixStream::pair().unwrap();
        let mut out = LossyStderr::new(writer);
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
    fn writing_without_a_reader_is_an_error() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        assert!(LossyStderr::new(writer).write_all(b"x\n").is_err());
    }
}

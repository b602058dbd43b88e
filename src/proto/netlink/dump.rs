//! Schedules dumps of the kernel's tables, and notices when a running dump has become unsound.
//!
//! ```text
//!            request             start                 DONE, sound
//!   Idle ─────────────▶ queue ───────────▶ Running ─────────────────▶ Idle, DumpEnd
//!                                  ▲          │ DONE, not sound; error; no progress
//!                                  │          ▼
//!                                  └─────── Waiting (at once, or after a pause)
//! ```
//!
//! The kernel runs one dump per socket at a time and answers `EBUSY` to a second request, so further
//! dumps are queued. A dump is sound if neither `NLM_F_DUMP_INTR` nor a loss of notifications came
//! between its begin and its end. An unsound dump is read to its end, because only then the socket
//! can begin another, and is then begun again. **The end of a dump that was begun before a loss is
//! never reported.**

use super::Table;
use super::decode::{Incoming, Payload};
use crate::model::sorted::take_first;
use crate::time::Duration;

/// After this many unsound dumps in a row, a pause comes before the next one. A dump is unsound if the kernel's
/// table changed meanwhile, which usually stops soon.
const QUICK_TRIES: u32 = 5;
/// The pause after unsound dumps, and the first pause after an error.
const PAUSE: Duration = Duration::from_millis(100);
/// Each further error doubles the pause, up to 2^6 times 100 ms: 6.4 s.
const MAX_DOUBLINGS: u32 = 6;
/// A dump without any message for this long is requested again: an overrun may have dropped its end.
const PATIENCE: Duration = Duration::from_secs(5);

/// A dump to request from the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DumpRequest {
    /// What to dump.
    pub(crate) table: Table,
    /// `nlmsg_seq` of the request and of its answers; never 0.
    pub(crate) sequence: u32,
}

impl DumpRequest {
    /// The wire form: `struct nlmsghdr`, then the header of the table with everything zero, as
    /// `NETLINK_GET_STRICT_CHK` demands. Zero is `AF_UNSPEC`: all families.
    pub(crate) fn encode(self) -> Vec<u8> {
        /// linux/netlink.h: `NLM_F_REQUEST | NLM_F_DUMP`.
        const FLAGS: u16 = 0x301;
        /// linux/netlink.h: `IFLA_EXT_MASK` with `RTEXT_FILTER_SKIP_STATS`.
        const SKIP_STATISTICS: ([u16; 2], u32) = ([8, 29], 1 << 3);
        // RTM_GETLINK with a struct ifinfomsg, RTM_GETADDR with a struct ifaddrmsg.
        let (message_type, body_len): (u16, usize) = match self.table {
            Table::Links => (18, 16),
            Table::Addresses => (22, 8),
        };
        let mut body = vec![0; body_len];
        // The statistics would be most of the answer.
        if self.table == Table::Links {
            let ([length, kind], mask) = SKIP_STATISTICS;
            body.extend_from_slice(&length.to_ne_bytes());
            body.extend_from_slice(&kind.to_ne_bytes());
            body.extend_from_slice(&mask.to_ne_bytes());
        }
        request(message_type, FLAGS, self.sequence, &body)
    }
}

/// A message to the kernel: a `struct nlmsghdr` with port 0, then `body`.
pub(crate) fn request(message_type: u16, flags: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(16 + body.len());
    bytes.extend_from_slice(&length.to_ne_bytes());
    bytes.extend_from_slice(&message_type.to_ne_bytes());
    bytes.extend_from_slice(&flags.to_ne_bytes());
    bytes.extend_from_slice(&sequence.to_ne_bytes());
    bytes.extend_from_slice(&0_u32.to_ne_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// The dumps of one socket. Times are since boot.
#[derive(Debug)]
pub(crate) struct Dumps {
    /// `nl_pid` of the socket.
    port: u32,
    queue: Vec<Table>,
    phase: Phase,
    sequence: u32,
    /// Dumps begun since the last one that ended soundly.
    tries: u32,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Idle,
    /// This table is dumped again at `until`.
    Waiting {
        table: Table,
        until: Duration,
    },
    Running {
        request: DumpRequest,
        sound: bool,
        /// When the last message of the dump came.
        progress: Duration,
    },
}

impl Dumps {
    /// No dumps yet, for the socket with this `nl_pid`.
    pub(crate) fn new(port: u32) -> Self {
        Self { port, queue: Vec::new(), phase: Phase::Idle, sequence: 0, tries: 0 }
    }

    /// Requests a dump that begins after this call. Further calls before it begins change nothing.
    pub(crate) fn request(&mut self, table: Table) {
        // A running sound dump does not count: it may have passed the row that has changed since.
        let comes_anyway = match self.phase {
            Phase::Waiting { table: waiting, .. } => waiting == table,
            Phase::Running { request, sound, .. } => request.table == table && !sound,
            Phase::Idle => false,
        };
        if !comes_anyway && !self.queue.contains(&table) {
            self.queue.push(table);
        }
    }

    /// The dump to request from the kernel now, if any. To be called only when the socket has nothing to read.
    // After an overrun the kernel drops notifications without a further `ENOBUFS` until the queue has been read empty
    // (`NETLINK_S_CONGESTED`). A dump begun before that would miss them.
    pub(crate) fn start(&mut self, now: Duration) -> Option<DumpRequest> {
        let table = match self.phase {
            Phase::Idle => take_first(&mut self.queue)?,
            Phase::Waiting { table, until } if until <= now => table,
            Phase::Waiting { .. } | Phase::Running { .. } => return None,
        };
        // 0 is the sequence of notifications that no process caused.
        self.sequence = self.sequence.checked_add(1).unwrap_or(1);
        self.tries = self.tries.saturating_add(1);
        let request = DumpRequest { table, sequence: self.sequence };
        self.phase = Phase::Running { request, sound: true, progress: now };
        Some(request)
    }

    /// To be called when the request could not be sent or the kernel refused it. The dump is
    /// requested again after a pause.
    pub(crate) fn failed(&mut self, now: Duration) {
        // `tries` counts the one that failed, which has the first pause.
        let doublings = self.tries.saturating_sub(1).min(MAX_DOUBLINGS);
        self.begin_again(now.saturating_add(PAUSE.saturating_mul(1 << doublings)));
    }

    /// To be called when notifications were lost: a running dump is unsound from now on.
    pub(crate) fn lost(&mut self) {
        if let Phase::Running { sound, .. } = &mut self.phase {
            *sound = false;
        }
    }

    /// Takes note of a received message. Returns the table whose dump it ends soundly, if any.
    pub(crate) fn observe(&mut self, incoming: &Incoming, now: Duration) -> Option<Table> {
        let Phase::Running { request, sound, progress } = &mut self.phase else {
            return None;
        };
        if incoming.sequence != request.sequence || incoming.port != self.port {
            return None;
        }
        *progress = now;
        *sound &= !incoming.interrupted();
        let (table, sound) = (request.table, *sound);
        match incoming.payload {
            Payload::Done(0) if sound => {
                self.phase = Phase::Idle;
                self.tries = 0;
                return Some(table);
            }
            Payload::Done(0) => self.unsound(now),
            // An acknowledgement.
            Payload::Error(0) => {}
            Payload::Done(_) | Payload::Error(_) => self.failed(now),
            Payload::Message(_)
            | Payload::Neighbour(..)
            | Payload::Overrun
            | Payload::Ignored
            | Payload::Malformed
            | Payload::Garbled => {}
        }
        None
    }

    /// Gives up a dump without progress. To be called when there is nothing to read.
    pub(crate) fn expire(&mut self, now: Duration) {
        // The kernel does not repeat the end of a dump that an overrun dropped.
        if let Phase::Running { progress, .. } = self.phase
            && progress.saturating_add(PATIENCE) <= now
        {
            self.failed(now);
        }
    }

    /// When to call [`Dumps::expire`] and [`Dumps::start`] if nothing is received before.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::Idle if self.queue.is_empty() => None,
            Phase::Idle => Some(Duration::ZERO),
            Phase::Waiting { until, .. } => Some(until),
            Phase::Running { progress, .. } => Some(progress.saturating_add(PATIENCE)),
        }
    }

    fn unsound(&mut self, now: Duration) {
        let pause = if self.tries < QUICK_TRIES { Duration::ZERO } else { PAUSE };
        self.begin_again(now.saturating_add(pause));
    }

    fn begin_again(&mut self, until: Duration) {
        if let Phase::Running { request, .. } = self.phase {
            let table = request.table;
            // If another dump of this table was requested meanwhile, the new attempt is that dump.
            self.queue.retain(|queued| *queued != table);
            self.phase = Phase::Waiting { table, until };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: u32 = 77;
    const NOW: Duration = Duration::from_secs(100);

    fn incoming(sequence: u32, payload: Payload) -> Incoming {
        Incoming { sequence, port: PORT, flags: 0, payload }
    }

    fn running(table: Table) -> (Dumps, u32) {
        let mut dumps = Dumps::new(PORT);
        dumps.request(table);
        let request = dumps.start(NOW).unwrap();
        assert_eq!(request.table, table);
        (dumps, request.sequence)
    }

    #[test]
    fn dumps_run_one_at_a_time_in_the_order_requested() {
        let mut dumps = Dumps::new(PORT);
        for table in Table::ALL.into_iter().chain(Table::ALL) {
            dumps.request(table);
        }
        for table in Table::ALL {
            let request = dumps.start(NOW).unwrap();
            assert_eq!(request.table, table);
            assert_eq!(dumps.start(NOW), None, "one runs already");
            let done = incoming(request.sequence, Payload::Done(0));
            assert_eq!(dumps.observe(&done, NOW), Some(table));
        }
        assert_eq!(dumps.start(NOW), None);
        assert_eq!(dumps.deadline(), None);
    }

    #[test]
    fn a_table_requested_while_its_sound_dump_runs_is_dumped_again() {
        let (mut dumps, sequence) = running(Table::Addresses);
        dumps.request(Table::Addresses);
        let done = incoming(sequence, Payload::Done(0));
        assert_eq!(dumps.observe(&done, NOW), Some(Table::Addresses));
        assert_eq!(dumps.start(NOW).unwrap().table, Table::Addresses);
    }

    #[test]
    fn an_interrupted_dump_begins_again_and_its_end_is_not_reported() {
        let (mut dumps, sequence) = running(Table::Addresses);
        let mut message = incoming(sequence, Payload::Ignored);
        message.flags = 0x10;
        assert_eq!(dumps.observe(&message, NOW), None);
        let done = incoming(sequence, Payload::Done(0));
        assert_eq!(dumps.observe(&done, NOW), None);
        let again = dumps.start(NOW).unwrap();
        assert_eq!(again.table, Table::Addresses);
        assert_ne!(again.sequence, sequence);
        let done = incoming(again.sequence, Payload::Done(0));
        assert_eq!(dumps.observe(&done, NOW), Some(Table::Addresses));
    }

    #[test]
    fn a_done_with_the_interrupted_flag_ends_unsoundly() {
        let (mut dumps, sequence) = running(Table::Links);
        let mut done = incoming(sequence, Payload::Done(0));
        done.flags = 0x12;
        assert_eq!(dumps.observe(&done, NOW), None);
        assert_eq!(dumps.start(NOW).unwrap().table, Table::Links);
    }

    #[test]
    fn the_end_of_a_dump_begun_before_a_loss_is_not_reported() {
        let (mut dumps, sequence) = running(Table::Addresses);
        dumps.lost();
        for table in Table::ALL {
            dumps.request(table);
        }
        let done = incoming(sequence, Payload::Done(0));
        assert_eq!(dumps.observe(&done, NOW), None);
        for table in [Table::Addresses, Table::Links] {
            let request = dumps.start(NOW).unwrap();
            assert_eq!(request.table, table, "each once");
            let done = incoming(request.sequence, Payload::Done(0));
            assert_eq!(dumps.observe(&done, NOW), Some(table));
        }
        assert_eq!(dumps.start(NOW), None);
    }

    #[test]
    fn a_table_that_keeps_changing_is_dumped_with_pauses() {
        let (mut dumps, mut sequence) = running(Table::Addresses);
        let mut at_once = 0;
        loop {
            let mut done = incoming(sequence, Payload::Done(0));
            done.flags = 0x10;
            assert_eq!(dumps.observe(&done, NOW), None);
            match dumps.start(NOW) {
                Some(request) => sequence = request.sequence,
                None => break,
            }
            at_once += 1;
        }
        assert_eq!(at_once, QUICK_TRIES - 1);
        assert_eq!(dumps.deadline(), Some(NOW + PAUSE));
        assert!(dumps.start(NOW + PAUSE).is_some());
    }

    #[test]
    fn errors_double_the_pause_up_to_a_bound() {
        let (mut dumps, mut sequence) = running(Table::Links);
        let mut now = NOW;
        let mut pauses = Vec::new();
        for _ in 0..9 {
            assert_eq!(dumps.observe(&incoming(sequence, Payload::Error(-16)), now), None);
            assert_eq!(dumps.start(now), None);
            let until = dumps.deadline().unwrap();
            pauses.push((until - now).as_millis());
            now = until;
            sequence = dumps.start(now).unwrap().sequence;
        }
        assert_eq!(
            pauses,
            [100, 200, 400, 800, 1600, 3200, 6400, 6400, 6400],
            "doubles, then stays"
        );
    }

    #[test]
    fn the_end_of_a_dump_cut_short_by_an_error_is_not_reported() {
        let (mut dumps, sequence) = running(Table::Links);
        let done = incoming(sequence, Payload::Done(-4));
        assert_eq!(dumps.observe(&done, NOW), None);
        assert_eq!(dumps.deadline(), Some(NOW + PAUSE));
    }

    #[test]
    fn a_dump_without_progress_is_requested_again() {
        let (mut dumps, sequence) = running(Table::Links);
        let later = NOW + PATIENCE / 2;
        dumps.observe(&incoming(sequence, Payload::Ignored), later);
        assert_eq!(dumps.deadline(), Some(later + PATIENCE), "progress counts");
        dumps.expire(NOW + PATIENCE);
        assert_eq!(dumps.deadline(), Some(later + PATIENCE));
        dumps.expire(later + PATIENCE);
        let until = dumps.deadline().unwrap();
        assert_eq!(until, later + PATIENCE + PAUSE);
        let again = dumps.start(until).unwrap();
        let stale = incoming(sequence, Payload::Done(0));
        assert_eq!(dumps.observe(&stale, until), None, "the old dump does not count");
        let done = incoming(again.sequence, Payload::Done(0));
        assert_eq!(dumps.observe(&done, until), Some(Table::Links));
    }

    #[test]
    fn a_message_with_our_sequence_but_another_port_is_not_ours() {
        let (mut dumps, sequence) = running(Table::Links);
        let mut foreign = incoming(sequence, Payload::Done(0));
        foreign.port = PORT + 1;
        assert_eq!(dumps.observe(&foreign, NOW), None);
        assert_eq!(dumps.start(NOW), None, "still running");
    }

    #[test]
    fn an_acknowledgement_does_not_end_a_dump() {
        let (mut dumps, sequence) = running(Table::Links);
        let ack = incoming(sequence, Payload::Error(0));
        assert_eq!(dumps.observe(&ack, NOW), None);
        assert_eq!(dumps.start(NOW), None);
    }

    #[test]
    fn sequence_numbers_skip_zero() {
        let (mut dumps, sequence) = running(Table::Links);
        assert_eq!(sequence, 1);
        dumps.failed(NOW);
        dumps.sequence = u32::MAX;
        assert_eq!(dumps.start(NOW + PATIENCE).unwrap().sequence, 1);
    }
}

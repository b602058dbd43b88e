//! The form of a message in each log, and which messages go to the system log. Pure.

use crate::config::Log;
use crate::model::{Level, Notice};
use crate::text::quoted::is_visible;
use crate::time::strftime::LocalTime;

/// Most bytes of one syslog message. OpenWrt's logd (ubox) cuts at 1024 bytes, its header included.
const SYSLOG_LIMIT: usize = 960;
/// Most bytes of a line on standard error. With its line feed it is one atomic write to a pipe:
/// `PIPE_BUF` is 4096 (man 7 pipe).
const TERMINAL_LIMIT: usize = 4095;

/// `text` on one line: white space becomes spaces, control characters are removed.
// Without that, the answer of a provider could forge log lines or control the reader's terminal.
pub fn clean(text: &str) -> String {
    let mut kept = String::new();
    for c in text.chars() {
        if c.is_whitespace() {
            kept.push(' ');
        } else if is_visible(c) {
            kept.push(c);
        }
    }
    kept.trim_end().to_owned()
}

/// Whether a message of `level` goes to syslog. `use_syslog` 1 lets pass information and everything
/// more severe, 4 only errors, 0 nothing. [`Level::Critical`] always passes: a section cannot run.
pub fn passes(level: Level, log: &Log) -> bool {
    level == Level::Critical || (log.syslog > 0 && u32::from(log.syslog) + level as u32 <= 7)
}

/// `home: text`, for the system log.
pub fn system(notice: &Notice) -> String {
    let mut line = match &notice.section {
        Some(section) => clean(&format!("{section}: {}", notice.text)),
        None => clean(&notice.text),
    };
    cut(&mut line, SYSLOG_LIMIT);
    line
}

/// Cuts `line` to at most `limit` bytes, between two characters.
fn cut(line: &mut String, limit: usize) {
    line.truncate(line.floor_char_boundary(limit));
}

/// `12:34:56 home: warning: text`, for standard error.
pub fn terminal(notice: &Notice, time: &LocalTime) -> String {
    let word = match notice.level {
        Level::Critical => "critical: ",
        Level::Error => "error: ",
        Level::Warning => "warning: ",
        Level::Notice | Level::Info | Level::Debug => "",
    };
    let (section, colon) = match &notice.section {
        Some(section) => (section.as_str(), ": "),
        None => ("", ""),
    };
    let line = format!(
        "{:02}:{:02}:{:02} {section}{colon}{word}{}",
        time.hour, time.minute, time.second, notice.text
    );
    let mut line = clean(&line);
    cut(&mut line, TERMINAL_LIMIT);
    line
}

/// ` 123456  WARN : text`, for the log file of a section, in the form that ddns-scripts writes and
/// LuCI displays.
pub fn file(notice: &Notice, time: &LocalTime) -> String {
    let label = match notice.level {
        Level::Critical => " CRIT",
        Level::Error => "ERROR",
        Level::Warning => " WARN",
        Level::Notice => " note",
        Level::Info => " info",
        Level::Debug => "     ",
    };
    let line =
        format!(" {:02}{:02}{:02} {label} : {}", time.hour, time.minute, time.second, notice.text);
    clean(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(section: Option<&str>, level: Level, text: &str) -> Notice {
        Notice { section: section.map(Into::into), ..Notice::general(level, text.into()) }
    }

    fn time() -> LocalTime {
        LocalTime {
            unix: 0,
            year: 2026,
            month: 7,
            day: 5,
            hour: 1,
            minute: 2,
            second: 3,
            weekday: 0,
            yearday: 185,
            offset: 0,
            zone: "UTC".into(),
        }
    }

    #[test]
    fn a_message_has_one_form_per_log() {
        let n = notice(Some("home"), Level::Warning, "no answer");
        assert_eq!(system(&n), "home: no answer");
        assert_eq!(terminal(&n, &time()), "01:02:03 home: warning: no answer");
        assert_eq!(file(&n, &time()), " 010203  WARN : no answer");
        let n = notice(None, Level::Notice, "started");
        assert_eq!(system(&n), "started");
        assert_eq!(terminal(&n, &time()), "01:02:03 started");
        assert_eq!(file(&n, &time()), " 010203  note : started");
        for (level, start) in [
            (Level::Critical, " 010203  CRIT : x"),
            (Level::Error, " 010203 ERROR : x"),
            (Level::Info, " 010203  info : x"),
            (Level::Debug, " 010203       : x"),
        ] {
            assert_eq!(file(&notice(None, level, "x"), &time()), start);
        }
    }

    #[test]
    fn control_characters_of_an_answer_are_removed() {
        let n = notice(None, Level::Error, "said\r\n<0>root: \u{1b}[2Jhi\0\u{9b}\t!\n");
        assert_eq!(system(&n), "said  <0>root: [2Jhi !");
        assert_eq!(file(&n, &time()).lines().count(), 1);
        assert_eq!(clean("a\u{202e}b\u{feff}c\u{85}d\u{a0}e"), "abc d e");
    }

    #[test]
    fn use_syslog_counts_as_in_ddns_scripts() {
        use Level::{Critical, Debug, Error, Info, Notice as Note, Warning};
        let all = [Critical, Error, Warning, Note, Info, Debug];
        for (syslog, passing) in [(0, 1), (1, 5), (2, 4), (3, 3), (4, 2), (255, 1)] {
            let log = Log { syslog, file: true };
            let count = all.iter().filter(|&&level| passes(level, &log)).count();
            assert_eq!(count, passing, "{syslog}");
        }
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let n = notice(Some("x"), Level::Info, &"ä".repeat(2000));
        assert!(system(&n).len() > SYSLOG_LIMIT - 2 && system(&n).len() <= SYSLOG_LIMIT);
        let n = notice(Some("x"), Level::Info, &"ä".repeat(5000));
        assert!((TERMINAL_LIMIT - 1..=TERMINAL_LIMIT).contains(&terminal(&n, &time()).len()));
    }
}

//! Makes an [`Answer`] of an HTTP reply: reads the body up to its limit, and the provider's waiting time.

use ureq::http::HeaderMap;

use super::call::HttpCall;
use super::exchange::HttpReply;
use super::failure;
use crate::edge::clock;
use crate::provider::{Answer, Failure, FailureKind};
use crate::time::calendar;
use crate::time::{Duration, UnixSeconds};

/// Longest waiting time, in seconds. A server that asks for more is wrong.
const LONGEST_WAIT: u64 = 24 * 60 * 60;
/// Headers with the end of a rate limit: `ratelimit-reset` of DigitalOcean and Hetzner,
/// `x-ratelimit-reset` of DNSimple and Linode.
const RESET: [&str; 2] = ["ratelimit-reset", "x-ratelimit-reset"];
/// A number in these headers from here on is a time since 1970; a smaller one is a delay.
const FIRST_TIME: u64 = 1_000_000_000;

/// Reads the body of `reply`. A body longer than `limit` is cut.
#[inline(never)] // so that its variables do not widen the frame of its caller
pub(super) fn read(
    reply: &mut HttpReply<'_>,
    limit: u64,
    call: &HttpCall,
) -> Result<Answer, Failure> {
    let status = reply.status;
    let retry_after = delay(status, &reply.headers, clock::now().wall);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut body = reply.read_body(limit).map_err(|error| failure::explain(&error, call))?;
    let cut = body.len() > limit;
    if cut {
        body.truncate(limit);
        body.truncate(complete_length(&body));
    }
    if let Some(encoding) = compression(&reply.headers, &body) {
        // The request did not allow that. An error status is an answer without its body, too.
        if (200..300).contains(&status) {
            let text = format!("the answer is compressed ({encoding}), which was not asked for");
            return Err(failure::after_connecting(call, FailureKind::Other, &text));
        }
        body.clear();
    }
    Ok(Answer { status, retry_after, body: text(body), cut, ..Answer::default() })
}

/// How many bytes of a body that was cut are complete. Its last line is not, or, in a body without lines,
/// the number or address at its end.
fn complete_length(body: &[u8]) -> usize {
    let last_line = body.iter().rposition(|&byte| byte == b'\n');
    match last_line.or_else(|| body.iter().rposition(|&byte| !is_address_byte(byte))) {
        Some(last) => last + 1,
        None => 0,
    }
}

fn is_address_byte(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':')
}

/// The compression of a body: by its header, or gzip by its first bytes (RFC 1952).
fn compression(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    let encoding = text_of(headers, "content-encoding").unwrap_or_default().trim();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        let mut shown = String::new();
        for c in encoding.chars().take(20) {
            shown.push(c);
        }
        return Some(shown);
    }
    if body.starts_with(&[0x1f, 0x8b]) { Some("gzip".into()) } else { None }
}

fn text_of<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// A body as text. If it is not UTF-8, it is read as Latin-1, which has a character for every byte.
fn text(body: Vec<u8>) -> String {
    String::from_utf8(body)
        .unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}

/// The waiting time that the provider asks for. `now` is the time of this router.
fn delay(status: u16, headers: &HeaderMap, now: UnixSeconds) -> Option<Duration> {
    let server_time = text_of(headers, "date").and_then(date);
    let retry_after = text_of(headers, "retry-after");
    if let Some(delay) = retry_after.and_then(|value| wait(value, server_time, now)) {
        return Some(delay);
    }
    // Every answer has these headers. They ask for a wait only when the limit is reached.
    if status != 429 {
        return None;
    }
    let reset = RESET.iter().find_map(|name| text_of(headers, name))?;
    until(reset, server_time.unwrap_or(now))
}

/// The delay of a number that is a time since 1970 or a delay, in seconds.
fn until(value: &str, now: UnixSeconds) -> Option<Duration> {
    let seconds: u64 = value.trim().parse().ok()?;
    let seconds = if seconds < FIRST_TIME { seconds } else { seconds.saturating_sub(now) };
    Some(Duration::from_secs(seconds.min(LONGEST_WAIT)))
}

/// The delay of a `Retry-After` (RFC 9110 section 10.2.3).
// A date is compared with the server's own `Date`, because the clock of this router may be wrong.
fn wait(value: &str, server_time: Option<UnixSeconds>, now: UnixSeconds) -> Option<Duration> {
    let value = value.trim();
    let seconds = match value.parse::<u64>() {
        Ok(seconds) => seconds,
        // The number does not fit into 64 bits.
        Err(_) if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => u64::MAX,
        Err(_) => date(value)?.saturating_sub(server_time.unwrap_or(now)),
    };
    Some(Duration::from_secs(seconds.min(LONGEST_WAIT)))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
fn date(text: &str) -> Option<UnixSeconds> {
    let (_, rest) = text.trim().split_once(", ")?;
    let parts: Vec<&str> = rest.split([' ', ':']).collect();
    let [day, month, year, hour, minute, second, "GMT"] = parts[..] else { return None };
    let number = |text: &str| text.parse::<u32>().ok();
    let (day, year) = (u8::try_from(number(day)?).ok()?, i32::try_from(number(year)?).ok()?);
    let (hour, minute, second) = (number(hour)?, number(minute)?, number(second)?);
    let is_valid = (1..=31).contains(&day)
        && (1970..=9999).contains(&year)
        && hour < 24
        && minute < 60
        // 60 is a leap second.
        && second <= 60;
    if !is_valid {
        return None;
    }
    let days = u64::try_from(calendar::day(year, calendar::month(month)?, day)).ok()?;
    Some(days * 86_400 + u64::from((hour * 60 + minute) * 60 + second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_body_ends_after_a_complete_line_or_before_an_address() {
        for (body, complete) in [
            ("good 192.0.2.7\ngood 203.0.113.1", "good 192.0.2.7\n"),
            ("good 203.0.113.1", "good "),
            ("{\"ip\":\"2001:db8::", "{\"ip\":\""),
            ("xxxx", "xxxx"),
            ("203.0.113.1", ""),
        ] {
            assert_eq!(&body[..complete_length(body.as_bytes())], complete);
        }
    }

    #[test]
    fn date_parses_the_format_of_rfc_9110_only() {
        assert_eq!(date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(date("Thu, 29 Feb 2024 23:59:59 GMT"), Some(1_709_251_199));
        for bad in [
            "",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1969 08:49:37 GMT",
            "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        ] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }

    #[test]
    fn retry_after_may_be_seconds_or_a_date_and_is_limited_to_a_day() {
        assert_eq!(wait("120", None, 0), seconds(120));
        assert_eq!(wait(" 0 ", None, 0), seconds(0));
        assert_eq!(wait("99999999999999999999999", None, 0), seconds(86_400));
        assert_eq!(wait("-5", None, 0), None);
        assert_eq!(wait("soon", None, 0), None);
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(wait(date, None, 784_111_770), seconds(7));
        assert_eq!(wait(date, None, 784_111_778), seconds(0));
        // The clock of the router is at 1970.
        assert_eq!(wait(date, Some(784_111_717), 0), seconds(60));
        assert_eq!(wait(date, None, 0), seconds(86_400));
    }

    fn seconds(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    #[test]
    fn the_end_of_a_rate_limit_is_a_delay_only_with_status_429() {
        for (status, headers, expected) in [
            (429, &[("ratelimit-reset", "1784111777")][..], seconds(86_400)),
            (429, &[("x-ratelimit-reset", "30")], seconds(30)),
            (429, &[("ratelimit-reset", "30"), ("retry-after", "5")], seconds(5)),
            (429, &[("ratelimit-reset", "soon")], None),
            (200, &[("ratelimit-reset", "30")], None),
            (503, &[("ratelimit-reset", "30")], None),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            assert_eq!(delay(status, &map, 784_111_770), expected, "{status} {headers:?}");
        }
        assert_eq!(until("1700000060", 1_700_000_000), seconds(60));
        assert_eq!(until("1700000000", 1_700_000_060), seconds(0));
    }
}

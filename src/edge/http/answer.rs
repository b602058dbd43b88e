//! From HTTP to our [`Answer`]: the body within its limit, the provider's waiting time as a delay.

use std::time::Duration;

use ureq::http::{HeaderMap, header};

use super::call::Call;
use super::exchange::Reply;
use super::failure;
use crate::edge::clock;
use crate::provider::{Answer, Failure, FailureKind};
use crate::time::UnixSeconds;
use crate::time::calendar;

/// A server that asks for more does not know what it says.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
/// When a limit counts anew, where there is no `Retry-After` (DigitalOcean, Hetzner; DNSimple, Linode).
const RESET: [&str; 2] = ["ratelimit-reset", "x-ratelimit-reset"];
/// A larger number is a time, a smaller one a delay.
const FIRST_TIME: u64 = 1_000_000_000;

/// Reads what is left of `reply`. A body beyond `limit` is cut.
pub(super) fn read(mut reply: Reply<'_>, limit: u64, call: &Call) -> Result<Answer, Failure> {
    let status = reply.status;
    let retry_after = delay(status, &reply.headers, clock::now().wall);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let body = reply.read_body(limit).map_err(|broken| failure::explain(&broken, call));
    let mut body = body?;
    let cut = body.len() > limit;
    if cut {
        body.truncate(limit);
        body.truncate(whole(&body));
    }
    if let Some(how) = compressed(&reply.headers, &body) {
        // Nobody asked for that. A status that is no success says enough by itself.
        if (200..300).contains(&status) {
            let text = format!("the answer is compressed ({how}), which was not asked for");
            return Err(failure::after_connecting(call, FailureKind::Other, &text));
        }
        body.clear();
    }
    Ok(Answer { status, retry_after, body: text(body), cut, ..Answer::default() })
}

/// How much of a body that was cut is whole: its last line is not, or else its last number or address.
fn whole(body: &[u8]) -> usize {
    let of_address = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
    let begun = body.iter().rposition(|byte| *byte == b'\n');
    begun.or_else(|| body.iter().rposition(|byte| !of_address(byte))).map_or(0, |at| at + 1)
}

/// How a body is compressed: what its header says, or gzip by its first bytes (RFC 1952).
fn compressed(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let encoding = headers.get(header::CONTENT_ENCODING);
    let encoding = encoding.and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
    let none = encoding.is_empty() || encoding.eq_ignore_ascii_case("identity");
    match (none, body) {
        (_, []) => None,
        (false, _) => Some(encoding.chars().take(20).collect()),
        (true, [0x1f, 0x8b, ..]) => Some("gzip".into()),
        (true, _) => None,
    }
}

/// A body as text: in UTF-8, or else in Latin-1, which has a character for every byte.
fn text(body: Vec<u8>) -> String {
    String::from_utf8(body)
        .unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}

/// How long the provider wants to be left alone.
fn delay(status: u16, headers: &HeaderMap, here: UnixSeconds) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let server = text(header::DATE.as_str()).and_then(date);
    let after = text(header::RETRY_AFTER.as_str()).and_then(|value| wait(value, server, here));
    // These come with every answer, and mean a wait only when the limit is reached.
    let reset = || RESET.iter().find_map(|name| text(name)).filter(|_| status == 429);
    after.or_else(|| reset().and_then(|value| until(value, server.unwrap_or(here))))
}

/// A time since 1970 or a delay, in seconds, as a delay.
fn until(value: &str, now: UnixSeconds) -> Option<Duration> {
    let seconds: u64 = value.trim().parse().ok()?;
    let seconds = if seconds < FIRST_TIME { seconds } else { seconds.saturating_sub(now) };
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// `Retry-After` as a delay (RFC 9110 section 10.2.3). A date counts from the server's own `Date`,
/// because a router's clock may be wrong.
fn wait(value: &str, server: Option<UnixSeconds>, here: UnixSeconds) -> Option<Duration> {
    let value = value.trim();
    let seconds = match value.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => u64::MAX,
        Err(_) => date(value)?.saturating_sub(server.unwrap_or(here)),
    };
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
fn date(text: &str) -> Option<UnixSeconds> {
    let (_, rest) = text.trim().split_once(", ")?;
    let mut parts = rest.split([' ', ':']);
    let day: u8 = parts.next()?.parse().ok()?;
    let month = calendar::month(parts.next()?)?;
    let year: i32 = parts.next()?.parse().ok()?;
    let hour: u64 = parts.next()?.parse().ok()?;
    let minute: u64 = parts.next()?.parse().ok()?;
    let second: u64 = parts.next()?.parse().ok()?;
    let sound = (1..=31).contains(&day)
        && (1970..=9999).contains(&year)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !sound || parts.next() != Some("GMT") || parts.next().is_some() {
        return None;
    }
    let days = u64::try_from(calendar::day(year, month, day)).ok()?;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_cut_body_is_whole() {
        for (body, left) in [
            ("good 192.0.2.7\ngood 203.0.113.1", "good 192.0.2.7\n"),
            ("good 203.0.113.1", "good "),
            ("{\"ip\":\"2001:db8::", "{\"ip\":\""),
            ("xxxx", "xxxx"),
            ("203.0.113.1", ""),
        ] {
            assert_eq!(&body[..whole(body.as_bytes())], left);
        }
    }

    #[test]
    fn the_date_of_rfc_9110() {
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
    fn retry_after_in_all_its_forms() {
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(wait("120", None, 0), seconds(120));
        assert_eq!(wait(" 0 ", None, 0), seconds(0));
        assert_eq!(wait("99999999999999999999999", None, 0), seconds(86_400));
        assert_eq!(wait("-5", None, 0), None);
        assert_eq!(wait("soon", None, 0), None);
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(wait(date, None, 784_111_770), seconds(7));
        assert_eq!(wait(date, None, 784_111_778), seconds(0));
        // The router believes it is 1970.
        assert_eq!(wait(date, Some(784_111_717), 0), seconds(60));
        assert_eq!(wait(date, None, 0), seconds(86_400));
    }
    #[test]
    fn a_limit_that_counts_anew_is_a_delay_only_when_it_is_reached() {
        let of = |status, pairs: &[(&'static str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| (*name, value.parse().unwrap()));
            let pairs =
                pairs.map(|(name, value)| (ureq::http::HeaderName::from_static(name), value));
            delay(status, &pairs.collect(), 784_111_770).map(|delay| delay.as_secs())
        };
        assert_eq!(of(429, &[("ratelimit-reset", "1784111777")]), Some(86_400));
        assert_eq!(of(429, &[("x-ratelimit-reset", "30")]), Some(30));
        assert_eq!(of(429, &[("ratelimit-reset", "30"), ("retry-after", "5")]), Some(5));
        assert_eq!(of(429, &[("ratelimit-reset", "soon")]), None);
        assert_eq!(of(200, &[("ratelimit-reset", "30")]), None);
        assert_eq!(of(503, &[("ratelimit-reset", "30")]), None);
        assert_eq!(until("1700000060", 1_700_000_000), Some(Duration::from_secs(60)));
        assert_eq!(until("1700000000", 1_700_000_060), Some(Duration::ZERO));
    }
}

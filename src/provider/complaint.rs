//! Whether an answer in plain text or in JSON reports that the update failed.
//!
//! Providers and scripts of owners have no common form for that. This looks for words that known
//! providers use for failures, and for members of JSON that report one. `0 errors`, `error: none` and
//! `"errors": []` report none.

mod json;
mod words;

use super::page;
use super::return_codes::is_failure_code;
use crate::model::json::Json;
use crate::text::has;
pub(super) use json::names_something;
pub(super) use words::words;

/// Words that report a failure wherever they stand, unless a word or number beside them denies it.
const FAILURE: &str = "error errors err errcount errcode errno errmsg err1 fail fails failed failing failure \
    failures invalid denied unauthorized unauthorised unauthenticated forbidden refused rejected incorrect \
    wrong bad unsuccessful unsuccessfully illegal malformed exception cannot can't couldn't couldnt unable expired exceeded suspended \
    banned blocked throttled unavailable unsupported mismatch nonexistent exhausted revoked declined aborted \
    insufficient sorry fatal busy overloaded maintenance ratelimited prohibited fehler erreur verweigert \
    restricted aborting nxdomain servfail traceback abgelehnt gesperrt falsch ungültig ungültiger ungültige \
    incorrecta incorrecto";
/// Words that report a failure with `not` in front of them. `not changed` and `not needed` do not.
const AFTER_NOT: &str = "found find allowed authorized authorised authenticated permitted accepted valid \
    known registered recognized supported exist exists match ok good success successful correct work \
    processed logged signed saved stored applied belong yours your implemented active";
/// What an update may lack, in front of `required` or `needed`.
const LACKING: &str = "authentication authorization login password token key username user hostname host domain \
    parameter parameters credentials account record records zone payment captcha subscription";
/// What can be disabled or locked, so that nothing is updated.
const ACCESS: &str =
    "account user login token key service access host hostname domain zone update updates";
/// Words about an address that needs no update.
const SAME: &str =
    "same already unchanged change changed changes nochange nochg current identical modified";
/// Words about an update that was done. With `false`, it was not done.
const DONE: &str = "updated update saved stored applied accepted auth authorized authenticated loggedin valid found done \
    processed";
/// Words that may stand between a word for failure and the number or word that denies it.
const BETWEEN: &str = "count code codes number message msg status is was were are";

/// Further words that report a failure, by their neighbours: in each line, words; the words of which one stands
/// before; those of which one stands behind; those of which one stands behind that; those of which one is in the
/// clause; and those of which none is in the clause. An empty list fits everything. In a list, `-` is the end of the
/// clause, `n't` is `not` and each word that ends so, and a name in capitals is the list above.
const FAILURE_IN_CONTEXT: &str =
    "no||such access permission matching valid authorization good success|
    no||LACKING|-|
    not|can could||
    not||in|your this the our
    n't||AFTER_NOT|
    n't||a be been|AFTER_NOT|
    ko nok|-||
    unknown missing|-||
    unknown missing||-|
    too||many soon often fast frequent frequently|
    success successful succeeded||false|
    success successful succeeded||0 no|-
    ok accepted authorized authenticated valid saved stored update||false|
    limited|rate||
    limit|rate|-|
    quota|over||
    slow||down|
    timed||out|
    out||of|credit credits quota memory space
    reached||||limit quota maximum max|
    found matched||||no none 0 zero|change changes difference differences problem
    given supplied specified provided||||n't no none|ip address addr myip ipv4 ipv6
    permission permissions access rights||||n't no none|
    disabled locked inactive deactivated|ACCESS||
    disabled locked inactive deactivated|is are was been|||ACCESS|
    empty|LACKING||
    empty||LACKING|";
/// Words of a request to the client that must be met before an update, in the same form.
const REQUESTS: &str =
    "please||log login sign signin authenticate authorize try retry provide specify supply \
    enter register renew upgrade activate|
    must|you||
    must||be|
    login signin|-|-|
    log sign|to must first|in|
    log sign|-|in|- to first
    verify confirm activate|-|your|
    again|try||
    required needed|is are||||n't no none
    required needed|LACKING||||n't no none";

/// Whether `body` reports a failure.
pub(super) fn complains(body: &str) -> bool {
    let body = page::trimmed(body);
    match Json::parse(body) {
        Ok(Json::Bool(success)) => !success,
        Ok(number @ Json::Number(_)) => {
            number.as_i64().is_some_and(|number| number < 0 || (400..600).contains(&number))
        }
        Ok(value) => json::reports_failure(&value),
        Err(_) => in_text(body),
    }
}

/// Whether the words of `text` report a failure.
fn in_text(text: &str) -> bool {
    let words = words(text);
    (0..words.len()).any(|place| is_failure(&words, place))
}

/// Whether `text` asks for something, such as a log-in.
pub(super) fn asks_for_something(text: &str) -> bool {
    let words = words(text);
    (0..words.len()).any(|place| WordInContext::new(&words, place).fits_any(REQUESTS))
}

/// Whether the word at `place` and its neighbours report a failure.
fn is_failure(words: &[String], place: usize) -> bool {
    let context = WordInContext::new(words, place);
    let WordInContext { before, word, next, .. } = context;
    match word {
        "no" | "nope" if words.len() == 1 => true,
        "code" if has("return exit", before) => is_number_above_0(next),
        "exit" | "rc" => is_number_above_0(next),
        "code" | "status" => next.parse().is_ok_and(|number: u32| (400..1000).contains(&number)),
        // `timeout: 30` is a setting.
        "timeout" => next.parse::<u32>().is_err(),
        "updated" => updated_nothing(words, context, place),
        _ if has(FAILURE, word) || is_failure_code(word) => !is_denied(words, place),
        _ => {
            (before.is_empty() && word.starts_with("bad"))
                || context.fits_any(FAILURE_IN_CONTEXT)
                || context.fits_any(REQUESTS)
        }
    }
}

/// Whether `word` is in a list of [`FAILURE_IN_CONTEXT`].
fn is_in(list: &str, word: &str) -> bool {
    let list = match list {
        "LACKING" => LACKING,
        "AFTER_NOT" => AFTER_NOT,
        "ACCESS" => ACCESS,
        list => list,
    };
    has(list, if word.is_empty() { "-" } else { word }) || (negates(word) && has(list, "n't"))
}

fn is_number_above_0(word: &str) -> bool {
    word.parse::<u32>().is_ok_and(|number| number > 0)
}

/// A word with its neighbours. They are empty where the clause ends.
#[derive(Clone, Copy)]
struct WordInContext<'a> {
    before: &'a str,
    word: &'a str,
    next: &'a str,
    /// The word behind `next`.
    later: &'a str,
    clause: &'a [String],
}

impl<'a> WordInContext<'a> {
    fn new(words: &'a [String], place: usize) -> Self {
        let next = word_at(words, place + 1);
        Self {
            before: word_before(words, place),
            word: word_at(words, place),
            next,
            later: if next.is_empty() { "" } else { word_at(words, place + 2) },
            clause: clause(words, place),
        }
    }

    /// Whether the word and its neighbours fit one of `lines`, which are in the form of
    /// [`FAILURE_IN_CONTEXT`].
    fn fits_any(&self, lines: &str) -> bool {
        lines.lines().any(|line| self.fits(line))
    }

    fn fits(&self, line: &str) -> bool {
        let mut lists = line.split('|');
        for word in [self.word, self.before, self.next, self.later] {
            let list = lists.next().unwrap_or_default();
            if !list.is_empty() && !is_in(list, word) {
                return false;
            }
        }
        let (wanted, unwanted) =
            (lists.next().unwrap_or_default(), lists.next().unwrap_or_default());
        (wanted.is_empty() || self.clause_has(wanted)) && !self.clause_has(unwanted)
    }

    /// Whether a word of the clause is in `list`.
    fn clause_has(&self, list: &str) -> bool {
        self.clause.iter().any(|word| is_in(list, word))
    }
}

/// Whether `updated` at `place` is about no record, and no word reports that the address was there
/// already.
fn updated_nothing(words: &[String], context: WordInContext<'_>, place: usize) -> bool {
    let WordInContext { before, next, later, .. } = context;
    let first = word_before(words, place.saturating_sub(1));
    let is_none = negates(before)
        || has("no 0 zero nothing", before)
        || (!before.is_empty() && has("no 0 zero", first))
        || next == "false"
        || (has("no 0", next) && later.is_empty());
    is_none && !any(words, SAME)
}

/// The word at `place`; empty if there is none.
fn word_at(words: &[String], place: usize) -> &str {
    words.get(place).map_or("", String::as_str)
}

fn word_before(words: &[String], place: usize) -> &str {
    place.checked_sub(1).map_or("", |before| word_at(words, before))
}

/// The clause around `place`: the words between two empty words.
fn clause(words: &[String], place: usize) -> &[String] {
    let (before, behind) = words.split_at(place);
    let start = before.iter().rposition(String::is_empty).map_or(0, |end| end + 1);
    let length = behind.iter().position(String::is_empty).unwrap_or(behind.len());
    words.get(start..place + length).unwrap_or_default()
}

/// Whether one of `words` is in `list`.
fn any(words: &[String], list: &str) -> bool {
    words.iter().any(|word| has(list, word))
}

/// Whether there was no failure, because `no` or `0` stands before the word for failure at `place`, or
/// `0` or `none` behind it.
fn is_denied(words: &[String], place: usize) -> bool {
    let mut behind = place + 1;
    while has(BETWEEN, word_at(words, behind)) {
        behind += 1;
    }
    let value = word_at(words, behind);
    match value.parse::<u32>() {
        Ok(0) => return true,
        // `error code 200` is a status of HTTP.
        Ok(200) if behind > place + 1 => return true,
        Ok(_) => return false,
        Err(_) => {}
    }
    let ends_clause = word_at(words, behind + 1).is_empty();
    let before = word_before(words, place);
    has("null false nil", value)
        || (ends_clause && has("none no nothing ok success", value))
        || negates(before)
        || has("no 0 zero without any never nothing", before)
}

fn negates(word: &str) -> bool {
    word == "not" || word.ends_with("n't")
}

#[cfg(test)]
mod tests;

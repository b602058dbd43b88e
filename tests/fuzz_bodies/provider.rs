//! Answers of providers, update URLs with users' values, expressions of definitions, secrets in
//! texts.
#![allow(clippy::unwrap_used, reason = "only tests and the fuzzer run this")]

use std::net::IpAddr;
use std::sync::OnceLock;

use ddns_netlink::config::{Config, check};
use ddns_netlink::model::secret::Secret;
use ddns_netlink::model::{self, Credentials, Hostname};
use ddns_netlink::provider::ere::Ere;
use ddns_netlink::provider::mask::mask;
use ddns_netlink::provider::template::Subject;
use ddns_netlink::provider::{Account, Author, Mechanism, Provider, Urls};
use ddns_netlink::provider::{
    Answer, Carrier, Change, Failure, Job, Outcome, Query, Request, dyndns2, families, publish,
    template,
};
use ddns_netlink::time::Duration;

use super::{Target, sandbox};

/// The body of an answer, after a byte that chooses the section and the HTTP status.
pub(super) const ANSWER: Target = Target {
    name: "provider_answer",
    body: provider_answer,
    seeds: &[
        b"0good 192.0.2.1\r\n",
        b"1nochg 192.0.2.1\nabuse\n",
        b"2<html><title>Sign in</title><body>OK hunter2-hunter2</body>",
        b"2{\"success\":false,\"errors\":[{\"code\":7}]}",
        b"0911 wait600 badauth \xff",
    ],
    words: &[
        "good",
        "nochg",
        "badauth",
        "wait10",
        "192.0.2.1",
        "2001:db8::1",
        "hunter2-hunter2",
        "<html>",
        "<ErrCount>1</ErrCount>",
        "{\"",
        "\":",
        "null",
        "&#104;",
        "\r\n",
        "\u{202e}",
        "\u{feff}",
        "\u{e9}",
    ],
};

/// A URL and a value, with a NUL byte between them.
pub(super) const TEMPLATE: Target = Target {
    name: "url_template",
    body: url_template,
    seeds: &[
        b"http://[USERNAME]:[PASSWORD]@d.example/?h=[DOMAIN]&i=[IP]\0p@ss",
        b"https://user:[PASSWORD]@[2001:db8::1]:8443/a?[PARAMOPT]#x\0a=b&c=%d",
        b"me:pw@http://d.example\0a#",
        b"http://d.example/[PASSWORD]?token=0123456789abcdefghi\0\xc3\xa9\r\nX: y",
    ],
    words: &[
        "\0",
        "[USERNAME]",
        "[PASSWORD]",
        "[PARAMENC]",
        "[PARAMOPT]",
        "[DOMAIN]",
        "[IP]",
        "[IP4]",
        "[IP6]",
        "[SUB]",
        "[ZONE]",
        "://",
        "@",
        "%40",
        "%",
        "hunter2-hunter2",
        "\u{202e}",
        "\u{e9}",
    ],
};

/// An expression and a text, with a NUL byte between them.
pub(super) const EXPRESSION: Target = Target {
    name: "answer_expression",
    body: answer_expression,
    seeds: &[
        b"good|nochg\0good 192.0.2.1\r\n",
        b"^(a|b)*$\0nochg",
        b"[[:alpha:]]{2,5}\\b\0OK",
        b"[^]a-z]+x?.\0911 wait600",
    ],
    words: &[
        "\0",
        "[^",
        "[:space:]",
        "{1,3}",
        "(|",
        ")*",
        "\\b",
        "\\<",
        "\\w",
        "^",
        "$",
        "|",
        "+",
        "\n",
        "\u{e9}",
    ],
};

/// A text and a secret, with a NUL byte between them.
pub(super) const MASK: Target = Target {
    name: "secret_mask",
    body: secret_mask,
    seeds: &[
        b"the password p%40ss w\xf6rd is wrong\0p@ss w\xc3\xb6rd",
        b"<b>a&amp;b</b> {\"a\\u0026b\":1}\0a&b",
        b"aHVudGVyMi1odW50ZXIy\0hunter2-hunter2",
    ],
    words: &["\0", "&#104;", "%68", "+", "\\u0068", "&amp;", "=", "\u{202e}", "\u{e9}", "\u{2026}"],
};

const PASSWORD: &str = "hunter2-hunter2";
const CONFIG: &[u8] = b"
config service 'definition'
    option enabled '1'
    option service_name 'dyndns.org'
    option username 'me'
    option password 'hunter2-hunter2'
    option domain 'home.example.com'
    option use_ipv6 'both'
config service 'plain'
    option enabled '1'
    option service_name 'cloudflare.example'
    option password 'hunter2-hunter2'
    option domain 'home.example.com'
config service 'custom'
    option enabled '1'
    option update_url 'http://[USERNAME]:[PASSWORD]@d.example/nic/update?h=[DOMAIN]&i=[IP]'
    option username 'me'
    option password 'hunter2-hunter2'
    list domain 'home.example.com'
    list domain 'www.example.com'
";

/// The two texts of an input, before and after the first NUL byte.
fn halves(bytes: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(bytes);
    let (first, second) = text.split_once('\0').unwrap_or((&text, ""));
    (first.to_owned(), second.to_owned())
}

pub(crate) fn url_template(bytes: &[u8]) {
    let (url, value) = halves(bytes);
    check_rendering(&url, &value);
    check_insertion(&value);
}

pub(crate) fn answer_expression(bytes: &[u8]) {
    let (expression, text) = halves(bytes);
    check_expression(&expression, &text);
}

pub(crate) fn secret_mask(bytes: &[u8]) {
    let (text, secret) = halves(bytes);
    check_masking(&text, &secret);
}

/// For any answer each change gets one verdict, an HTTP error is no success, and the reason of a
/// failure is one line without the password.
pub(crate) fn provider_answer(bytes: &[u8]) {
    static CHECKED: OnceLock<Config> = OnceLock::new();
    let config = CHECKED.get_or_init(|| check::load("ddns", CONFIG, &sandbox::Sandbox).config);
    assert_eq!(config.sections.len(), 3, "{:?}", config.broken);
    let Some((&first, body)) = bytes.split_first() else { return };
    let section = &config.sections[usize::from(first) % config.sections.len()];
    let body = String::from_utf8_lossy(body);
    let change = |name: &Hostname, family| Change {
        name: name.clone(),
        family,
        target: model::Target::Address(address(family)),
        previous: None,
        tried: Vec::new(),
        anew: false,
        record: section.record.clone(),
    };
    let changes: Vec<Change> = section
        .names
        .iter()
        .flat_map(|name| section.families.iter().map(move |&family| change(name, family)))
        .collect();
    let status = [200, 302, 401, 500][usize::from(first >> 2) % 4];
    let job = Job { changes: changes.clone(), ..Job::default() };
    let answer = Answer { status, body: body.clone().into_owned(), ..Answer::default() };
    let mut same = Same { answer, left: changes.len() };
    let verdicts = publish(&section.provider, &job, &mut same).verdicts;
    assert_eq!(verdicts.len(), changes.len());
    verdicts.iter().for_each(|verdict| check_outcome(&verdict.outcome, status));
    if let Some(outcome) = dyndns2::classify(&body, "192.0.2.1".parse().unwrap()) {
        check_outcome(&outcome, 200);
    }
}

/// Gives every request the same answer.
struct Same {
    answer: Answer,
    left: usize,
}

impl Carrier for Same {
    fn send(&mut self, _: &Request) -> Result<Answer, Failure> {
        assert!(self.left > 0, "more requests than changes");
        self.left -= 1;
        Ok(self.answer.clone())
    }

    fn ask(&mut self, _: &Query) -> Result<Answer, Failure> {
        Ok(Answer::default())
    }

    fn wait(&mut self, _: Duration) {}
}

fn address(family: ddns_netlink::model::Family) -> IpAddr {
    let text = if family.record_type() == "A" { "192.0.2.1" } else { "2001:db8::1" };
    text.parse().unwrap()
}

fn check_outcome(outcome: &Outcome, status: u16) {
    match outcome {
        Outcome::Updated | Outcome::Unchanged => assert_eq!(status, 200),
        Outcome::Retry { reason, .. }
        | Outcome::Unconfirmed { reason }
        | Outcome::Refused { reason, .. } => {
            assert!(!reason.is_empty() && reason.chars().count() < 500, "{reason:?}");
            assert!(!reason.contains(char::is_control), "{reason:?}");
            assert!(!reason.contains(PASSWORD), "{reason:?}");
        }
    }
}

/// Any template with any values gives a URL that can be sent unchanged and shown without its
/// secrets, or an error.
fn check_rendering(url: &str, value: &str) {
    for provider in [provider(value, PASSWORD, PASSWORD), provider("me", value, value)] {
        let name = Hostname::parse("home.example.com").unwrap();
        let subject = Subject::new(&name, "2001:db8::1".parse().unwrap());
        match template::render(url, &provider, subject) {
            Ok(rendered) => {
                let sent = rendered.url.expose();
                assert!(sent.bytes().all(|byte| byte.is_ascii_graphic()), "{sent:?}");
                let authority = sent.split_once("://").unwrap().1;
                let authority = authority.split(['/', '?']).next().unwrap();
                assert!(!authority.is_empty() && !authority.contains('@'), "{sent:?}");
                assert!(!sent.contains('#'), "{sent:?}");
                assert!(
                    !leaks(&rendered.shown, provider.account.password.expose()),
                    "{rendered:?}"
                );
                assert!(families::host(&sent).is_some(), "{sent:?}");
            }
            Err(error) => {
                let error = error.to_string();
                assert!(!error.contains(char::is_control), "{error:?}");
                assert!(!error.contains(PASSWORD), "{error:?}");
            }
        }
    }
}

/// A value that is inserted into a URL stays in its component, whatever characters it has.
fn check_insertion(value: &str) {
    let name = Hostname::parse("home.example.com").unwrap();
    let render = |url| {
        let subject = Subject::new(&name, "192.0.2.1".parse().unwrap());
        template::render(url, &provider(value, value, ""), subject)
    };
    let credentials = render("http://[USERNAME]:[PASSWORD]@d.example/?h=[DOMAIN]&i=[IP]").unwrap();
    assert_eq!(credentials.url.expose(), "http://d.example/?h=home.example.com&i=192.0.2.1");
    let wanted = (!value.is_empty())
        .then(|| Credentials { user: value.to_owned(), password: Secret::new(value) });
    assert_eq!(credentials.url.credentials, wanted);
    if let Ok(query) = render("http://d.example/?u=[USERNAME]&p=[PASSWORD]&i=[IP]") {
        let sent = query.url.expose();
        let items: Vec<&str> = sent.split('&').collect();
        assert!(items[0].starts_with("http://d.example/?u="), "{sent}");
        assert!(items.len() == 3 && items[1].starts_with("p="), "{sent}");
        assert_eq!(items[2], "i=192.0.2.1");
        assert!(query.url.credentials.is_none());
    }
}

fn provider(username: &str, password: &str, param_opt: &str) -> Provider {
    let account = Account {
        label: "custom".into(),
        username: username.into(),
        password: Secret::new(password),
        param_enc: Secret::new(password),
        param_opt: Secret::new(param_opt),
        ..Account::default()
    };
    let mechanism = Mechanism::Url(Urls { v4: None, v6: None, both: None });
    Provider { account, mechanism, author: Author::Owner }
}

/// An expression is matched line by line and without regard to case, or is rejected with an error.
fn check_expression(expression: &str, text: &str) {
    let text: String = text.chars().take(256).collect();
    match Ere::new(expression) {
        Ok(ere) => {
            let found = ere.is_match(&text);
            let lines = text.split_inclusive('\n');
            assert_eq!(found, lines.clone().any(|line| ere.is_match(line)), "{expression:?}");
            assert_eq!(found, ere.is_match(&text.to_ascii_uppercase()), "{expression:?} {text:?}");
        }
        Err(error) => assert!(!error.is_empty() && error.chars().count() < 300, "{error:?}"),
    }
}

/// A masked text does not contain the secret, has no control characters, and is short.
fn check_masking(text: &str, secret: &str) {
    let secrets = [Secret::new(secret)];
    for text in [text.to_owned(), format!("{text}{secret}{text}"), secret.repeat(2)] {
        let shown = mask(&text, &secrets);
        assert!(!shown.contains(char::is_control), "{shown:?}");
        assert!(shown.chars().count() <= 201, "{shown:?}");
        assert!(!leaks(&shown, secret), "{secret:?} in {shown:?}");
    }
}

/// Whether `shown` contains `secret`. Secrets of one or two bytes are not masked, and those with
/// `*` or `…` cannot be told from the marks of masking and cutting.
fn leaks(shown: &str, secret: &str) -> bool {
    secret.len() >= 3 && !secret.contains(['*', '…']) && shown.contains(secret)
}

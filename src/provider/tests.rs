//! Sections for the tests of providers; tests of the hosts and the fingerprint of a section.

use super::*;
use crate::config::{Section, fixture, hosts};
use crate::model::Proxy;
use crate::model::secret::Secret;
use crate::provider::{Author, Provider, Template};

/// A section with this URL and answer for both families.
pub(super) fn section(label: &str, url: &str, answer: Option<&str>) -> Section {
    Section {
        families: vec![Family::V4, Family::V6],
        provider: Provider {
            mechanism: fixture::url(url, answer),
            author: if label == "custom" { Author::Owner } else { Author::Definition },
            ..fixture::provider()
        }
        .with(|account| {
            account.label = label.into();
            account.username = "me".into();
            account.password = Secret::new("hunter2");
        }),
        ..fixture::section()
    }
}

#[test]
fn hosts_are_those_of_proxy_or_urls() {
    for (url, host) in [
        ("http://[USERNAME]:[PASSWORD]@D.example:80/", "d.example"),
        ("http://[USERNAME].d.example/", "me.d.example"),
        ("http://[2001:db8::1]/", "2001:db8::1"),
    ] {
        assert_eq!(hosts(&section("custom", url, None)), [host]);
    }
    assert_eq!(hosts(&section("custom", "no URL", None)), [""; 0]);
    let mut two = section("custom", "http://v4.d.example/", None);
    two.provider.mechanism = Mechanism::Url(Urls {
        v4: Some(Template::new("http://v4.d.example/", None)),
        v6: Some(Template::new("http://v6.d.example/", None)),
        both: None,
    });
    assert_eq!(hosts(&two), ["v4.d.example", "v6.d.example"]);
    two.families = vec![Family::V6];
    assert_eq!(hosts(&two), ["v6.d.example"]);
    for (proxy, host) in [
        ("proxy.lan:3128", "proxy.lan"),
        ("u:p@[fd00::1]:3128", "fd00::1"),
        ("http://192.0.2.9:80", "192.0.2.9"),
    ] {
        two.transport.proxy = Some(Proxy::parse(proxy).unwrap());
        assert_eq!(hosts(&two), [host]);
    }
}

/// The section whose stored fingerprint is [`FINGERPRINT`].
fn base() -> Section {
    section("custom", "http://d.example/", Some("good"))
}

const FINGERPRINT: u64 = 17_343_249_555_164_284_490;

fn fingerprint_of(section: &Section) -> u64 {
    fingerprint(&section.provider, &section.record, &section.names[0], Family::V4)
}

/// The fingerprint of [`base`] with another account.
fn with_account(change: impl FnOnce(&mut Account)) -> u64 {
    let mut section = base();
    change(&mut section.provider.account);
    fingerprint_of(&section)
}

/// The fingerprint of [`base`] with options for the record.
fn with_record(change: impl FnOnce(&mut RecordOptions)) -> u64 {
    let mut section = base();
    change(&mut section.record);
    fingerprint_of(&section)
}

#[test]
fn fingerprint_is_stable() {
    assert_eq!(fingerprint_of(&base()), FINGERPRINT, "stored fingerprints would no longer match");
}

#[test]
fn fingerprint_changes_with_every_part() {
    let mut base = base();
    let (name, record) = (&base.names[0], &base.record);
    let mut all = vec![
        fingerprint(&base.provider, record, name, Family::V4),
        fingerprint(&base.provider, record, name, Family::V6),
        fingerprint(&base.provider, record, &Hostname::parse("b").unwrap(), Family::V4),
        with_account(|account| account.username = "you".into()),
        with_account(|account| account.username = "mehunter2".into()),
        with_account(|account| account.password = Secret::new("x")),
        with_account(|account| account.param_enc = Secret::new("x")),
        with_account(|account| account.param_opt = Secret::new("x")),
        with_record(|record| record.zone = Some("1".into())),
        with_record(|record| record.zone_id = Some("1".into())),
        with_record(|record| record.id = Some("1".into())),
        with_record(|record| record.ttl = Some(1)),
        with_record(|record| record.proxied = Some(true)),
        with_record(|record| record.proxied = Some(false)),
    ];
    base.provider.mechanism = fixture::url("http://e.example/", Some("good"));
    all.push(fingerprint_of(&base));
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn fingerprint_is_independent_of_label() {
    assert_eq!(with_account(|account| account.label = "x".into()), FINGERPRINT);
}

#[test]
fn a_change_without_a_request_is_not_in_doubt() {
    let job = testing::job(vec![testing::change("home.example.com", "192.0.2.9")]);
    let mut carrier = testing::Answering::new(|_| panic!("a request"));
    let published =
        conversation::converse(&|_| Ok(()), None, &Account::default(), &job, &mut carrier);
    let reason = "no request was sent for it".into();
    let kind = FailureKind::NothingWritten;
    let expected = Outcome::Retry { reason, after: None, kind };
    assert_eq!(published.verdicts, [Verdict::record(expected)]);
}

//! Sections for the tests of providers, and tests of what is asked about a section.

use super::*;
use crate::config::{Section, fixture, hosts};
use crate::model::Proxy;
use crate::model::secret::Secret;
use crate::provider::{Provider, Template};

/// A section with this URL and answer for both families.
pub(super) fn section(label: &str, url: &str, answer: Option<&str>) -> Section {
    Section {
        families: vec![Family::V4, Family::V6],
        provider: Provider { mechanism: fixture::url(url, answer), ..fixture::provider() }.with(
            |account| {
                account.label = label.into();
                account.username = "me".into();
                account.password = Secret::new("hunter2");
            },
        ),
        ..fixture::section()
    }
}

#[test]
fn hosts_are_those_that_are_connected_to() {
    let of = |url: &str| hosts(&section("custom", url, None));
    assert_eq!(of("http://[USERNAME]:[PASSWORD]@D.example:80/"), ["d.example"]);
    assert_eq!(of("http://[USERNAME].d.example/"), ["me.d.example"]);
    assert_eq!(of("http://[2001:db8::1]/"), ["2001:db8::1"]);
    assert_eq!(of("nothing"), [""; 0]);
    let mut two = section("custom", "http://v4.d.example/", None);
    let template = |url: &str| Some(Template::new(url, None));
    two.provider.mechanism = Mechanism::Url(Urls {
        v4: template("http://v4.d.example/"),
        v6: template("http://v6.d.example/"),
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

#[test]
fn the_fingerprint_is_stable_and_sees_every_part() {
    let base = section("custom", "http://d.example/", Some("good"));
    let name = base.names[0].clone();
    let print =
        |section: &Section| fingerprint(&section.provider, &section.record, &name, Family::V4);
    assert_eq!(print(&base), FINGERPRINT, "stored fingerprints would no longer match");
    let changed = |change: fn(&mut Provider)| {
        let mut section = base.clone();
        change(&mut section.provider);
        print(&section)
    };
    let mut all = vec![
        print(&base),
        fingerprint(&base.provider, &base.record, &name, Family::V6),
        fingerprint(&base.provider, &base.record, &Hostname::parse("b").unwrap(), Family::V4),
        changed(|p| p.mechanism = fixture::url("http://e.example/", Some("good"))),
        changed(|p| p.account.username = "you".into()),
        changed(|p| p.account.username = "mehunter2".into()),
        changed(|p| p.account.password = Secret::new("x")),
        changed(|p| p.account.param_enc = Secret::new("x")),
        changed(|p| p.account.param_opt = Secret::new("x")),
    ];
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 9);
    assert_eq!(changed(|p| p.account.label = "x".into()), print(&base));
    let with = |record: RecordOptions| print(&Section { record, ..base.clone() });
    let none = RecordOptions::default;
    let mut all = vec![
        print(&base),
        with(RecordOptions { zone: Some("1".into()), ..none() }),
        with(RecordOptions { zone_id: Some("1".into()), ..none() }),
        with(RecordOptions { id: Some("1".into()), ..none() }),
        with(RecordOptions { ttl: Some(1), ..none() }),
        with(RecordOptions { proxied: Some(true), ..none() }),
        with(RecordOptions { proxied: Some(false), ..none() }),
    ];
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 7);
}

const FINGERPRINT: u64 = 17_343_249_555_164_284_490;

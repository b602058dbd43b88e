//! Update URLs as in service definitions, and the requests that they become.

use proptest::prelude::*;

use super::*;
use crate::config::fixture;
use crate::provider::Author;
use crate::provider::families::host;
use crate::provider::table;

fn provider() -> Provider {
    fixture::provider().with(|account| {
        account.username = "me@example.org".into();
        account.password = Secret::new("p&s%+ é:/");
        account.param_enc = Secret::new("a b");
        account.param_opt = Secret::new("x=1&[IP]=2");
    })
}

fn try_render(template: &str) -> Result<Rendered, UrlError> {
    let name = Hostname::parse("home.example.com").unwrap();
    render(template, &provider(), Subject::new(&name, "192.0.2.1".parse().unwrap()))
}

/// The query of `template` for the record of `name` in `zone`.
fn query(template: &str, provider: &Provider, name: &str, zone: Option<&str>) -> String {
    let name = Hostname::parse(name).unwrap();
    let subject = Subject { zone, ..Subject::new(&name, "192.0.2.1".parse().unwrap()) };
    let rendered = render(template, provider, subject).unwrap();
    rendered.url.expose().split_once('?').unwrap().1.to_owned()
}

fn url(template: &str) -> String {
    try_render(template).unwrap().url.expose()
}

fn shown(template: &str) -> String {
    try_render(template).unwrap().shown
}

#[test]
fn placeholders_are_replaced() {
    for (template, expected) in [
        (
            "http://d.example/u?h=[DOMAIN]&p=[PASSWORD]&ip=[IP]",
            "http://d.example/u?h=home.example.com&p=p%26s%25%2b%20%c3%a9%3a%2f&ip=192.0.2.1",
        ),
        ("https://d.example/[USERNAME]/[PARAMENC]", "https://d.example/me%40example.org/a%20b"),
        ("https://d.example/?[PARAMOPT]", "https://d.example/?x=1&%5bIP%5d=2"),
        ("https://d.example/?host[[DOMAIN]]", "https://d.example/?host%5bhome.example.com%5d"),
        ("https://d.example/?[ip]=[IP][IP]", "https://d.example/?%5bip%5d=192.0.2.1192.0.2.1"),
        ("HTTP://d.example?x", "http://d.example/?x"),
        (" https://d.example:8443/x y\"\n", "https://d.example:8443/x%20y%22"),
        ("https://d.example/a%20b%zz%4", "https://d.example/a%20b%25zz%254"),
        ("https://d.example/ä\r\nHost:x", "https://d.example/%c3%a4%0d%0aHost:x"),
        ("https://d.example/a#b", "https://d.example/a"),
        ("https://[2001:db8::1]:1/?a=b@c:d", "https://[2001:db8::1]:1/?a=b@c:d"),
        ("https://d.example:/", "https://d.example/"),
        ("http://[USERNAME]:[PASSWORD]@http://d.example/nic/update", "http://d.example/nic/update"),
    ] {
        assert_eq!(url(template), expected, "{template}");
    }
}

#[test]
fn own_urls_get_the_name_as_it_is_written() {
    let template = "http://a/?[DOMAIN]&[SUB]&[ZONE]";
    let zone = Some("Example.com");
    for (name, zone, expected) in [
        ("Home.Example.com", None, "Home.Example.com&Home&example.com"),
        ("A.B@Example.com", None, "A.B@Example.com&A.B&example.com"),
        ("A.B.example.COM", zone, "A.B.example.COM&A.B&example.com"),
        ("Example.COM", zone, "Example.COM&@&example.com"),
    ] {
        assert_eq!(query(template, &provider(), name, zone), expected);
    }
    let author = Author::Table(table::find("duckdns.org").unwrap());
    let known = Provider { author, ..provider() };
    assert_eq!(query(template, &known, "A.B.C", None), "a.b.c&a&b.c");
}

#[test]
fn zone_and_rest_of_name_are_separate_placeholders() {
    for (name, zone, expected) in [
        ("www.example.com", None, "www/example.com"),
        ("example.com", None, "@/example.com"),
        ("example.co.uk", Some("example.co.uk"), "@/example.co.uk"),
        ("a.b.example.com", Some("example.com"), "a.b/example.com"),
        ("a.b@example.com", None, "a.b/example.com"),
        ("@example.co.uk", None, "@/example.co.uk"),
        ("a", Some("duckdns.org"), "a/duckdns.org"),
    ] {
        let query = query("http://d.example/?[SUB]/[ZONE]", &provider(), name, zone);
        assert_eq!(query, expected, "{name}");
    }
}

#[test]
fn each_family_has_its_own_placeholder() {
    let name = Hostname::parse("a.example").unwrap();
    let (v4, v6) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
    for (address, other, expected) in [
        (v4, Some(v6), "a=192.0.2.1&b=2001:db8::1&c=192.0.2.1"),
        (v6, Some(v4), "a=192.0.2.1&b=2001:db8::1&c=2001:db8::1"),
        (v4, None, "a=192.0.2.1&b=&c=192.0.2.1"),
    ] {
        let subject = Subject { other, ..Subject::new(&name, address) };
        let template = "http://d.example/?a=[IP4]&b=[IP6]&c=[IP]";
        let rendered = render(template, &provider(), subject).unwrap();
        assert_eq!(rendered.url.expose(), format!("http://d.example/?{expected}"));
    }
}

#[test]
fn userinfo_of_url_becomes_credentials() {
    for (template, expected) in [
        ("http://[USERNAME]:[PASSWORD]@d.example/", Some(("me@example.org", "p&s%+ é:/"))),
        ("http://[DOMAIN]:[PASSWORD]@d.example/", Some(("home.example.com", "p&s%+ é:/"))),
        ("http://me@example.org:a:b@c@d.example/x@y", Some(("me@example.org", "a:b@c"))),
        ("http://token@d.example?a@b", Some(("token", ""))),
        ("http://:@d.example/", None),
        ("http://d.example/a:b@c", None),
        ("http://d.example?a:b@c", None),
    ] {
        let url = try_render(template).unwrap().url;
        let credentials = url.credentials.as_ref();
        let found = credentials.map(|found| (found.user.as_str(), found.password.expose()));
        assert_eq!(found, expected, "{template}");
        assert_eq!(host(template).as_deref(), Some("d.example"), "{template}");
    }
    assert!(try_render("http://a:%ff@d.example/").unwrap_err().to_string().contains("UTF-8"));
}

#[test]
fn secrets_are_not_shown() {
    for (template, expected) in [
        (
            "http://[USERNAME]:[PASSWORD]@d.example/?[IP]",
            "http://me%40example.org:***@d.example/?192.0.2.1",
        ),
        ("http://a:hunter2@d.example/", "http://a:***@d.example/"),
        ("http://hunter2@d.example/", "http://***@d.example/"),
        ("http://[PASSWORD]:[PASSWORD]@d.example/", "http://***:***@d.example/"),
        ("http://d.example/?[PASSWORD]&a=[IP]", "http://d.example/?***&a=192.0.2.1"),
        ("http://d.example/u/[PASSWORD]/?[PARAMOPT]", "http://d.example/u/***/?***"),
        (
            "http://d.example/?apiKey=x&PW=y&n=[PARAMENC]",
            "http://d.example/?apiKey=***&PW=***&n=***",
        ),
        (
            "http://d.example/?h=[DOMAIN]&keepipv6=1",
            "http://d.example/?h=home.example.com&keepipv6=1",
        ),
        ("http://d.example/?QWxhZGRpbjpvcGVu0", "http://d.example/?***"),
        ("http://d.example/u/4f6b8a1c2d3e4f5a6b7c/x", "http://d.example/u/***/x"),
        ("http://d.example/Zq%2B7%25k/update", "http://d.example/***/update"),
        ("http://d.example/aB3dE9/k=x/[DOMAIN]", "http://d.example/***/***/home.example.com"),
        (
            "http://d.example/nic/v3/Update.php/api2update/DynDNS/~me/dyn-dns_4/ip4v6?a=b%20c",
            "http://d.example/nic/v3/Update.php/api2update/DynDNS/~me/dyn-dns_4/ip4v6?a=b%20c",
        ),
    ] {
        assert_eq!(shown(template), expected, "{template}");
    }
    let rendered = try_render("http://a:hunter2@d.example/?token=t%20k").unwrap();
    for secret in ["t k", "hunter2", "a b"] {
        assert!(rendered.secrets.contains(&Secret::new(secret)), "{secret}");
    }
    // A server may echo the header.
    let rendered = try_render("http://a:hunter2@d.example/Zq%2B7%25k").unwrap();
    for echo in ["Basic YTpodW50ZXIy", "Zq%2B7%25k", "Zq%2b7%25K", "Zq+7%k"] {
        assert!(mask::mask(echo, &rendered.secrets).ends_with("***"), "{echo}");
    }
    let rendered = try_render("http://a:hunter22@d.example/").unwrap();
    for echo in ["YTpodW50ZXIyMg==", "YTpodW50ZXIyMg"] {
        assert_eq!(mask::mask(echo, &rendered.secrets), "***");
    }
    let twice = shown("http://a b:x@d.example/p%26s%25%2B%20%C3%A9%3A%2F/a%20b/");
    assert_eq!(twice, "http://***:***@d.example/***/***/");
    assert!(!format!("{rendered:?}").contains("hunter2"));
}

#[test]
fn secrets_in_a_url_are_masked() {
    for (url, sent, shown) in [
        ("http://ip.example", "http://ip.example/", "http://ip.example/"),
        ("http://me:s3cret@ip.example/a", "http://ip.example/a", "http://me:***@ip.example/a"),
        (
            "http://s3cret@ip.example/?v=4&token=s3cret",
            "http://ip.example/?v=4&token=s3cret",
            "http://***@ip.example/?v=4&token=***",
        ),
    ] {
        let request = literal(&Url::parse(url).unwrap());
        assert_eq!((request.url.expose().as_str(), request.shown.as_str()), (sent, shown));
        assert!(!format!("{request:?}").contains("s3cret"));
    }
}

#[test]
fn own_url_is_shown_with_harmless_text_only() {
    for (template, expected) in [
        (
            "http://d.example/?id=Abc123Def456&code=s3c&session=abcd&bearer=abcd&api=abcd",
            "http://d.example/?id=***&code=***&session=***&bearer=***&api=***",
        ),
        (
            "http://d.example/?bearer=qqq&api=q&kennwort=q&mdp=7&auth_v=q&sid=12&otp=1234&y=de&z=4",
            "http://d.example/?bearer=***&api=***&kennwort=***&mdp=***&auth_v=***&sid=***&otp=***\
             &y=de&z=4",
        ),
        (
            "http://d.example/?kennwort=geheim&x=abcdefghijklmnopqrstuvwx&y=1234567890123456",
            "http://d.example/?kennwort=***&x=***&y=***",
        ),
        (
            "http://d.example/my.secret.token/abcdefghijklmnopqrstuvwx/1234567890123456/a:b@/u.php",
            "http://d.example/***/***/***/***/u.php",
        ),
        (
            "http://d.example/?x=[IP]geheim&login=bob:geheim",
            "http://d.example/?x=192.0.2.1***&login=***",
        ),
        (
            "http://d.example/?host=other.example.com&n=www.home.example.com&ttl=300&do=update&v=4",
            "http://d.example/?host=other.example.com&n=www.home.example.com&ttl=300&do=update&v=4",
        ),
        (
            "http://d.example/home.example.com/dynamic/update.html?user=me&a=192.0.2.9&b=true&c=65535",
            "http://d.example/home.example.com/dynamic/update.html?user=me&a=192.0.2.9&b=true&c=65535",
        ),
    ] {
        assert_eq!(shown(template), expected, "{template}");
    }
}

#[test]
fn invalid_url_is_refused_with_reason() {
    for (template, word) in [
        ("", "http://"),
        ("ftp://d.example/", "http://"),
        ("update_x.sh", "http://"),
        ("https:///x", "no host"),
        ("https://a b/", "host"),
        ("https://dömain.example/", "xn--"),
        ("https://a\r\nb/", "host"),
        ("https://me:sec/ret@d.example/", "port"),
        ("https://d.example:99999/", "port"),
        ("https://d.example:+1/", "port"),
        ("https://[::g]/", "host"),
        ("https://[IP]:x/", "port"),
        (&format!("https://d.example/{}", "x".repeat(9000)), "longer"),
    ] {
        let error = try_render(template).unwrap_err().to_string();
        assert!(error.contains(word) && !error.contains("sec/"), "{template}: {error}");
    }
}

#[test]
fn host_is_known_unless_it_has_a_placeholder() {
    assert_eq!(host("https://[USERNAME]:[PASSWORD]@D.example:1/[IP]"), Some("d.example".into()));
    assert_eq!(host("https://[2001:db8::1]/"), Some("2001:db8::1".into()));
    assert_eq!(host("https://[PARAMOPT]/"), None);
    assert_eq!(host("https://[DOMAIN].example/"), None);
    assert_eq!(host("update_x.sh"), None);
}

#[test]
fn addresses_are_written_in_canonical_form() {
    let name = Hostname::parse("a").unwrap();
    let address = "2001:DB8:0:0::0001".parse().unwrap();
    let rendered =
        render("http://d.example/?ip=[IP]", &provider(), Subject::new(&name, address)).unwrap();
    assert_eq!(rendered.url.expose(), "http://d.example/?ip=2001:db8::1");
}

proptest! {
    #[test]
    fn values_never_end_the_request_line_and_secrets_are_not_shown(
        literal in "(?s).{0,20}",
        username in "(?s).{0,20}",
        password in "[A-Z]{6}(?s).{0,10}",
        param_opt in "[a-z]{2}[A-Z]{6}(?s).{0,10}",
    ) {
        let template = format!("https://[USERNAME]:[PASSWORD]@d.example/{literal}?[PARAMOPT]&[PASSWORD]");
        let provider = provider().with(|account| { account.username = username; account.password = Secret::new(&*password); account.param_opt = Secret::new(&*param_opt); });
        let name = Hostname::parse("home.example.com").unwrap();
        let rendered = render(&template, &provider, Subject::new(&name, "192.0.2.1".parse().unwrap())).unwrap();
        prop_assert!(rendered.url.expose().bytes().all(|b| b.is_ascii_graphic()));
        prop_assert!(rendered.shown.bytes().all(|b| b.is_ascii_graphic()));
        prop_assert_eq!(rendered.url.credentials.unwrap().password, Secret::new(&*password));
        let (head, tail) = (&password[..6], &param_opt[2..8]);
        let shown_values = [&literal, &provider.account.username];
        prop_assume!(!shown_values.iter().any(|value| value.contains(head) || value.contains(tail)));
        prop_assert!(!rendered.shown.contains(head) && !rendered.shown.contains(tail));
    }

    #[test]
    fn rendering_never_panics(template in "(?s)(http://)?[\\[\\]@:/?#%a\\PC]{0,30}") {
        if let Ok(rendered) = try_render(&template) {
            prop_assert!(rendered.url.expose().bytes().all(|b| b.is_ascii_graphic()));
        }
    }
}

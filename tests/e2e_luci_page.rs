//! The page of this program in LuCI, in a real browser: the real daemon on the test's ubusd, behind a server
//! that speaks LuCI's JSON-RPC. Pictures of each state are left in `target/tmp/luci`.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use ddns_netlink::config::options::{OPTIONS, OptionOrigin, SectionKind};
use ddns_netlink::state::State;
use serde_json::{Value, json};
use support::browser::{Browser, TOOLS};
use support::daemon::Daemon;
use support::luci::Luci;
use support::named::{self, Named};
use support::process::wait_until;
use support::router::{PROVIDER, file, isolated};
use support::scene::{LIMIT, Scene, skip_under_emulator};
use support::ubus::{Client, Ubusd};

const OVERVIEW: &str = "view/ddns-netlink/overview";

/// A name with records of both families.
const BOTH: &str = "option use_ipv6 '0'\n\toption also_ipv6 '1'";

/// The row of a name in the overview, as JavaScript.
fn row(name: &str) -> String {
    format!("document.querySelector('[data-name=\"{name}\"]')")
}

/// Waits until the row of a name has this text.
fn wait_row(browser: &Browser, name: &str, text: &str) {
    browser.wait(&format!("{}.innerText.includes({})", row(name), json!(text)));
}

/// The selector of a field in the form.
fn field(section: &str, option: &str) -> String {
    format!("[data-field=\"cbid.ddns.{section}.{option}\"]")
}

fn input(section: &str, option: &str) -> String {
    format!("{} input", field(section, option))
}

/// Starts LuCI for a daemon that has its object on the bus.
fn luci(scene: &Scene, daemon: &Daemon<'_>) -> Luci {
    Client::connect().wait_for("ddns");
    Luci::start(&scene.config.path(), daemon.process.id())
}

/// Waits until the `AAAA` record of a name is published.
fn wait_ipv6(daemon: &Daemon<'_>, name: &str) {
    daemon.wait_status(name, LIMIT, |status| {
        let sections = status["sections"].as_array().unwrap().iter();
        let mut records = sections.flat_map(|section| section["records"].as_array().unwrap());
        records.any(|record| record["name"] == name && record["published"] == "2001:db8:1::5")
    });
}

/// Asserts that the browser has nothing to complain about.
fn assert_no_complaint(browser: &Browser) {
    assert_eq!(browser.complaints(), [""; 0]);
}

/// Opens the dialogues of a row whose address has become 203.0.113.6.
fn look_at_why_and_history(browser: &Browser) {
    let home = "[data-name=\"home.example.com\"]";
    browser.press(home, "Why");
    browser.wait(
        "document.querySelector('[data-role=\"why\"]').innerText.includes('203.0.113.6: chosen')",
    );
    let why = browser.value("document.querySelector('[data-role=\"why\"]').innerText");
    assert!(!why.as_str().unwrap().contains("secret"), "{why}");
    browser.picture("why");
    browser.press(".modal", "Close");
    browser.press(home, "History");
    browser.wait(
        "['203.0.113.5', '203.0.113.6'].every(address => \
         document.querySelector('[data-role=\"changes\"]').innerText.includes(address))",
    );
    browser.picture("history");
    browser.press(".modal", "Close");
}

#[test]
fn the_overview_shows_each_name_and_follows_the_daemon() {
    if skip_under_emulator("the browser is tested with the native program") {
        return;
    }
    isolated(&TOOLS, || {
        let mut scene = Scene::new(BOTH);
        scene.config.section("off", "\toption enabled '0'");
        scene.config.section("bad", "\toption retry_interval 'soon'");
        scene.wan.set_address("203.0.113.5");
        scene.wan.set_address6("2001:db8:1::5");
        let _bus = Ubusd::start();
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        wait_ipv6(&daemon, "home.example.com");
        let luci = luci(&scene, &daemon);
        let browser = Browser::start();
        browser.open(&luci.page(OVERVIEW));
        wait_row(&browser, "home.example.com", "203.0.113.5");
        wait_row(&browser, "home.example.com", "2001:db8:1::5");
        wait_row(&browser, "home.example.com", "Seen: 203.0.113.5 since");
        wait_row(&browser, "home.example.com", "up to date");
        wait_row(&browser, "home.example.com", "accepted after");
        wait_row(&browser, "off.example.com", "not enabled");
        wait_row(&browser, "bad.example.com", "retry_interval");
        browser.wait("document.querySelector('[data-alarm=\"broken\"]')");
        // The picture of the README (`make picture`).
        browser.resize(1000, 520);
        browser.picture("overview");

        // The page follows without a reload.
        browser.value("window.mark = 'the same page'");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        wait_row(&browser, "home.example.com", "203.0.113.6");
        assert_eq!(browser.value("window.mark"), "the same page");

        let home = "[data-name=\"home.example.com\"]";
        let count = scene.provider.count();
        browser.press(home, "Update");
        scene.provider.wait_nth(count, LIMIT);
        browser.press(home, "Stop");
        wait_row(&browser, "home.example.com", "until 'ddns-netlink start home'");
        browser.picture("stopped");
        browser.press(home, "Start");
        browser.wait(&format!(
            "{}.querySelector('[data-state=\"published\"]')",
            row("home.example.com")
        ));

        look_at_why_and_history(&browser);

        // What the page says if the daemon has ended.
        daemon.stop();
        browser.wait(
            "document.querySelector('[data-role=\"alarms\"]').innerText.includes('does not run')",
        );
        assert_no_complaint(&browser);
    });
}

/// Sets the times in the state back by an hour.
fn age_state_by_an_hour() {
    let path = file("state").join("state");
    let (mut state, _) = State::from_text(&fs::read_to_string(&path).unwrap());
    for record in &mut state.records {
        record.at = record.at.map(|at| at - 3600);
        record.sight.corrected.iter_mut().for_each(|at| *at -= 3600);
    }
    fs::write(&path, state.to_text()).unwrap();
}

#[test]
fn alarms_say_what_to_do() {
    if skip_under_emulator("the browser is tested with the native program") {
        return;
    }
    isolated(&[&TOOLS[..], &["named", "dnsmasq"]].concat(), || {
        let mut scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        // The daemon corrects a record twice. After that it only says what is there.
        let mut named = Named::start("home A 203.0.113.5");
        let _dnsmasq = named::dnsmasq(scene.wan.command("dnsmasq"));
        let launcher = scene.launcher();
        let theirs = "198.51.100.7";
        let right = "has 203.0.113.5 according to its zone's own";
        for (run, address) in ["203.0.113.5", theirs, theirs].into_iter().enumerate() {
            named.set(&format!("home A {address}"));
            let daemon = launcher.run();
            scene.provider.wait_nth(run, LIMIT);
            daemon.wait_published("home", "203.0.113.5");
            daemon.stop();
            age_state_by_an_hour();
            if run == 0 {
                let daemon = launcher.run();
                wait_until("the look-up", || launcher.stdout(&["why", "home"]).contains(right));
                daemon.stop();
            }
        }
        let _bus = Ubusd::start();
        scene.config.section("shared", "option ip_interface 'cgn'");
        scene.config.section("work", "option password 'wrong'");
        scene.provider.require("user", "secret");
        scene
            .wan
            .ip_batch("link add cgn type veth peer name cgn1\naddr add 100.64.3.4/24 dev cgn\nlink set cgn1 up\nlink set cgn up\n");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_state("work", "refused");
        let luci = luci(&scene, &daemon);
        let browser = Browser::start();
        browser.open(&luci.page(OVERVIEW));
        let alarm = |kind: &str, text: &str| {
            browser.wait(&format!(
                "document.querySelector('[data-alarm=\"{kind}\"]').innerText.includes({})",
                json!(text)
            ));
        };
        alarm("refused", "then run 'ddns-netlink update work'");
        alarm("shared", "Ask the ISP for a public IPv4 address");
        alarm("foreign", "198.51.100.7");
        browser.picture("alarms");
        assert_no_complaint(&browser);
    });
}

/// Whether the file has the section `new`.
fn is_saved(scene: &Scene) -> bool {
    fs::read_to_string(scene.config.path()).unwrap().contains("new.example.com")
}

/// Fills in the form of a new section. A provider labels the fields in its own words.
fn fill_in(browser: &Browser) {
    let name = "[data-role=\"new-name\"]";
    browser.type_into(name, "home");
    browser.click("[data-role=\"add\"]");
    browser.wait(
        "document.querySelector('[data-role=\"new-name\"]').getAttribute('aria-invalid') == 'true'",
    );
    browser.type_into(name, "new");
    browser.click("[data-role=\"add\"]");

    // A provider labels the fields in its own words.
    browser.type_into(&input("new", "service_name"), "dyndns.org");
    let key = format!("document.querySelector('{} label').innerText", field("new", "password"));
    browser.wait(&format!("{key} == 'The updater client key *'"));
    browser.picture("provider");
    browser.type_into(&input("new", "service_name"), "");
    browser.wait(&format!("{key} == 'Password'"));

    let url =
        format!("http://[USERNAME]:[PASSWORD]@{PROVIDER}/nic/update?hostname=[DOMAIN]&myip=[IP]");
    browser.type_into(&input("new", "update_url"), &url);
    browser.type_into(&input("new", "username"), "user");
    browser.type_into(&input("new", "password"), "hush");
    browser.type_into(&format!("{}:last-of-type", input("new", "domain")), "new.example.com");
    browser.click(&format!("{}[type=checkbox]", input("new", "also_ipv6")));
    browser.press(".modal", "Address");
    browser.click(&format!("{} select", field("new", "ip_source")));
    let choose = format!(
        "(() => {{ const s = document.querySelector('{} select'); s.value = 'interface'; \
         s.dispatchEvent(new Event('change', {{ bubbles: true }})); return true; }})()",
        field("new", "ip_source")
    );
    browser.value(&choose);
    browser.type_into(&input("new", "ip_interface"), "wan");
    assert_eq!(
        browser.value(&format!(
            "document.querySelector('{}').classList.contains('hidden')",
            field("new", "ip_url")
        )),
        true,
        "a device needs no page"
    );
}

/// The daemon's sentences stand at their fields.
fn correct_a_mistake(browser: &Browser) {
    browser.press(".modal", "Timing and log");
    browser.type_into(&input("new", "retry_interval"), "soon");
    browser.press(".modal", "Save");
    browser.wait(&format!(
        "document.querySelector('{} [data-role=\"mistake\"]').innerText.includes('retry_interval')",
        field("new", "retry_interval")
    ));
    browser.picture("mistake");
    browser.type_into(&input("new", "retry_interval"), "60");
}

/// The test shows what would be sent, and sends nothing.
fn test_before_saving(browser: &Browser, scene: &Scene) {
    browser.press(".modal", "Test");
    browser.wait(
        "document.querySelector('[data-role=\"test\"]').innerText.includes('new.example.com')",
    );
    let test = browser.value("document.querySelector('[data-role=\"test\"]').innerText");
    let test = test.as_str().unwrap();
    assert!(test.contains("2001:db8:1::5") && !test.contains("hush"), "{test}");
    assert!(
        scene.provider.requests().iter().all(|request| request.hostname() != "new.example.com")
    );
    browser.picture("test");
}

/// A warning is shown once; the second time the section is saved.
fn save(browser: &Browser, scene: &Scene) {
    browser.press(".modal", "Save & Apply");
    browser.wait("!document.body.classList.contains('modal-overlay-active') || \
                  document.querySelector('[data-role=\"answer\"]').innerText.includes('Save again')");
    if browser.value("document.body.classList.contains('modal-overlay-active')") == true {
        browser.press(".modal", "Save & Apply");
    }
    wait_until("the section is saved", || is_saved(scene));
}

/// What is stored is not shown, and stays if it is not replaced. Unknown options stay, too.
fn edit(browser: &Browser, scene: &Scene) {
    browser.press("[data-name=\"home.example.com\"]", "Edit");
    let password = format!("document.querySelector('{}')", input("home", "password"));
    browser.wait(&format!("{password}.placeholder == 'unchanged'"));
    assert_eq!(browser.value(&format!("{password}.value")), "");
    let shown = browser.value("document.documentElement.outerHTML");
    assert!(!shown.as_str().unwrap().contains("secret"));
    browser.press(".modal", "Advanced");
    browser.type_into(&input("home", "ttl"), "120");
    browser.press(".modal", "Save & Apply");
    browser
        .wait("document.querySelector('[data-role=\"answer\"]').innerText.includes('frobnicate')");
    browser.press(".modal", "Save & Apply");
    wait_until("the change is saved", || {
        fs::read_to_string(scene.config.path()).unwrap().contains("option ttl '120'")
    });
    let text = fs::read_to_string(scene.config.path()).unwrap();
    for kept in
        ["option frobnicate 'kept'", "option password 'secret'", "option domain 'home.example.com'"]
    {
        assert!(text.contains(kept), "{kept}: {text}");
    }
}

/// Delete asks once more.
fn delete(browser: &Browser, scene: &Scene) {
    browser.wait("!document.body.classList.contains('modal-overlay-active')");
    browser.press("[data-name=\"new.example.com\"]", "Edit");
    browser.wait("document.querySelector('.modal h4').innerText.includes('Section new')");
    browser.press(".modal", "Delete");
    browser.wait("document.querySelector('[data-role=\"answer\"]').innerText.includes('again')");
    browser.press(".modal", "Delete");
    wait_until("the section is deleted", || !is_saved(scene));
    browser.wait(&format!("!{}", row("new.example.com")));
}

#[test]
fn a_section_is_added_tested_corrected_and_edited() {
    if skip_under_emulator("the browser is tested with the native program") {
        return;
    }
    isolated(&TOOLS, || {
        let scene = Scene::new("option frobnicate 'kept'");
        scene.wan.set_address("203.0.113.5");
        scene.wan.set_address6("2001:db8:1::5");
        let _bus = Ubusd::start();
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        let luci = luci(&scene, &daemon);
        let browser = Browser::start();
        browser.open(&luci.page(OVERVIEW));
        fill_in(&browser);
        correct_a_mistake(&browser);
        test_before_saving(&browser, &scene);
        save(&browser, &scene);
        daemon.wait_published("new", "203.0.113.5");
        wait_ipv6(&daemon, "new.example.com");
        if Luci::is_real() {
            browser.open(&luci.page(OVERVIEW));
        }
        wait_row(&browser, "new.example.com", "203.0.113.5");
        edit(&browser, &scene);
        if Luci::is_real() {
            browser.open(&luci.page(OVERVIEW));
        }
        delete(&browser, &scene);
        assert_no_complaint(&browser);
    });
}

#[test]
fn the_page_works_on_a_phone_in_the_dark_and_by_keyboard() {
    if skip_under_emulator("the browser is tested with the native program") {
        return;
    }
    isolated(&TOOLS, || {
        let scene = Scene::new(BOTH);
        scene.wan.set_address("203.0.113.5");
        scene.wan.set_address6("2001:db8:1::5");
        let _bus = Ubusd::start();
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        let luci = luci(&scene, &daemon);
        let browser = Browser::start();
        browser.resize(500, 800);
        browser.dark(true);
        browser.open(&luci.page(OVERVIEW));
        wait_row(&browser, "home.example.com", "203.0.113.5");
        let fits = "document.documentElement.scrollWidth <= window.innerWidth";
        browser.wait(fits);
        browser.picture("phone");
        // Every control has a name for those who do not see it.
        let nameless = browser.value(
            "[...document.querySelectorAll('button, input, select')].filter(node => \
             !(node.getAttribute('aria-label') || node.textContent.trim())).length",
        );
        assert_eq!(nameless, 0);

        // Tab reaches the buttons, and Enter presses them. The focus stays when the page is refreshed.
        let focus = "document.activeElement.getAttribute('data-key')";
        browser.value("document.querySelector('[data-key=\"home.example.com/update\"]').focus()");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        wait_row(&browser, "home.example.com", "203.0.113.6");
        assert_eq!(browser.value(focus), "home.example.com/update");
        browser.keyboard("\u{e004}\u{e004}");
        assert_eq!(browser.value(focus), "home.example.com/why");
        browser.keyboard("\u{e007}");
        browser.wait("document.querySelector('[data-role=\"why\"]')");
        browser.press(".modal", "Close");
        browser.press("[data-name=\"home.example.com\"]", "Edit");
        browser.wait(&format!("document.querySelector('{}')", input("home", "domain")));
        browser.wait(fits);
        browser.picture("phone-edit");
        assert_no_complaint(&browser);
    });
}

#[test]
fn logs_history_and_the_status_page_have_their_lines() {
    if skip_under_emulator("the browser is tested with the native program") {
        return;
    }
    isolated(&TOOLS, || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let _bus = Ubusd::start();
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        let luci = luci(&scene, &daemon);
        let browser = Browser::start();
        browser.open(&luci.page("view/ddns-netlink/log"));
        browser.wait(
            "document.querySelector('[data-role=\"log\"]').innerText.includes('203.0.113.5')",
        );
        browser.picture("log");
        browser.open(&luci.page("view/status/include/71_ddns-netlink"));
        wait_row(&browser, "home.example.com", "203.0.113.5");
        browser.picture("status");
        browser.open(&luci.page("view/ddns-netlink/history"));
        browser.wait(
            "(document.querySelector('[data-role=\"changes\"]') || document.body)\
             .innerText.includes('203.0.113.5')",
        );
        assert_no_complaint(&browser);
    });
}

/// The texts of the page, as `_('text')` in its views and as titles in its menu.
fn texts() -> BTreeSet<String> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/luci-app-ddns-netlink");
    let list = Command::new("find").arg(package.join("htdocs")).output().unwrap();
    let mut texts = BTreeSet::new();
    for path in String::from_utf8(list.stdout).unwrap().lines().filter(|path| path.ends_with(".js"))
    {
        let source = fs::read_to_string(path).unwrap();
        let parts = source.split("_('").skip(1);
        texts.extend(parts.map(|part| part.split_once("')").unwrap().0.to_owned()));
    }
    let menu = package.join("root/usr/share/luci/menu.d/luci-app-ddns-netlink.json");
    let menu: Value = serde_json::from_str(&fs::read_to_string(menu).unwrap()).unwrap();
    for entry in menu.as_object().unwrap().values() {
        texts.insert(entry["title"].as_str().unwrap().to_owned());
    }
    texts
}

#[test]
fn every_text_of_the_page_is_translated() {
    let po = Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/luci-app-ddns-netlink/po");
    for file in ["templates/ddns-netlink.pot", "de/ddns-netlink.po", "zh_Hans/ddns-netlink.po"] {
        let text = fs::read_to_string(po.join(file)).unwrap();
        let messages = text.split("\n\n").skip(1).map(|entry| {
            let (_, entry) = entry.split_once("msgid \"").unwrap();
            let (message, translation) = entry.trim_end().split_once("\"\nmsgstr \"").unwrap();
            let translation = translation.trim_end_matches('"');
            let placeholders = |text: &str| text.matches("%s").count();
            if !file.ends_with(".pot") {
                assert!(!translation.is_empty(), "{file}: {message}");
                assert_eq!(placeholders(message), placeholders(translation), "{file}: {message}");
            }
            message.to_owned()
        });
        assert_eq!(messages.collect::<BTreeSet<_>>(), texts(), "{file}");
    }
}

#[test]
fn the_form_has_every_option() {
    let path = "openwrt/luci-app-ddns-netlink/htdocs/luci-static/resources/ddns-netlink/options.js";
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let (service, global) = text.split_once("const GLOBAL").unwrap();
    for option in OPTIONS.iter().filter(|option| option.origin != OptionOrigin::Unused) {
        let rows = match option.kind {
            SectionKind::Service => service,
            SectionKind::Global => global,
        };
        assert!(rows.contains(&format!("{{ name: '{}',", option.name)), "{}", option.name);
    }
}

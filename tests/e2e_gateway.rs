//! `ip_source 'gateway'`: the public address of the router before this one, by Debian's miniupnpd and coturn.

mod support;

use serde_json::Value;
use support::daemon::Daemon;
use support::gateway::{
    FIRST, Igd, Listener, NEAR, Responder, SERVER, announce, behind_nat, change, mapping_tables,
    mappings, second_nat, stun_server,
};
use support::process::{run, wait_until};
use support::provider::Reply;
use support::router::{PROVIDER, isolated};
use support::scene::{LIMIT, Scene};

const SECOND: &str = "81.2.69.11";
/// [`SECOND`] as it is in an announcement.
const SECOND_HEX: &str = "5102450b";
const BOTH: &str = "enable_natpmp=yes\nenable_upnp=yes";
const UPNP: &str = "enable_natpmp=no\nenable_upnp=yes";

/// A router behind a gateway with this public address. The long `retry_interval` proves that nothing depends
/// on retries.
fn scene(options: &str, public: &str) -> Scene {
    let source = "option ip_source 'gateway'\noption retry_interval '600'";
    let scene = Scene::new(&format!("{source}\n{options}"));
    behind_nat(&scene.wan, public);
    scene
}

/// Whether the router's port for announcements is open.
fn listens(scene: &Scene) -> bool {
    run(scene.wan.command("cat").arg("/proc/net/udp")).contains(":14E6 ")
}

/// Waits until the record of `section` has no address for a reason with this text; returns the reason.
fn wait_refused(daemon: &Daemon<'_>, section: &str, text: &str) -> String {
    let reason = |record: &Value| record["reason"].as_str().unwrap_or_default().to_owned();
    let record = daemon.wait_record(section, LIMIT, |record| {
        record["state"] == "no-address" && reason(record).contains(text)
    });
    reason(&record)
}

#[test]
fn an_announced_change_is_published_without_waiting_for_the_schedule() {
    isolated(&["miniupnpd", "python3"], || {
        let scene = scene("", FIRST);
        let _igd = Igd::start(BOTH);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", FIRST);
        let why = launcher.stdout(&["why", "home"]);
        let told =
            format!("IPv4: {FIRST} was the last answer (NAT-PMP, gateway {NEAR}); asked again in ");
        assert!(why.contains(&told), "{why}");

        let listener = Listener::start(&scene.wan);
        change(FIRST, SECOND);
        let request = scene.provider.wait_nth(1, LIMIT);
        assert_eq!(request.myip(), SECOND);
        let announced = listener.wait(SECOND_HEX);
        // The schedule would ask five minutes after the first answer.
        assert!(request.at > announced, "announced at {announced:?}, sent at {:?}", request.at);
        daemon.wait_published("home", SECOND);
    });
}

#[test]
fn pcp_tells_the_address_and_leaves_no_mapping() {
    isolated(&["miniupnpd", "nft"], || {
        let scene = scene("", FIRST);
        mapping_tables();
        let _igd = Igd::start(BOTH);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", FIRST);
        let why = launcher.stdout(&["why", "home"]);
        assert!(why.contains(&format!("(PCP, gateway {NEAR})")), "{why}");
        wait_until("the mapping is deleted", || !mappings().contains("dport 9 "));
    });
}

#[test]
fn a_gateway_that_speaks_only_upnp_is_asked_by_upnp() {
    isolated(&["miniupnpd"], || {
        let scene = scene("", FIRST);
        let _igd = Igd::start(UPNP);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", FIRST);
        let why = launcher.stdout(&["why", "home"]);
        assert!(why.contains(&format!("(UPnP, gateway {NEAR})")), "{why}");
    });
}

#[test]
fn an_address_that_the_provider_shares_is_not_published() {
    isolated(&["miniupnpd", "python3"], || {
        let scene = scene("", "100.64.7.7");
        let gateway = Responder::start("100.64.7.7");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let reason = wait_refused(&daemon, "home", "100.64.7.7, a carrier-grade NAT address");
        let by = format!("(NAT-PMP, gateway {NEAR})");
        for part in [&by, "an IPv6 address can be reached: use_ipv6 '1'"] {
            assert!(reason.contains(part), "{reason}");
        }
        drop(gateway);

        // miniupnpd says that it has no address.
        let _igd = Igd::start(BOTH);
        daemon.stop();
        let daemon = launcher.run();
        wait_refused(&daemon, "home", "says that it has no public address (NAT-PMP)");
        assert_eq!(scene.provider.count(), 0);
    });
}

#[test]
fn behind_two_routers_the_owner_is_told_and_stun_finds_the_address() {
    isolated(&["python3", "turnserver", "nft"], || {
        let scene = scene(&format!("option stun_server '{SERVER}'"), "10.9.9.2");
        let command = second_nat();
        let _turn = stun_server(command);
        let gateway = Responder::start("10.9.9.2");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let reason = wait_refused(&daemon, "home", "10.9.9.2, a private address (RFC 1918)");
        assert!(reason.contains("another router is before that one"), "{reason}");

        // A gateway that tells nothing.
        drop(gateway);
        assert_eq!(launcher.code(&["update"]), Some(0));
        daemon.wait_published("home", FIRST);
        let why = launcher.stdout(&["why", "home"]);
        assert!(why.contains(&format!("(STUN, server {SERVER})")), "{why}");
    });
}

#[test]
fn the_page_is_asked_last_and_a_silent_gateway_is_named() {
    isolated(&[], || {
        let mut scene = scene(&format!("option ip_url 'http://{PROVIDER}/ip'"), FIRST);
        scene.config.section("silent", "option ip_source 'gateway'");
        scene.provider.for_path("/ip", Reply::body(SECOND));
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", SECOND);
        let why = launcher.stdout(&["why", "home"]);
        assert!(why.contains(&format!("(page of {PROVIDER})")), "{why}");
        let text = format!("the gateway {NEAR} does not tell its address by PCP, NAT-PMP or UPnP");
        wait_refused(&daemon, "silent", &text);
    });
}

#[test]
fn only_the_gateway_is_heard_and_only_while_a_section_wants_it() {
    isolated(&["miniupnpd", "python3"], || {
        let mut scene = scene("", FIRST);
        let igd = Igd::start(BOTH);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", FIRST);
        wait_until("the daemon listens", || listens(&scene));
        let questions = || {
            let log = igd.log();
            log.iter().filter(|line| line.contains("NAT-PMP public address request")).count()
        };
        let asked = questions();
        let listener = Listener::start(&scene.wan);
        announce("192.168.1.3", "81.2.69.66");
        listener.wait("51024542");
        // What arrived first has been read first.
        change(FIRST, SECOND);
        daemon.wait_published("home", SECOND);
        assert!(questions() <= asked + 2, "{:#?}", igd.log());
        let log = launcher.log();
        assert!(!log.contains("81.2.69.66"), "{log}");

        drop(listener);
        scene.config.global("");
        scene.config.section("home", "");
        scene.config.write();
        daemon.signal(nix::sys::signal::Signal::SIGHUP);
        wait_until("the port is closed", || !listens(&scene));
    });
}

#[test]
fn ipv6_of_such_a_section_is_that_of_the_device() {
    isolated(&["miniupnpd"], || {
        let scene = scene("option also_ipv6 '1'", FIRST);
        scene.wan.set_address6("2001:db8:1::5");
        let _igd = Igd::start(BOTH);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", FIRST);
        daemon.wait_status("AAAA", LIMIT, |_| {
            let record = daemon.record("home", "home.example.com", "AAAA").unwrap();
            record["published"] == "2001:db8:1::5"
        });
    });
}

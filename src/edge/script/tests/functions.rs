//! The functions of `frame.sh`, in every shell of this machine.

use std::process::Command;

use super::*;
use crate::text::percent;

/// The messages that `text` logs.
fn messages_of(section: &TestSection, shell: &[&str], text: &str) -> Vec<String> {
    let (_, messages) = run_with(&section.update(text), shell, LONG, &mut |_| panic!());
    messages.into_iter().map(|(_, text)| text).collect()
}

#[test]
fn each_function_has_the_result_of_ddns_scripts() {
    let section = TestSection::new("functions");
    let cases = [
        ("get_seconds r 3 hours; write_log 5 $r", "10800"),
        ("get_seconds r 2 days; write_log 5 $r", "172800"),
        ("get_seconds r 5 minutes; write_log 5 $r", "300"),
        ("get_seconds r 7 seconds; write_log 5 $r", "7"),
        ("get_uptime r; [ $r -gt 0 ] && write_log 5 up", "up"),
        ("get_registered_ip r && write_log 5 $r", "192.0.2.1"),
        ("REGISTERED_IP=; get_registered_ip r; write_log 5 $?", "127"),
        ("get_current_ip r; write_log 5 $r", "192.0.2.7"),
        ("timeout 1 sleep 100; write_log 5 $?", "143"),
        ("timeout -KILL 1 sleep 100; write_log 5 $?", "137"),
        ("timeout 20 sh -c 'exit 4'; write_log 5 $?", "4"),
        ("v=a.b; sanitize_variable v \"$DNS_CHARSET\" ''; write_log 5 ok", "ok"),
        ("v='a;b'; (sanitize_variable v \"$DNS_CHARSET\" ''); write_log 5 $?", "1"),
        ("v='a;b'; (sanitize_variable v '' \"$SHELL_ESCAPE\"); write_log 5 $?", "1"),
        ("v='a/b'; (sanitize_variable v '' \"$SHELL_ESCAPE\"); write_log 5 $?", "0"),
        ("verify_proxy nonsense; write_log 5 $?", "5"),
        ("date_prog >/dev/null; write_log 5 $?", "0"),
        ("load_all_config_options ddns functions && write_log 5 loaded", "loaded"),
        ("echo 'x 192.0.2.3 y' | grep -q \"$IPV4_REGEX\" && write_log 5 four", "four"),
        ("echo 'x 2001:db8::3 y' | grep -q \"$IPV6_REGEX\" && write_log 5 six", "six"),
        ("[ -d /lib/functions ] || network_get_device d wan0; write_log 5 ${d:-wan0}", "wan0"),
    ];
    for shell in shells() {
        for (text, expected) in cases {
            assert_eq!(messages_of(&section, shell, text), [expected], "{shell:?} {text}");
        }
    }
}

#[test]
fn expand_ipv6_writes_eight_groups_or_invalid() {
    let section = TestSection::new("expand");
    for (address, expected) in [
        ("::", Some("0000:0000:0000:0000:0000:0000:0000:0000")),
        ("::1", Some("0000:0000:0000:0000:0000:0000:0000:0001")),
        ("fe80::", Some("fe80:0000:0000:0000:0000:0000:0000:0000")),
        ("2001:DB8::a:1", Some("2001:0db8:0000:0000:0000:0000:000a:0001")),
        ("1:2:3:4:5:6:7:8", Some("0001:0002:0003:0004:0005:0006:0007:0008")),
        ("1::2::3", None),
        ("12345::1", None),
        ("1:2:3", None),
        ("1:2:3:4:5:6:7:8:9", None),
        ("*", None),
        ("", None),
    ] {
        for shell in shells() {
            let text = format!("expand_ipv6 '{address}' r; write_log 5 \"$r\"");
            let messages = messages_of(&section, shell, &text);
            assert_eq!(
                messages.last().unwrap(),
                expected.unwrap_or("invalid"),
                "{shell:?} {address}"
            );
            assert_eq!(messages.len(), if expected.is_some() { 1 } else { 2 });
        }
    }
}

#[test]
fn urlencode_encodes_as_the_daemon_does() {
    let mut section = TestSection::new("encode");
    let odd = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ aZ09 é€ \t";
    section.options = vec![("odd", odd)];
    for shell in shells() {
        let messages = messages_of(&section, shell, "urlencode r \"$odd\"; write_log 5 \"$r\"");
        assert_eq!(messages, ["***"], "an option of the script's own is covered");
        let show = "urlencode r \"$odd\"; write_log 5 \"$(echo \"$r\" | sed 's/%/_/g')\"";
        let expected = percent::encode(odd).replace('%', "_");
        assert_eq!(messages_of(&section, shell, show), [expected], "{shell:?}");
    }
}

/// The file that packages install.
const INSTALLED: &str = concat!(include_str!("../frame.sh"), include_str!("../outside.sh"));

#[test]
fn outside_of_an_update_the_functions_read_options_and_log() {
    let section = TestSection::new("outside");
    let file = section.scratch.path().join("functions.sh");
    fs::write(&file, INSTALLED).unwrap();
    let text = r#"
        config_load() { config_cb service other; option_cb domain; config_cb service h
            option_cb domain; option_cb username; list_cb more; config_cb service last; option_cb x; }
        config_get() { eval "$1=\"$2.$3\""; }
        reset_cb() { echo reset; }
        uci() { [ "$3" = ddns.global.ddns_rundir ] && echo /tmp/run; }
        logger() { echo "$@"; }
        network_get_ipaddr() { eval "$1=$2.address"; }
        . FILE
        load_all_config_options ddns h && echo "$domain $username $more $x."
        load_all_config_options ddns nowhere || echo none
        get_local_ip address && echo "$address $ddns_rundir $ddns_logdir"
        SECTION_ID=h; write_log 4 text; (write_log 13 fatal; echo on); echo "$?"
    "#;
    let text = text.replace("FILE", &file.display().to_string());
    for shell in shells() {
        let output =
            Command::new(shell[0]).args(&shell[1..]).arg("-c").arg(&text).output().unwrap();
        let messages = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<_> = messages.lines().map(|line| line.split("] ").last().unwrap()).collect();
        let expected = [
            "reset",
            "h.domain h.username h.more .",
            "reset",
            "none",
            "wan.address /tmp/run /var/log/ddns",
            "h: text",
            "h: fatal",
            "1",
        ];
        assert_eq!(lines, expected, "{shell:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn during_an_update_the_installed_functions_can_be_sourced() {
    let section = TestSection::new("sourced");
    let file = section.scratch.path().join("functions.sh");
    fs::write(&file, INSTALLED).unwrap();
    let text = format!(
        ". {}\nwrite_log 5 \"$username$__IP\"\ndo_transfer http://x/ && grep -q good $DATFILE",
        file.display()
    );
    for shell in shells() {
        let (result, messages) =
            run_with(&section.update(&text), shell, LONG, &mut |_| answer(200, "good"));
        assert_eq!((result.outcome, texts(&messages)), (Outcome::Updated, vec!["192.0.2.7"]));
    }
}

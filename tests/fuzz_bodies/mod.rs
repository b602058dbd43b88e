//! The bodies of the fuzz targets: what must hold for every input. `make fuzz` runs each of them
//! from `fuzz/fuzz_targets/`, steered by coverage; `tests/fuzz_short.rs` runs all for a second each
//! in `cargo test`.
//!
//! To add a target: write its body here or in a file of this directory, add its [`Target`] to
//! [`ALL`], and copy a file of `fuzz/fuzz_targets/` and its entry in `fuzz/Cargo.toml`.

pub(crate) mod dns;
pub(crate) mod gateway;
pub(crate) mod http;
pub(crate) mod import;
pub(crate) mod json;
pub(crate) mod lan;
pub(crate) mod netlink;
pub(crate) mod provider;
mod sandbox;
pub(crate) mod state;
pub(crate) mod text;
pub(crate) mod ubus;

use ddns_netlink::config::{Source, check};

/// A body and the inputs to begin with.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) body: fn(&[u8]),
    /// Inputs that reach much of the code; mutations start from these.
    pub(crate) seeds: &'static [&'static [u8]],
    /// Pieces that the mutator inserts.
    pub(crate) words: &'static [&'static str],
}

pub(crate) const ALL: &[Target] = &[
    UCI,
    dns::TARGET,
    gateway::TARGET,
    http::REDIRECT,
    import::TARGET,
    json::TARGET,
    lan::TARGET,
    netlink::TARGET,
    provider::ANSWER,
    provider::TEMPLATE,
    provider::EXPRESSION,
    provider::MASK,
    state::TARGET,
    text::ADDRESS,
    text::DEFINITION,
    text::ZONE,
    text::CONTROL,
    text::SCRIPT,
    ubus::TARGET,
];

const UCI: Target = Target {
    name: "uci_parse",
    body: uci_parse,
    seeds: &[
        include_bytes!("../data/uci/stock.conf"),
        include_bytes!("../data/uci/grammar.conf"),
        include_bytes!("../data/uci/everything.conf"),
    ],
    words: &[
        "config service ",
        "option ",
        "list ",
        "'",
        "\"",
        "\\",
        ";",
        "#",
        "\n",
        "\r\n",
        "''",
        "18446744073709551616",
        "both",
        "never",
        "days",
        "[IP]",
        "\u{feff}",
        "é",
    ],
};

/// For any configuration file, every mistake has a line of the file, and a section that is served
/// is not also listed as broken.
pub(crate) fn uci_parse(bytes: &[u8]) {
    let checked = check::load("ddns", bytes, &sandbox::Sandbox);
    let lines = bytes.split(|&byte| byte == b'\n').count();
    for mistake in &checked.mistakes {
        assert!((1..=lines).contains(&mistake.line), "{mistake}");
    }
    let config = &checked.config;
    for section in &config.sections {
        assert!(!matches!(&section.source, Source::Script(line) if line.is_empty()));
        assert!(!section.names.is_empty() && !section.families.is_empty());
        for &family in &section.families {
            let script = section.provider.script().is_some();
            assert!(script || section.template(family).is_some(), "{}", section.name);
        }
        assert!(config.broken.iter().all(|(name, _)| *name != section.name));
    }
    assert!(config.broken.is_empty() || checked.errors().next().is_some());
}

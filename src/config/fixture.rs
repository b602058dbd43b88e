//! Sections for the unit tests of all modules. Each test sets the fields that it tests.

use super::definition::Downloads;
use super::host::Lan;
use super::{Global, Log, Lookup, RefreshPolicy, Section, Source, Timing};
use crate::model::{Family, Hostname, RecordOptions, Transport, Trust};
use crate::provider::{Account, Author, Mechanism, Provider, Template, Urls};
use crate::time::Duration;

/// A section `home` that publishes the IPv4 address of the device `wan` as `home.example.com`. Its
/// provider has no URL, and there are no waiting times but those after errors.
pub(crate) fn section() -> Section {
    Section {
        name: "home".into(),
        line: 1,
        names: vec![Hostname::parse("home.example.com").unwrap()],
        families: vec![Family::V4],
        lan: Lan::default(),
        source: Source::Device("wan".into()),
        event_network: None,
        gates: Vec::new(),
        lookup: lookup(),
        check_foreign: true,
        provider: provider(),
        record: RecordOptions::default(),
        transport: transport(),
        timing: Timing {
            check: Duration::from_secs(600),
            force: RefreshPolicy::Never,
            retry: Duration::from_secs(60),
            retry_max: 0,
            min_interval: Duration::ZERO,
            burst: 3,
            remove_after: None,
        },
        log: Log { syslog: 2, file: true },
        private_addresses: false,
        temporary_addresses: false,
    }
}

/// Asks the name servers of the zone for `home.example.com`.
pub(crate) fn lookup() -> Lookup {
    let host = "home.example.com".into();
    Lookup { host, server: None, protocol: crate::dns::Protocol::Udp, glue: false }
}

/// A custom provider without a URL and without credentials.
pub(crate) fn provider() -> Provider {
    Provider {
        account: Account { label: "custom".into(), ..Account::default() },
        mechanism: Mechanism::Url(Urls { v4: None, v6: None, both: None }),
        author: Author::Owner,
    }
}

/// A provider with the same URL for both families.
pub(crate) fn url(url: &str, answer: Option<&str>) -> Mechanism {
    let template = Some(Template::new(url, answer.map(Into::into)));
    Mechanism::Url(Urls { v4: template.clone(), v6: template, both: None })
}

/// A transport without a proxy, with the certificates of the system.
pub(crate) fn transport() -> Transport {
    Transport {
        trust: Trust::System,
        proxy: None,
        device: None,
        source: None,
        family: None,
        user_agent: "test".into(),
    }
}

/// Global options whose directories do not exist.
pub(crate) fn global() -> Global {
    Global {
        dateformat: "%F %R".into(),
        rundir: "/nowhere/run".into(),
        logdir: "/nowhere/log".into(),
        statedir: "/nowhere/state".into(),
        loglines: 250,
        private_addresses: false,
        hook: None,
        failing_after: Duration::from_secs(600),
        metrics_file: None,
        downloads: Downloads::default(),
    }
}

//! DreamHost (<https://help.dreamhost.com/hc/en-us/articles/217555707-DNS-API-overview>).
//!
//! Records are added and removed; they cannot be changed. The new address is added first, so that a
//! name always has one. Every request is a GET with the key in the URL.

use super::interface::{
    CALLS, Calls, INTERFACE, Interface, List, Reading, RecordModel, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{NameForm, RECORD, RecordForm, Special};
use super::{Api, Base, Need, Publishing};
use crate::provider::{Batch, Rate};
use crate::time::Duration;

pub(super) const API: Api = Api {
    name: "dreamhost",
    aliases: &["dreamhost.com"],
    title: "DreamHost",
    base: Base::Https("api.dreamhost.com"),
    needs: &[Need::new("password", "an API key that may use all dns- commands")],
    // Five changes take two lists and ten writes, as many requests as the rate allows at once.
    batch: Batch::Account(5),
    // Users report a limit of ten additions in five minutes. A change takes three requests.
    rate: Some(Rate { requests: 12, seconds: 300 }),
    remark: "'ttl' has no effect: DreamHost sets the TTL itself",
    publish: Publishing::Interface(&DREAMHOST),
};

const DREAMHOST: Interface = Interface {
    pause: PAUSE,
    codes: CODES,
    // DreamHost lists no zones. Each record names its zone.
    zones: ZoneSource::List { list: LIST, name: "/zone", id: "/zone" },
    model: RecordModel::RrSet,
    read: Reading::Zone(LIST),
    form: RecordForm {
        name: "/record",
        names: NameForm::Complete,
        address: "/value",
        special: Special {
            places: &["/editable"],
            usual: "1",
            is: "is a record of DreamHost's own",
        },
        ..RECORD
    },
    write: Writing::Values(Calls {
        create: "GET /?key=<password>&format=json&cmd=dns-add_record&record=<fqdn>&type=<type>&value=<address>",
        remove: "GET /?key=<password>&format=json&cmd=dns-remove_record&record=<fqdn>&type=<type>&value=</value>",
        ..CALLS
    }),
    ..INTERFACE
};

const CODES: Codes = Codes {
    // The HTTP status is always 200.
    success: Success::Is("/result", "success"),
    code: &["/data"],
    meanings: &[
        // The removed record is already gone, or the added one is already there.
        ("no_such_record", Meaning::Success, ""),
        ("no_such_value", Meaning::Success, ""),
        ("record_already_exists_remove_first", Meaning::Success, ""),
        ("slow_down", Meaning::Limited, ""),
        ("internal_error", Meaning::Problem, ""),
        ("no_such_zone", Meaning::NotFound, ""),
        ("*_key", Meaning::Credentials, ""),
    ],
};

/// DreamHost's limits are per hour and per day.
const PAUSE: Duration = Duration::from_secs(3600);

/// All records of all zones.
const LIST: List = List::whole("GET /?key=<password>&format=json&cmd=dns-list_records", "/data");

#[cfg(test)]
mod tests;

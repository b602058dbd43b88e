//! Which of our providers a provider of another client is.
//!
//! A row has the name in the other client, ours, and what is to be done about the credentials:
//!
//! * `token`: the user name is what we call the password.
//! * `zone`: the user name is the zone.
//! * `alone`: the password says everything, and a user name means nothing.
//! * `label`: a name without a dot is below the zone, or below the provider's own domain.

use super::draft::{Draft, Records};
use super::remark::Remarks;
use super::words;
use crate::model::url::Url;
use crate::provider::{api, table};

/// Sets the provider of `draft` to what the other client calls `name`. If it is not known, the section is
/// written, and not enabled.
pub(super) fn choose(rows: &'static str, name: &str, draft: &mut Draft, remarks: &mut Remarks) {
    // A name that only begins like these is that of another provider, whose password must not be sent to Namecheap.
    if matches!(name, "namecheap" | "namecheap.com") {
        // Namecheap's own row wants each name in two parts.
        draft.add("update_url", NAMECHEAP);
        if draft.records == Records::Both {
            draft.records = Records::V4;
        }
        adapt("zone label", draft);
    } else if let Some(row) = words::find(rows, name) {
        // A row counts before our own names, because the credentials may mean something else there.
        let (ours, changes) = words::cut(row, " ").unwrap_or((row, ""));
        draft.add("service_name", ours);
        adapt(changes, draft);
    } else if table::find(name).is_some() || api::find(name).is_some() {
        draft.add("service_name", name);
    } else {
        unknown(draft, remarks);
    }
}

const NAMECHEAP: &str = "https://dynamicdns.park-your-domain.com/update?host=[SUB]&domain=[ZONE]&password=[PASSWORD]&ip=[IP]";

/// No provider of ours is known for `draft`.
fn unknown(draft: &mut Draft, remarks: &mut Remarks) {
    draft.enabled = false;
    remarks.lose(
        draft.line,
        "this provider is not known by that name, so its section is not enabled; look for it with \
         'ddns-netlink providers', or write its update URL as 'update_url', then enabled '1'",
    );
}

/// Sets the provider of `draft` to the server of the dyndns2 protocol at `url`.
pub(super) fn choose_server(url: &str, draft: &mut Draft, remarks: &mut Remarks) {
    let Ok(parsed) = Url::parse(url) else { return unknown(draft, remarks) };
    match table::at_host(parsed.host(), parsed.target()) {
        Some(row) => draft.add("service_name", row.name()),
        None => {
            let url = words::replace(url, "://", "://[USERNAME]:[PASSWORD]@");
            draft.add("update_url", &[&url, "?hostname=[DOMAIN]&myip=[IP]"].concat());
        }
    }
}

fn adapt(changes: &str, draft: &mut Draft) {
    for change in changes.split(' ') {
        match change {
            "zone" if !draft.get("username").is_empty() => draft.rename("username", "zone"),
            "token" if !draft.get("username").is_empty() => draft.rename("username", "password"),
            "alone" => draft.add("username", ""),
            "label" => complete(draft),
            _ => {}
        }
    }
}

/// Completes names without a dot. They are below the zone, or below the provider's own domain.
fn complete(draft: &mut Draft) {
    for name in std::mem::take(&mut draft.names) {
        let domain = match draft.get("zone") {
            "" => draft.get("service_name"),
            zone => zone,
        };
        let whole = if name == "@" {
            domain.to_owned()
        } else if words::has(&name, ".") {
            name
        } else {
            [&name, ".", domain].concat()
        };
        draft.names.push(whole);
    }
}

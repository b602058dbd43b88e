//! Cloudflare (<https://developers.cloudflare.com/api/resources/dns/subresources/records/>).
//!
//! The ids of zones and records are learned. With them, changes of any number of names are one batch
//! request, which Cloudflare carries out as a whole or not at all.

use super::interface::{
    BY_NAME, INTERFACE, Interface, List, Reading, RecordModel, Writing, ZoneRef, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{RECORD, Record, RecordForm, Write, elements};
use super::rest::Rest;
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
use crate::model::json::Json;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method, Rate};

pub(super) const API: Api = Api {
    name: "cloudflare",
    aliases: &["cloudflare.com-v4"],
    title: "Cloudflare",
    base: Base::Https("api.cloudflare.com/client/v4/zones"),
    needs: &[Need::new("password", "an API token with Zone Read and DNS Write for the zone")],
    // The limit of the free plan for one batch.
    batch: Batch::Account(200),
    rate: Some(Rate { requests: 1200, seconds: 300 }),
    remark: "an API token needs the permissions Zone Read and DNS Write; with an e-mail address as \
             'username' the password is the global API key",
    publish: Publishing::Interface(&CLOUDFLARE),
};

const CLOUDFLARE: Interface = Interface {
    prepare: Some(credentials),
    codes: CODES,
    zones: ZoneSource::List {
        list: List::numbered("GET ?per_page=50&page=<page>", "/result", 50),
        name: "/name",
        id: "/id",
    },
    zone_ref: ZoneRef::Id,
    model: RecordModel::ById,
    // 500 records fit into [`LONG_ANSWER`](crate::provider::LONG_ANSWER).
    read: Reading::NameOrZone {
        name: List::numbered(
            "GET /<zone>/dns_records?type=<type>&name=<fqdn>&per_page=500&page=<page>",
            "/result",
            500,
        ),
        zone: List::numbered(
            "GET /<zone>/dns_records?type=<type>&per_page=500&page=<page>",
            "/result",
            500,
        ),
        most_names: BY_NAME,
    },
    form: RecordForm { is_relative: false, ..RECORD },
    write: Writing::CodeTogether(write),
    new_ttl: 1,
    ..INTERFACE
};

const CODES: Codes = Codes {
    success: ("/success", "true"),
    // Cloudflare reports wrong credentials with several statuses, but always with one of these codes.
    code: &["/errors/0/code"],
    meanings: &[
        ("10000", Meaning::Credentials, ""),
        ("6003", Meaning::Credentials, ""),
        ("9109", Meaning::Credentials, ""),
    ],
};

/// With an e-mail address as user name the password is the global key; with anything else (`Bearer`,
/// nothing) it is a token.
fn credentials(talk: &mut Conversation<'_>, rest: &mut Rest) -> ApiResult<()> {
    let account = talk.account;
    if account.username.contains('@') {
        rest.header("X-Auth-Key", &account.password);
        rest.plain_header("X-Auth-Email", &account.username);
    } else {
        rest.token("Bearer", &account.password);
    }
    Ok(())
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let mut path = ["/", &zone.id, "/dns_records"].concat();
    let request = match writes {
        [one] if !one.is_removal() => {
            let (method, slash, id) =
                one.id.as_ref().map_or((Method::Post, "", ""), |id| (Method::Patch, "/", id));
            path.extend([slash, id]);
            rest.json(method, &path, &body(one))
        }
        several => {
            path.push_str("/batch");
            let mut batch = BATCH_MEMBERS.map(|member| {
                let writes = several.iter().filter(|write| batch_member(write) == member);
                (member, writes.map(body).collect())
            });
            rest.json(Method::Post, &path, &Json::object(&mut batch))
        }
    };
    let answer = talk.send(request)?;
    let value = rest.value(&answer)?;
    let mut places = vec!["/result"];
    if writes.len() > 1 || writes.iter().any(Write::is_removal) {
        places = BATCH_PLACES.to_vec();
    }
    let mut made = Vec::new();
    for place in places {
        let found = elements(&value, place);
        made.extend(found.iter().map(|raw| Record::of(&CLOUDFLARE.form, zone, None, raw)));
    }
    if made.len() < writes.len() || made.iter().any(|record| record.id.is_empty()) {
        return Err(rest.not_understood(&answer));
    }
    Ok(made)
}

/// Where the answer to a batch request has the records.
const BATCH_PLACES: [&str; 3] = ["/result/deletes", "/result/patches", "/result/posts"];
/// The members of a batch request, and of the result in its answer.
const BATCH_MEMBERS: [&str; 3] = ["deletes", "patches", "posts"];

/// The member of a batch request that `write` belongs to.
fn batch_member(write: &Write<'_>) -> &'static str {
    match write.id {
        _ if write.is_removal() => "deletes",
        Some(_) => "patches",
        None => "posts",
    }
}

fn body(write: &Write<'_>) -> Json {
    if let Some(id) = &write.id
        && write.is_removal()
    {
        return Json::object(&mut [("id", id.as_str().into())]);
    }
    let goal = write.goal;
    let mut body = write.with_set_ttl(Json::object(&mut [("content", goal.address())]), "ttl");
    if let Some(proxied) = goal.change.record.proxied {
        body.set("proxied", proxied.into());
    }
    match &write.id {
        Some(id) => body.set("id", id.as_str().into()),
        None => {
            body.set("type", goal.kind().into());
            body.set("name", goal.fqdn.as_str().into());
            if body["proxied"].is_null() {
                body.set("proxied", false.into());
            }
        }
    }
    body
}

#[cfg(test)]
mod tests;

//! Scaleway (<https://www.scaleway.com/en/developers/api/domains-and-dns/>).
//!
//! Changes of any number of names of a zone are one request.

use super::interface::{
    Calls, INTERFACE, Interface, List, MOST_BY_NAME, Reading, RecordModel, Removal, RestClient,
    Shows, Writing, ZoneSource,
};
use super::meaning::shown;
use super::record::{RECORD, RecordForm, Special};
use super::records;
use super::zone::{Zone, ZoneList};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;
use crate::provider::conversation::{ApiResult, Conversation};

pub(super) const API: Api = Api {
    name: "scaleway",
    aliases: &["scaleway.com"],
    title: "Scaleway",
    base: Base::Https("api.scaleway.com/domain/v2beta1/dns-zones"),
    needs: &[Need::new(
        "password",
        "the secret key of an API key with DomainsDNSFullAccess in the zone's project",
    )],
    batch: Batch::Account(50),
    rate: None,
    remark: "",
    publish: Publishing::Interface(&Interface {
        headers: &[("X-Auth-Token", "<password>")],
        zones: ZoneSource::Code(zones),
        model: RecordModel::RrSet,
        read: Reading::NameOrZone {
            name: List::numbered(
                "GET /<zone>/records?name=<host>&type=<type>&page_size=100&page=<page>",
                "/records",
                100,
            ),
            zone: List::numbered(
                "GET /<zone>/records?type=<type>&page_size=100&page=<page>",
                "/records",
                100,
            ),
            most_names: MOST_BY_NAME,
        },
        form: RecordForm {
            address: "/data",
            special: Special {
                places: &[
                    "/geo_ip_config",
                    "/http_service_config",
                    "/weighted_config",
                    "/view_config",
                ],
                usual: "",
                is: "is no simple record in Scaleway but has a routing policy",
            },
            value: r#"{"name":<host>,"type":<type>,"data":</data>,"ttl":<ttl|300>,"comment":</comment>}"#,
            ..RECORD
        },
        write: Writing::Together {
            update: PATCH,
            remove: Removal::OneRequest(PATCH),
            one: Calls {
                create: SET,
                update: SET,
                remove: r#"{"delete":{"id_fields":{"name":<host>,"type":<type>}}}"#,
                shows: Shows::Nothing,
            },
            alone: None,
        },
        ..INTERFACE
    }),
};

// `disallow_new_zone_creation`: otherwise a typing error in the zone would make a new one.
const PATCH: &str = r#"PATCH /<zone>/records {"return_all_records":false,"disallow_new_zone_creation":true,"changes":<changes>}"#;
const SET: &str = r#"{"set":{"id_fields":{"name":<host>,"type":<type>},"records":<values>}}"#;

fn zones(talk: &mut Conversation<'_>, rest: &RestClient) -> ApiResult<ZoneList> {
    let list = List::numbered("GET ?page_size=100&page=<page>", "/dns_zones", 100);
    let mut zones = ZoneList::new();
    records::each_element(talk, rest, &list, &mut |zone| {
        let name = [shown(zone, "/subdomain"), shown(zone, "/domain")].join(".");
        // The subdomain is empty for the zone of a domain.
        let name = name.trim_start_matches('.');
        zones.push(Zone::new(name, name));
    })?;
    Ok(zones)
}

#[cfg(test)]
mod tests;

//! Vercel (<https://vercel.com/docs/rest-api/dns>, and its own client <https://github.com/vercel/sdk>).
//!
//! The answer to an addition does not show the record, so each record is read before it is changed.

use super::interface::{
    Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Request};
use crate::text::percent;

pub(super) const API: Api = Api {
    name: "vercel",
    aliases: &["vercel.com"],
    title: "Vercel",
    base: Base::Https("api.vercel.com"),
    needs: &[Need::new("password", "an access token")],
    batch: Batch::Account(20),
    rate: None,
    remark: "for domains of a team, 'param_opt' holds the team's ID (team_...)",
    publish: Publishing::Interface(&Interface {
        headers: &[("Authorization", "Bearer <password>")],
        sign: Some(name_team),
        zones: ZoneSource::List {
            list: List { call: "GET /v5/domains?limit=100", at: "/domains", pages: PAGES },
            name: "/name",
            id: "/name",
        },
        model: RecordModel::ByIdReadFirst,
        read: Reading::Zone(List {
            call: "GET /v5/domains/<zone>/records?limit=100",
            at: "/records",
            pages: PAGES,
        }),
        form: RecordForm { address: "/value", ..RECORD },
        write: Writing::Each(Calls {
            create: r#"POST /v2/domains/<zone>/records {"name":<host>,"type":<type>,"value":<address>,"ttl":<ttl>}"#,
            update: r#"PATCH /v1/domains/records/<id> {"value":<address>,"ttl":<set_ttl>}"#,
            remove: "DELETE /v2/domains/<zone>/records/<id>",
            shows: Shows::Nothing,
        }),
        ..INTERFACE
    }),
};

/// Lists begin with the newest element. `next` is the time of the last one.
const PAGES: Pages = Pages::Cursor { parameter: "&until=", next: "/pagination/next" };

/// Adds the team to the query of a request.
fn name_team(talk: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    // The team is added here, because most accounts have none, and every call would have to name it.
    let team = talk.account.param_opt.expose();
    if !team.is_empty() {
        let separator = if request.url.expose().contains('?') { '&' } else { '?' };
        let query = format!("{separator}teamId={}", percent::encode(team));
        request.url = request.url.below(&query);
    }
    Ok(())
}

#[cfg(test)]
mod tests;

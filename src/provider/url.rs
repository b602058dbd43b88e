//! Publishes at a provider that is updated by opening a URL: one request per record, or one for both
//! records of a name where the provider takes both.

use std::net::IpAddr;

use super::conversation::{ApiResult, verdicts};
use super::judge::{AnswerPattern, AnswerRules, UrlKind};
use super::table::{self, Row};
use super::template::{self, Rendered, Subject};
use super::{
    Answer, Carrier, Change, Failure, Job, LearnedChanges, Method, Outcome, Published, Request,
    Scope, Verdict,
};
use crate::model::Family;
use crate::provider::{Author, Mechanism, Provider, Template, Urls};

/// A request and the changes that it makes.
struct PlannedRequest {
    /// The indexes of the changes in the job.
    changes: Vec<usize>,
    /// What to send, or why it cannot be sent.
    request: ApiResult<Box<JudgedRequest>>,
}

/// A request, and for each of its changes the rules for the answer.
struct JudgedRequest {
    request: Request,
    rules: Vec<AnswerRules>,
}

impl PlannedRequest {
    /// Sends the request, unless the job has `ended`, and settles its changes. `ended` becomes the verdict of the
    /// changes that are left, if no further request is worth sending.
    fn carry_out(
        self,
        carrier: &mut dyn Carrier,
        settled: &mut [Option<Box<Verdict>>],
        ended: &mut Option<Box<Verdict>>,
    ) {
        let verdict = match (self.request, &ended) {
            // A request that cannot be made has its own reason, also after the job has ended.
            (Err(verdict), _) => verdict,
            (Ok(_), Some(verdict)) => verdict.clone(),
            (Ok(judged), None) => match carrier.send(&judged.request) {
                Ok(answer) => return judged.settle(&answer, self.changes, settled, ended),
                Err(failure) => unanswered(failure, ended),
            },
        };
        for change in self.changes {
            settle(settled, change, verdict.clone());
        }
    }
}

impl JudgedRequest {
    /// Settles the `changes` of the request by its `answer`.
    fn settle(
        &self,
        answer: &Answer,
        changes: Vec<usize>,
        settled: &mut [Option<Box<Verdict>>],
        ended: &mut Option<Box<Verdict>>,
    ) {
        for (change, rules) in changes.into_iter().zip(&self.rules) {
            let verdict = rules.judge(answer);
            if ended.is_none() && verdict.scope == Scope::Account {
                *ended = Some(verdict.clone());
            }
            settle(settled, change, verdict);
        }
    }
}

/// The verdict of a request without an answer, which ends the job.
fn unanswered(failure: Failure, ended: &mut Option<Box<Verdict>>) -> Box<Verdict> {
    // Only this request can have reached the provider. The later ones were never sent.
    let (reason, kind) = (failure.text.clone(), failure.kind);
    *ended = Some(Outcome::Retry { reason, after: None, kind }.into());
    failure.verdict()
}

/// Publishes `job`.
///
/// A failure that concerns the whole account (wrong password, refused client, throttling, no network)
/// ends the job: the remaining requests are not sent, and their changes have the same outcome.
pub(super) fn publish(provider: &Provider, job: &Job, carrier: &mut dyn Carrier) -> Published {
    let mut settled: Vec<Option<Box<Verdict>>> = job.changes.iter().map(|_| None).collect();
    let mut ended: Option<Box<Verdict>> = None;
    for (index, change) in job.changes.iter().enumerate() {
        if settled.get(index).is_some_and(Option::is_some) {
            continue;
        }
        let planned = plan_request(provider, job, index, change);
        planned.carry_out(carrier, &mut settled, &mut ended);
    }
    let verdicts = verdicts(settled, &Verdict::nothing_done());
    Published { verdicts, learned: LearnedChanges::new() }
}

fn settle(settled: &mut [Option<Box<Verdict>>], change: usize, verdict: Box<Verdict>) {
    if let Some(settled) = settled.get_mut(change) {
        *settled = Some(verdict);
    }
}

/// The request that makes `change`. If the provider takes both addresses of a name in one request, it
/// also makes the change of the name's other family, or repeats what is published there.
fn plan_request(provider: &Provider, job: &Job, index: usize, change: &Change) -> PlannedRequest {
    let Some(address) = change.address() else {
        return PlannedRequest { changes: vec![index], request: removal(provider, change) };
    };
    let mut changes = vec![index];
    let mut sent = vec![address];
    let mut template = provider.template(change.family);
    let mut subject = subject(change, address);
    // Some of these providers delete an address that is left out.
    if let Mechanism::Url(Urls { both: Some(both), .. }) = &provider.mechanism {
        subject.other = published_address(job, change);
        if let Some((index, address)) = other_change(job, index, change) {
            changes.push(index);
            sent.push(address);
            subject.other = Some(address);
        }
        if subject.other.is_some() {
            template = Some(both);
        }
    }
    PlannedRequest { changes, request: prepare(provider, template, &subject, &sent) }
}

fn subject(change: &Change, address: IpAddr) -> Subject<'_> {
    Subject { zone: change.record.zone.as_deref(), ..Subject::new(&change.name, address) }
}

/// The change of the name's other family behind `index` in the job, and its address.
fn other_change(job: &Job, index: usize, change: &Change) -> Option<(usize, IpAddr)> {
    let mut later = job.changes.iter().enumerate().skip(index);
    later.find_map(|(index, other)| match other.address() {
        Some(address) if other.name == change.name && other.family != change.family => {
            Some((index, address))
        }
        _ => None,
    })
}

/// What is published of the name's other family and does not change.
fn published_address(job: &Job, change: &Change) -> Option<IpAddr> {
    let mut kept = job.kept.iter();
    let (_, address) =
        kept.find(|(name, address)| *name == change.name && Family::of(*address) != change.family)?;
    Some(*address)
}

/// The request that removes a record, if the provider has a URL for that. It may name the published
/// address.
fn removal(provider: &Provider, change: &Change) -> ApiResult<Box<JudgedRequest>> {
    let template = provider.row().and_then(|row| row.removal(change.family));
    let (Some(template), Some(address)) =
        // If the answer to the first publication was lost, nothing was published for certain, and the record may be
        // there.
        (template, change.previous.or(change.tried.last().copied()))
    else {
        let reason = format!("{} cannot remove a record", provider.account.label);
        return Err(refused(reason, "leave out option 'remove_after'"));
    };
    let subject = subject(change, address);
    let mut judged = prepare(provider, Some(&template), &subject, &[address])?;
    // A record is removed when its family has no address any more, so the request travels over either.
    judged.request.family = None;
    // The second request may find no record, which a provider may report as an error.
    judged.request.idempotent = false;
    Ok(judged)
}

/// The request for `subject`, with rules for the answer about each address in `sent`.
fn prepare(
    provider: &Provider,
    template: Option<&Template>,
    subject: &Subject<'_>,
    sent: &[IpAddr],
) -> ApiResult<Box<JudgedRequest>> {
    let family = Family::of(subject.address);
    let Some(template) = template else {
        let reason = format!("{} has no update URL for {family}", provider.account.label);
        let advice = "choose another 'service_name', or set 'use_ipv6' to what the provider offers";
        return Err(refused(reason, advice));
    };
    let rendered = render(provider, template, subject).map_err(unusable)?;
    let mut rules = Vec::new();
    for &address in sent {
        rules.push(answer_rules(provider, template, address, &rendered).map_err(|error| {
            unusable(format!("the definition's 'answer' cannot be used: {error}"))
        })?);
    }
    let mut request = Request::get(rendered.url, rendered.shown, rendered.secrets);
    request.method = match provider.row().and_then(|row| row.get("method")) {
        Some("POST") => Method::Post,
        Some("PUT") => Method::Put,
        _ => Method::Get,
    };
    // A known provider stores the address of the connection if the URL names none. Of an unknown host
    // that is not certain.
    if !template::names_address(&template.url) && provider.known_row().is_some() {
        request.family = Some(family);
    }
    Ok(Box::new(JudgedRequest { request, rules }))
}

fn render(
    provider: &Provider,
    template: &Template,
    subject: &Subject<'_>,
) -> Result<Rendered, String> {
    let (url, zone) = match provider.row() {
        Some(row) => {
            let zone = subject.zone.or(row.get("zone"));
            (row.url_for(&template.url, subject.name.as_str(), zone), zone)
        }
        None => (template.url.clone(), subject.zone),
    };
    template::render(&url, provider, Subject { zone, ..*subject }).map_err(|why| why.to_string())
}

/// A definition or an update URL that cannot be used.
fn unusable(reason: String) -> Box<Verdict> {
    refused(reason, "correct 'update_url' or the file of the service definition")
}

fn refused(reason: String, advice: &str) -> Box<Verdict> {
    Verdict::refused(Scope::Record, reason, advice)
}

/// The rules for an answer about `address`. What the table has for a provider also applies to the
/// owner's own URL at its host.
fn answer_rules(
    provider: &Provider,
    template: &Template,
    address: IpAddr,
    rendered: &Rendered,
) -> Result<AnswerRules, &'static str> {
    let is_custom = provider.author == Author::Owner;
    let row = match is_custom {
        true => table::at_host(rendered.url.host(), rendered.url.path()),
        false => provider.row(),
    };
    let ok = match definition_answer(provider, template) {
        Some(answer) => Some(AnswerPattern::of_definition(answer)?),
        None => pattern(answer(template).or(value(row, "ok")), address)?,
    };
    Ok(AnswerRules {
        kind: match row {
            Some(_) if is_custom => UrlKind::CustomAtKnownHost,
            None if is_custom => UrlKind::Custom,
            Some(_) => UrlKind::Dyndns2,
            None if is_dyndns2(&template.url) => UrlKind::Dyndns2,
            None => UrlKind::Definition,
        },
        ok,
        same: pattern(value(row, "same"), address)?,
        no: pattern(value(row, "no"), address)?,
        advice: value(row, "advice"),
        sent: address,
        secrets: rendered.secrets.clone(),
    })
}

fn value(row: Option<Row>, key: &str) -> Option<&'static str> {
    row.and_then(|row| row.get(key))
}

fn pattern(
    text: Option<&str>,
    address: IpAddr,
) -> Result<Option<Box<AnswerPattern>>, &'static str> {
    text.map(|text| AnswerPattern::new(text, address)).transpose()
}

fn answer(template: &Template) -> Option<&str> {
    template.answer.as_deref().filter(|answer| !answer.is_empty())
}

/// The `answer` that a service definition has itself. A definition without one has that of the table,
/// which is an expression of another kind.
fn definition_answer<'t>(provider: &Provider, template: &'t Template) -> Option<&'t str> {
    let answer = answer(template)?;
    let of_table = table::find(&provider.account.label).map(Row::ok);
    match provider.row() {
        // A definition with the same text as the table has taken it from there, and is judged as the table says.
        None if of_table != Some(answer) => Some(answer),
        _ => None,
    }
}

/// Whether the URL of a definition is one of dyndns2, by its path.
fn is_dyndns2(url: &str) -> bool {
    let path = url.split('?').next().unwrap_or(url).to_ascii_lowercase();
    // `/v3/update` is Dyn's present path. Others have kept the former one.
    path.contains("/nic/update") || path.contains("/v3/update")
}

#[cfg(test)]
mod tests;

//! The exchange with a provider that is updated by opening a URL: one request per record, or one for
//! both records of a name where the provider takes both.

use std::net::IpAddr;

use super::judge::{Judge, Pattern, Protocol};
use super::table;
use super::template::{self, Rendered, Subject};
use super::{
    Answer, Change, Exchange, Failure, Job, Method, Outcome, Request, Scope, Step, Verdict,
};
use crate::model::{Family, Hostname};
use crate::provider::{Mechanism, Provider, Template, Urls};

/// The requests of a job, in its order.
///
/// What concerns the account and not the name (wrong password, client refused, throttled, network
/// away) ends the exchange: the rest is not sent and shares the outcome.
#[derive(Debug)]
pub(crate) struct UrlUpdate {
    plan: Vec<Planned>,
    /// How much of the plan is done.
    next: usize,
    /// One per change; `None` until it is known.
    verdicts: Vec<Option<Verdict>>,
}

/// A request and the changes that it makes, each with how the answer is judged for it; or why it
/// cannot be sent.
#[derive(Debug)]
struct Planned {
    changes: Vec<usize>,
    act: Result<(Request, Vec<Judge>), Verdict>,
}

impl UrlUpdate {
    /// Prepares `job`; what cannot be sent at all is refused without a request.
    pub(crate) fn new(provider: &Provider, job: &Job) -> Self {
        let mut plan: Vec<Planned> = Vec::new();
        for (place, change) in job.changes.iter().enumerate() {
            if plan.iter().all(|planned| !planned.changes.contains(&place)) {
                plan.push(planned(provider, job, place, change));
            }
        }
        Self { plan, next: 0, verdicts: vec![None; job.changes.len()] }
    }

    fn go_on(&mut self) -> Step {
        loop {
            match self.plan.get(self.next) {
                None => return Step::Done(self.verdicts.drain(..).flatten().collect()),
                Some(Planned { act: Ok((request, _)), .. }) => {
                    return Step::Send(request.clone());
                }
                Some(Planned { act: Err(verdict), .. }) => {
                    let verdict = verdict.clone();
                    self.conclude(&[verdict]);
                }
            }
        }
    }

    /// The next request of the plan ended like this: a verdict for each of its changes, or one for
    /// all of them.
    fn conclude(&mut self, verdicts: &[Verdict]) {
        let changes = self.plan.get(self.next).map(|planned| planned.changes.clone());
        for (place, change) in changes.into_iter().flatten().enumerate() {
            let verdict = verdicts.get(place).or(verdicts.first());
            if let (Some(slot), Some(verdict)) = (self.verdicts.get_mut(change), verdict) {
                *slot = Some(verdict.clone());
            }
        }
        self.next += 1;
    }

    /// Gives `verdict` to everything that was not sent yet and could have been.
    fn give_up(&mut self, verdict: &Verdict) {
        for planned in self.plan.iter_mut().skip(self.next) {
            if planned.act.is_ok() {
                planned.act = Err(verdict.clone());
            }
        }
    }
}

impl Exchange for UrlUpdate {
    fn start(&mut self) -> Step {
        self.go_on()
    }

    fn step(&mut self, reply: Result<Answer, Failure>) -> Step {
        let Some(Planned { act: Ok((_, judges)), .. }) = self.plan.get(self.next) else {
            return self.go_on();
        };
        match reply {
            Ok(answer) => {
                let verdicts: Vec<Verdict> = judges.iter().map(|it| it.judge(&answer)).collect();
                self.conclude(&verdicts);
                let of_all = verdicts.iter().find(|verdict| verdict.scope == Scope::Account);
                if let Some(verdict) = of_all {
                    self.give_up(verdict);
                }
            }
            Err(failure) => {
                // Only the request that was under way can have reached anybody.
                let rest = Failure { sent: false, ..failure.clone() }.outcome();
                self.conclude(&[failure.verdict()]);
                self.give_up(&rest.into());
            }
        }
        self.go_on()
    }
}

/// The request that makes `change`, and with it the change of the name's other family if there is
/// one and the provider takes both. What else is published of the name is told again, so that it is
/// not taken away.
fn planned(provider: &Provider, job: &Job, place: usize, change: &Change) -> Planned {
    let Some(address) = change.address() else {
        let act = removal(provider, change).map_err(Verdict::record);
        return Planned { changes: vec![place], act };
    };
    let other = |name: &Hostname, address: IpAddr| {
        *name == change.name && Family::of(address) != change.family
    };
    let both = match &provider.mechanism {
        Mechanism::Url(Urls { both, .. }) => both.as_ref(),
        Mechanism::Api(_) | Mechanism::Script(_) => None,
    };
    let mut subject =
        Subject { zone: change.record.zone.as_deref(), ..Subject::new(&change.name, address) };
    let mut changes = vec![place];
    if both.is_some() {
        let sibling = |(_, it): &(usize, &Change)| {
            it.address().is_some_and(|address| other(&it.name, address))
        };
        let sibling = job.changes.iter().enumerate().skip(place).find(sibling);
        let kept = job.kept.iter().find(|(name, address)| other(name, *address));
        changes.extend(sibling.map(|(place, _)| place));
        subject.other =
            sibling.and_then(|(_, it)| it.address()).or(kept.map(|(_, address)| *address));
    }
    let template = match both.filter(|_| subject.other.is_some()) {
        Some(both) => Some(both),
        None => provider.template(change.family),
    };
    let sibling = subject.other.filter(|_| changes.len() > 1);
    let act = prepared(provider, template, subject, sibling);
    Planned { changes, act: act.map_err(Verdict::record) }
}

/// The request that removes a record, where the provider has one for that. It says which by what was
/// published.
fn removal(provider: &Provider, change: &Change) -> Result<(Request, Vec<Judge>), Outcome> {
    let unable = || Outcome::Refused {
        reason: format!("{} cannot remove a record", provider.account.label),
        advice: "leave out option 'remove_after'".into(),
    };
    let template = provider.row.and_then(|row| row.removal(change.family));
    let (template, address) = template.zip(change.previous.or(change.tried)).ok_or_else(unable)?;
    let zone = change.record.zone.as_deref();
    let subject = Subject { zone, ..Subject::new(&change.name, address) };
    let (mut request, judges) = prepared(provider, Some(&template), subject, None)?;
    // The family that is lost leads nowhere.
    request.family = None;
    Ok((request, judges))
}

/// The request, and judges for the address of `subject` and of the `sibling` that it changes, too.
fn prepared(
    provider: &Provider,
    template: Option<&Template>,
    subject: Subject<'_>,
    sibling: Option<IpAddr>,
) -> Result<(Request, Vec<Judge>), Outcome> {
    let family = Family::of(subject.address);
    let template = template.ok_or_else(|| Outcome::Refused {
        reason: format!("{} has no update URL for {family}", provider.account.label),
        advice: "choose another 'service_name', or set 'use_ipv6' to what the provider offers"
            .into(),
    })?;
    let broken = |reason: String| Outcome::Refused {
        reason,
        advice: "correct 'update_url' or the file of the service definition".into(),
    };
    let zone = subject.zone.or_else(|| provider.row.and_then(|row| row.get("zone")));
    let url = match provider.row {
        Some(row) => row.url_for(&template.url, subject.name.as_str(), zone),
        None => template.url.clone(),
    };
    let rendered = template::render(&url, provider, Subject { zone, ..subject })
        .map_err(|why| broken(why.to_string()))?;
    let mut judges = Vec::new();
    for address in [Some(subject.address), sibling].into_iter().flatten() {
        let judge = judge(provider, template, address, Some(address), &rendered);
        judges.push(judge.map_err(|error| {
            broken(format!("the definition's 'answer' cannot be used: {error}"))
        })?);
    }
    let method = match provider.row.and_then(|row| row.get("method")) {
        Some("POST") => Method::Post,
        Some("PUT") => Method::Put,
        _ => Method::Get,
    };
    let names_address = template::names_address(&template.url);
    // Who knows the host knows that the address of the connection is published.
    let seen = (!names_address && provider.known_row().is_some()).then_some(family);
    let mut request = Request::get(rendered.url, rendered.shown, rendered.secrets);
    request.method = method;
    request.family = seen;
    Ok((request, judges))
}

/// How answers about `address` are judged. A definition's own expression comes before the table's.
/// What the table says of a provider counts for the owner's own URL at its host, too.
fn judge(
    provider: &Provider,
    template: &Template,
    address: IpAddr,
    sent: Option<IpAddr>,
    rendered: &Rendered,
) -> Result<Judge, String> {
    let own_url = provider.row.is_none() && provider.account.label == "custom";
    let row = match own_url {
        true => table::at_host(rendered.url.host(), rendered.url.path()),
        false => provider.row,
    };
    let of_table = |key| row.and_then(|row| row.get(key));
    let pattern = |text: Option<&str>| text.map(|it| Pattern::new(it, address)).transpose();
    let own = template.answer.as_deref().filter(|answer| !answer.is_empty());
    // A definition without an answer has that of the table.
    let known = || table::find(&provider.account.label).map(table::Row::ok);
    Ok(Judge {
        protocol: match row {
            Some(_) if own_url => Protocol::AtKnownHost,
            None if own_url => Protocol::Custom,
            Some(_) => Protocol::Dyndns2,
            None if is_dyndns2(&template.url) => Protocol::Dyndns2,
            None => Protocol::Definition,
        },
        ok: match own {
            Some(own) if provider.row.is_none() && known() != Some(own) => {
                Some(Pattern::of_definition(own)?)
            }
            _ => pattern(own.or_else(|| of_table("ok")))?,
        },
        same: pattern(of_table("same"))?,
        no: pattern(of_table("no"))?,
        advice: of_table("advice"),
        sent,
        secrets: rendered.secrets.clone(),
    })
}

/// Whether the URL of a definition is one of dyndns2, by its path.
fn is_dyndns2(url: &str) -> bool {
    let path = url.split('?').next().unwrap_or(url).to_ascii_lowercase();
    path.contains("/nic/update") || path.contains("/v3/update")
}

#[cfg(test)]
mod tests;

//! The exchange with a provider that is updated by opening a URL: one request per record.

use super::ere::Ere;
use super::judge::{Judge, Protocol};
use super::{
    Answer, Change, Exchange, Failure, Job, Method, Outcome, Request, SHORT_ANSWER, Scope, Step,
    Verdict, answers, template,
};
use crate::config::{Provider, Template};

/// One request per change, in the job's order.
///
/// What concerns the account and not the name (wrong password, client refused, throttled, network
/// away) ends the exchange: the rest is not sent and shares the outcome.
#[derive(Debug)]
pub(crate) struct UrlUpdate {
    plan: Vec<Result<Planned, Outcome>>,
    done: Vec<Verdict>,
}

#[derive(Debug)]
struct Planned {
    request: Request,
    judge: Judge,
}

impl UrlUpdate {
    /// Prepares `job`; what cannot be sent at all is refused without a request.
    pub(crate) fn new(provider: &Provider, job: &Job) -> Self {
        let plan = job.changes.iter().map(|change| plan(provider, change));
        Self { plan: plan.collect(), done: Vec::new() }
    }

    fn next(&mut self) -> Step {
        loop {
            match self.plan.get(self.done.len()) {
                Some(Ok(planned)) => return Step::Send(planned.request.clone()),
                Some(Err(outcome)) => self.done.push(outcome.clone().into()),
                None => return Step::Done(std::mem::take(&mut self.done)),
            }
        }
    }

    /// Gives `verdict` to everything that was not sent yet.
    fn give_up(&mut self, verdict: &Verdict) {
        let rest = self.plan.iter().skip(self.done.len());
        let verdicts = rest.map(|plan| match plan {
            Ok(_) => verdict.clone(),
            Err(outcome) => outcome.clone().into(),
        });
        self.done.extend(verdicts.collect::<Vec<_>>());
    }
}

impl Exchange for UrlUpdate {
    fn start(&mut self) -> Step {
        self.next()
    }

    fn step(&mut self, reply: Result<Answer, Failure>) -> Step {
        let Some(Ok(planned)) = self.plan.get(self.done.len()) else {
            return self.next();
        };
        match reply {
            Ok(answer) => {
                let verdict = planned.judge.judge(&answer);
                self.done.push(verdict.clone());
                if verdict.scope == Scope::Account {
                    self.give_up(&verdict);
                }
            }
            Err(failure) => {
                // Only the request that was under way can have reached anybody.
                let rest = Failure { sent: false, ..failure.clone() }.outcome();
                let scope = if failure.sent { Scope::Record } else { Scope::Account };
                self.done.push(Verdict { outcome: failure.outcome(), scope });
                self.give_up(&rest.into());
            }
        }
        self.next()
    }
}

fn plan(provider: &Provider, change: &Change) -> Result<Planned, Outcome> {
    let family = change.family();
    let template = provider.template(family).ok_or_else(|| Outcome::Refused {
        reason: format!("{} has no update URL for {family}", provider.label),
        advice: "choose another 'service_name', or set 'use_ipv6' to what the provider offers"
            .into(),
    })?;
    let broken = |reason: String| Outcome::Refused {
        reason,
        advice: "correct 'update_url' or the file of the service definition".into(),
    };
    let rendered =
        template::render(&template.url, provider, &change.name, change.address).map_err(broken)?;
    let answer = expectation(&provider.label, template)
        .map_err(|error| broken(format!("the definition's 'answer' cannot be used: {error}")))?;
    let judge = Judge {
        protocol: protocol(&provider.label, &template.url),
        answer,
        sent: template.url.contains("[IP]").then_some(change.address),
        secrets: rendered.secrets.clone(),
    };
    let request = Request {
        method: Method::Get,
        url: rendered.url,
        auth: rendered.auth,
        headers: Vec::new(),
        body: None,
        shown: rendered.shown,
        secrets: rendered.secrets,
        answer_limit: SHORT_ANSWER,
    };
    Ok(Planned { request, judge })
}

/// The expression of the definition, or the one we know of.
fn expectation(label: &str, template: &Template) -> Result<Option<Ere>, String> {
    let own = template.answer.as_deref().filter(|answer| !answer.is_empty());
    own.or_else(|| answers::expected(label)).map(Ere::new).transpose()
}

fn protocol(label: &str, url: &str) -> Protocol {
    let path = url.split('?').next().unwrap_or(url).to_ascii_lowercase();
    if path.contains("/nic/update") || path.contains("/v3/update") {
        Protocol::Dyndns2
    } else if label == "custom" {
        Protocol::Custom
    } else {
        Protocol::Definition
    }
}

#[cfg(test)]
mod tests;

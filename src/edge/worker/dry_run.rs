//! Carries jobs out in a dry run: prints what each change would send first, and sends nothing.

use super::drive::unsent;
use super::{Clients, Delivery, Lane, Publication};
use crate::edge::console::show;
use crate::engine::event::Finished;
use crate::model::{Notice, Target};
use crate::provider::{
    self, Answer, Carrier, Change, Failure, FailureKind, Job, Outcome, Query, Request, Verdict,
};
use crate::time::Duration;

/// Prints one line for each change, and reports that the provider accepted it.
pub struct DryRun;

impl Delivery for DryRun {
    fn lane(&self, _: &Publication) -> Lane {
        // The lines come in the order of the configuration.
        Lane::OneByOne
    }

    fn publish(&self, publication: Publication, _: &mut Clients, _: &dyn Fn(Notice)) -> Finished {
        let mut verdicts = Vec::new();
        for (change, section) in publication.job.changes.iter().zip(&publication.sections) {
            let (shown, verdict) = rehearse(&publication, change);
            let (name, record_type) = (&change.name, change.family.record_type());
            let target = match change.target {
                Target::Address(address) => address.to_string(),
                Target::Absent => "is to be removed".into(),
            };
            show(&format!("{section}: {name} {record_type} {target}: {shown}\n"));
            verdicts.push(verdict);
        }
        unsent(publication.id, verdicts)
    }
}

/// What `change` would send first, as people may see it, and what is taken for its result.
fn rehearse(publication: &Publication, change: &Change) -> (String, Verdict) {
    let provider = &publication.section.provider;
    if let Some(script) = provider.script() {
        return (format!("would run {}", script.file.display()), Outcome::Updated.into());
    }
    let mut carrier = FirstRequest::default();
    let job = alone(&publication.job, change);
    let published = provider::publish(provider, &job, &mut carrier);
    if let Some(shown) = carrier.shown {
        return (format!("would send {shown}"), Outcome::Updated.into());
    }
    let verdict = published.verdicts.into_iter().next();
    let verdict = verdict.unwrap_or_else(|| Outcome::Unchanged.into());
    let shown = match &verdict.outcome {
        Outcome::Updated | Outcome::Unchanged => "nothing to send".into(),
        Outcome::Retry { reason, .. }
        | Outcome::Unconfirmed { reason }
        | Outcome::Refused { reason, .. } => format!("cannot be sent: {reason}"),
    };
    (shown, verdict)
}

/// `job` with `change` only. What the other changes publish is there then: an update URL for both
/// families of a name has both addresses in it.
fn alone(job: &Job, change: &Change) -> Job {
    let mut alone = job.clone();
    alone.changes = vec![change.clone()];
    for other in &job.changes {
        if let Some(address) = other.address() {
            alone.kept.push((other.name.clone(), address));
        }
    }
    alone
}

/// Keeps the first request and lets it fail, so that the conversation ends: what would follow depends
/// on the provider's answer.
#[derive(Default)]
struct FirstRequest {
    /// The request as people may see it.
    shown: Option<String>,
}

impl FirstRequest {
    fn keep(&mut self, shown: &str) -> Result<Answer, Failure> {
        self.shown.get_or_insert_with(|| shown.to_owned());
        let text = "nothing is sent in a dry run".into();
        Err(Failure { kind: FailureKind::Other, sent: false, text })
    }
}

impl Carrier for FirstRequest {
    fn send(&mut self, request: &Request) -> Result<Answer, Failure> {
        self.keep(&request.shown)
    }

    fn ask(&mut self, query: &Query) -> Result<Answer, Failure> {
        self.keep(&query.shown)
    }

    fn wait(&mut self, _: Duration) {}
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::config::fixture;
    use crate::model::secret::Secret;
    use crate::provider::testing::{account, change, job, removal};
    use crate::provider::{Mechanism, Provider, Script};

    fn rehearsed(provider: Provider, changes: Vec<Change>) -> Vec<(String, Verdict)> {
        let mut section = fixture::section();
        section.provider = provider;
        let publication = Publication {
            id: 1,
            sections: vec!["home".into(); changes.len()],
            job: job(changes),
            transport: fixture::transport(),
            global: Arc::new(fixture::global()),
            section: Arc::new(section),
        };
        let changes = publication.job.changes.iter();
        changes.map(|change| rehearse(&publication, change)).collect()
    }

    fn at_url(url: &str) -> Provider {
        Provider { mechanism: fixture::url(url, None), ..fixture::provider() }
            .with(|account| account.password = Secret::new("hunter2"))
    }

    #[test]
    fn each_change_shows_its_first_request_without_secrets_and_counts_as_accepted() {
        let changes =
            vec![change("a.example.com", "192.0.2.1"), change("b.example.com", "192.0.2.1")];
        let url = at_url("http://h.example/?n=[DOMAIN]&p=[PASSWORD]&a=[IP]");
        let shown = rehearsed(url, changes.clone());
        for ((shown, verdict), name) in shown.into_iter().zip(["a", "b"]) {
            let expected =
                format!("would send http://h.example/?n={name}.example.com&p=***&a=192.0.2.1");
            assert_eq!((shown, verdict), (expected, Outcome::Updated.into()));
        }
        for (shown, verdict) in rehearsed(account("cloudflare"), changes) {
            assert!(shown.starts_with("would send GET https://api.cloudflare.com/"), "{shown}");
            assert_eq!(verdict, Outcome::Updated.into());
        }
    }

    #[test]
    fn a_script_is_named() {
        let file = PathBuf::from("/usr/lib/update.sh");
        let mechanism = Mechanism::Script(Script { file, options: vec![] });
        let provider = Provider { mechanism, ..fixture::provider() };
        let shown = rehearsed(provider, vec![change("a.example.com", "192.0.2.1")]);
        assert_eq!(shown, [("would run /usr/lib/update.sh".into(), Outcome::Updated.into())]);
    }

    #[test]
    fn what_cannot_be_sent_says_why_and_counts_as_refused() {
        let url = at_url("http://h.example/?a=[IP]");
        let shown = rehearsed(url, vec![removal("a.example.com", "192.0.2.1")]);
        let [(shown, verdict)] = &shown[..] else { panic!("{shown:?}") };
        assert!(shown.starts_with("cannot be sent: ") && shown.ends_with("cannot remove a record"));
        assert!(matches!(verdict.outcome, Outcome::Refused { .. }));
    }
}

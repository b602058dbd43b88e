//! Address sources that must be asked: a web page that knows where a request came from, a script.
//! [`find`] only reads text; [`script`] and the worker do the rest.

pub mod find;
pub mod script;

use std::net::IpAddr;

use crate::config::{Family, Section, Source, Transport};
use crate::http::Client;
use crate::provider::{Answer, Failure, Method, Request};
use crate::secret::Secret;

pub use find::find_address;

/// What to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// A page, over the family that is wanted, or the page would see the other address.
    Web {
        /// `ip_url`.
        url: String,
        /// The section's; its family is replaced.
        transport: Transport,
    },
    /// A program and its arguments: `ip_script`.
    Script(Vec<String>),
}

impl Probe {
    /// How the address source of `section` is asked. The kernel is not asked; its sections have no
    /// probe, and an empty script says so.
    pub fn of(section: &Section, family: Family) -> Self {
        match &section.source {
            Source::Script(argv) => Self::Script(argv.clone()),
            Source::Web { v4, v6 } => {
                let url = if family == Family::V4 { v4 } else { v6 };
                Self::Web { url: url.clone(), transport: section.transport.clone() }
            }
            Source::Network { .. } | Source::Device(_) => Self::Script(Vec::new()),
        }
    }

    /// Whom a hanging probe must not take more than its share of threads from others: the page's
    /// host, or the program.
    pub fn key(&self) -> &str {
        match self {
            Self::Web { url, .. } => {
                let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                rest.split(['/', '?']).next().unwrap_or_default()
            }
            Self::Script(argv) => argv.first().map_or("", String::as_str),
        }
    }
}

/// The address that the page at `url` shows. `client` must use `family`.
///
/// # Errors
/// A sentence that says why there is none.
pub fn web(client: &Client, url: &str, family: Family) -> Result<IpAddr, String> {
    let request = Request {
        method: Method::Get,
        url: Secret::new(url),
        auth: None,
        headers: vec![],
        body: None,
        shown: url.to_owned(),
        secrets: vec![],
    };
    in_answer(client.send(&request), family)
}

fn in_answer(reply: Result<Answer, Failure>, family: Family) -> Result<IpAddr, String> {
    let answer = reply.map_err(|failure| failure.text)?;
    if !(200..300).contains(&answer.status) {
        return Err(format!("the page answered with HTTP status {}", answer.status));
    }
    find_address(&answer.body, family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_page_shows_no_address() {
        let answer = |status| Ok(Answer { status, retry_after: None, body: "192.0.2.1".into() });
        assert!(in_answer(answer(200), Family::V4).is_ok());
        assert_eq!(
            in_answer(answer(503), Family::V4).unwrap_err(),
            "the page answered with HTTP status 503"
        );
    }

    #[test]
    fn probes_share_threads_by_host_or_program() {
        let transport = Transport {
            trust: crate::config::Trust::System,
            proxy: None,
            device: None,
            family: None,
            user_agent: String::new(),
        };
        let web = Probe::Web { url: "http://checkip.example:8080/x".into(), transport };
        assert_eq!(web.key(), "checkip.example:8080");
        assert_eq!(Probe::Script(vec!["/bin/ip".into(), "-4".into()]).key(), "/bin/ip");
    }
}

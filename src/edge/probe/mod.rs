//! Address sources that must be asked: a web page that knows where a request came from, a script.
//! [`find`] only reads text; [`script`] and the worker do the rest.

pub mod find;
pub mod script;

use std::fmt;
use std::net::IpAddr;

use crate::config::{Section, Source, program};
use crate::edge::http::Client;
use crate::model::secret::Secret;
use crate::model::{Family, Transport};
use crate::provider::{Answer, Failure, Method, Request, SHORT_ANSWER, template};

pub use find::find_address;

/// What to ask.
#[derive(Clone, PartialEq, Eq)]
pub enum Probe {
    /// A page, over the family that is wanted, or the page would see the other address.
    Web {
        /// `ip_url`.
        url: String,
        /// The section's; its family is replaced.
        transport: Transport,
    },
    /// A command line for the shell: `ip_script`.
    Script(String),
}

impl Probe {
    /// How the address source of `section` is asked. The kernel is not asked; its sections have no
    /// probe, and an empty script says so.
    pub fn of(section: &Section, family: Family, transport: Transport) -> Self {
        match &section.source {
            Source::Script(line) => Self::Script(line.clone()),
            Source::Web { v4, v6 } => {
                let url = if family == Family::V4 { v4 } else { v6 };
                Self::Web { url: url.clone(), transport }
            }
            Source::Network { .. } | Source::Device(_) => Self::Script(String::new()),
        }
    }

    /// Whom a hanging probe must not take more than its share of threads from others: the page's
    /// host, or the program.
    pub fn key(&self) -> String {
        match self {
            Self::Web { url, .. } => template::host(url).unwrap_or_default(),
            Self::Script(line) => program(line).to_owned(),
        }
    }
}

/// A URL and the arguments of a script may hold a password.
impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Web { .. } => "Web",
            Self::Script(_) => "Script",
        };
        write!(f, "{kind}({})", self.key())
    }
}

/// The address that the page at `url` shows. `client` must use `family`. After a redirect to another
/// host an address alone counts: a captive portal sends everybody to its login page, which may hold
/// any address.
///
/// # Errors
/// A sentence that says why there is none.
pub fn web(client: &Client, url: &str, family: Family) -> Result<IpAddr, Failure> {
    in_answer(client.send(&request(url)), family)
}

/// A page. The URL is sent as it is written: what a page makes of it is its own business.
pub(crate) fn request(url: &str) -> Request {
    let (shown, secrets) = template::literal(url)
        .map_or_else(|_| ("***".into(), vec![]), |rendered| (rendered.shown, rendered.secrets));
    Request {
        method: Method::Get,
        url: Secret::new(url),
        auth: None,
        headers: vec![],
        body: None,
        family: None,
        shown,
        secrets,
        answer_limit: SHORT_ANSWER,
        answer_secret: false,
    }
}

fn in_answer(reply: Result<Answer, Failure>, family: Family) -> Result<IpAddr, Failure> {
    let answer = reply?;
    if !(200..300).contains(&answer.status) {
        let text = format!("the page answered with HTTP status {}", answer.status);
        return Err(Failure::of_answer(text));
    }
    let address = find_address(&answer.body, family).map_err(Failure::of_answer)?;
    if let Some(host) = &answer.redirected_to
        && answer.body.trim().parse() != Ok(address)
    {
        return Err(Failure::of_answer(format!(
            "the page redirects to {host}, perhaps a captive portal; if that is the page you want, \
             name it in 'ip_url'"
        )));
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::fixture;

    #[test]
    fn an_error_page_shows_no_address() {
        let answer = |status| Ok(Answer { status, body: "192.0.2.1".into(), ..Answer::default() });
        assert!(in_answer(answer(200), Family::V4).is_ok());
        assert_eq!(
            in_answer(answer(503), Family::V4).unwrap_err().text,
            "the page answered with HTTP status 503"
        );
    }

    #[test]
    fn after_a_redirect_to_another_host_an_address_alone_counts() {
        let answer = |body: &str, host: Option<&str>| {
            let redirected_to = host.map(str::to_owned);
            Ok(Answer { status: 200, body: body.into(), redirected_to, ..Answer::default() })
        };
        let page = "<html><a href='http://192.0.2.1/login'>Log in</a></html>";
        assert!(in_answer(answer(page, None), Family::V4).is_ok());
        assert!(in_answer(answer("192.0.2.1\n", Some("a.example")), Family::V4).is_ok());
        let failure = in_answer(answer(page, Some("a.example")), Family::V4).unwrap_err();
        assert!(failure.text.starts_with("the page redirects to a.example, "), "{}", failure.text);
    }

    #[test]
    fn the_secrets_in_a_url_are_not_shown() {
        for (url, shown) in [
            ("http://ip.example", "http://ip.example/"),
            ("http://me:s3cret@ip.example/a", "http://me:***@ip.example/a"),
            ("http://s3cret@ip.example/?v=4&token=s3cret", "http://***@ip.example/?v=4&token=***"),
            ("http://s3cret with a space/", "***"),
        ] {
            let request = request(url);
            assert_eq!(request.url.expose(), url);
            assert_eq!(request.shown, shown);
            assert!(!format!("{request:?}").contains("s3cret"));
        }
    }

    #[test]
    fn probes_share_threads_by_host_or_program() {
        let url = "http://me:s3cret@CheckIP.example:8080/x?token=s3cret";
        let web = Probe::Web { url: url.into(), transport: fixture::transport() };
        assert_eq!(web.key(), "checkip.example");
        assert_eq!(format!("{web:?}"), "Web(checkip.example)");
        assert_eq!(Probe::Script("/bin/ip -4".into()).key(), "/bin/ip");
    }
}

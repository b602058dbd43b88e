//! Address sources that must be asked: a web page that shows the client's address, the owner's
//! script, or the router before this one. [`find`] finds the address in their text.

pub mod find;
pub mod gateway;
pub mod script;

use std::fmt;
use std::net::IpAddr;

use crate::config::{Section, Source, program};
use crate::edge::http::Client;
use crate::engine::gateway::Gateway;
use crate::model::{Family, Transport, Url};
use crate::provider::{Answer, Failure, template};

pub use find::find_address;
pub use gateway::GatewayProbe;

/// An address source to ask.
#[derive(Clone, PartialEq, Eq)]
pub enum Probe {
    /// A web page. The request must use the family that is wanted, because the page shows the address
    /// that the request comes from.
    Web {
        /// `ip_url`.
        url: Url,
        /// The transport of the section, with the family that is wanted.
        transport: Box<Transport>,
    },
    /// A command line for the shell: `ip_script`.
    Script(String),
    /// The gateway of the default route.
    Gateway(Box<GatewayProbe>),
}

impl Probe {
    /// The probe of a section. `gateway` is that of the default route. A section whose address comes from the kernel
    /// is not probed; it gets a script that does nothing.
    pub fn of(
        section: &Section,
        family: Family,
        transport: Transport,
        gateway: Option<Gateway>,
    ) -> Self {
        match &section.source {
            Source::Script(line) => Self::Script(line.clone()),
            Source::Web { v4, v6 } => {
                let url = if family == Family::V4 { v4 } else { v6 };
                Self::Web { url: url.clone(), transport: Box::new(transport) }
            }
            Source::Gateway { stun, page } => {
                let (stun, page) = (stun.clone(), page.clone());
                Self::Gateway(Box::new(GatewayProbe { gateway, stun, page, transport }))
            }
            Source::Network { .. }
            | Source::Lines(_)
            | Source::Route { .. }
            | Source::Device(_) => Self::Script(String::new()),
        }
    }

    /// The host of the page, or the program. Probes with the same key share a limit of threads, so that
    /// one that hangs does not block the others.
    pub fn key(&self) -> String {
        match self {
            Self::Web { url, .. } => url.host().to_owned(),
            Self::Script(line) => program(line).to_owned(),
            Self::Gateway(probe) => match &probe.gateway {
                Some(gateway) => gateway.address.to_string(),
                None => String::new(),
            },
        }
    }
}

/// Shows only the key: a URL and the arguments of a script may hold a password.
impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Web { .. } => "Web",
            Self::Script(_) => "Script",
            Self::Gateway(_) => "Gateway",
        };
        write!(f, "{kind}({})", self.key())
    }
}

/// The address that the page at `url` shows. `client` must use `family`. After a redirect to another
/// host, a page counts only if it is nothing but an address.
///
/// # Errors
/// Why there is no address.
pub fn web(client: &Client, url: &Url, family: Family) -> Result<IpAddr, Failure> {
    address_in(client.send(&template::literal(url)), family)
}

fn address_in(answer: Result<Answer, Failure>, family: Family) -> Result<IpAddr, Failure> {
    let answer = answer?;
    if !(200..300).contains(&answer.status) {
        let text = format!("the page answered with HTTP status {}", answer.status);
        return Err(Failure::of_answer(text));
    }
    let address = find_address(&answer.body, family).map_err(Failure::of_answer)?;
    // A captive portal redirects all requests to its login page, which may contain any address.
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
    fn the_address_in_an_error_page_does_not_count() {
        assert!(address_in(Ok(page("192.0.2.1", None)), Family::V4).is_ok());
        let error_page = Answer { status: 503, ..page("192.0.2.1", None) };
        let failure = address_in(Ok(error_page), Family::V4).unwrap_err();
        assert_eq!(failure.text, "the page answered with HTTP status 503");
    }

    #[test]
    fn after_a_redirect_to_another_host_only_a_bare_address_counts() {
        let login = "<html><a href='http://192.0.2.1/login'>Log in</a></html>";
        assert!(address_in(Ok(page(login, None)), Family::V4).is_ok());
        assert!(address_in(Ok(page("192.0.2.1\n", Some("a.example"))), Family::V4).is_ok());
        let failure = address_in(Ok(page(login, Some("a.example"))), Family::V4).unwrap_err();
        assert!(failure.text.starts_with("the page redirects to a.example, "), "{}", failure.text);
    }

    fn page(body: &str, redirected_to: Option<&str>) -> Answer {
        let redirected_to = redirected_to.map(str::to_owned);
        Answer { status: 200, body: body.into(), redirected_to, ..Answer::default() }
    }

    #[test]
    fn the_key_of_a_probe_is_its_host_or_program() {
        let url = "http://me:s3cret@CheckIP.example:8080/x?token=s3cret";
        let web =
            Probe::Web { url: Url::parse(url).unwrap(), transport: fixture::transport().into() };
        assert_eq!(web.key(), "checkip.example");
        assert_eq!(format!("{web:?}"), "Web(checkip.example)");
        assert_eq!(Probe::Script("/bin/ip -4".into()).key(), "/bin/ip");
    }
}

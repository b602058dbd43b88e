//! Providers with an interface of their own: one file each, all of them in [`ALL`].
//!
//! A file has the provider's properties ([`Api`]) and the function that publishes a job (over a
//! [`Conversation`]). What they have in common is in [`records`], [`rest`] and [`zone`].

mod aliyun;
mod cloudflare;
mod desec;
mod digitalocean;
mod dnsimple;
mod dnspod;
mod dreamhost;
mod gandi;
mod godaddy;
mod google;
mod hetzner;
mod hostinger;
mod ionos;
mod linode;
mod luadns;
mod namesilo;
mod netcup;
mod ns1;
mod ovh;
mod porkbun;
mod powerdns;
pub mod records;
pub mod rest;
mod rfc2136;
mod route53;
mod scaleway;
mod servercow;
mod vultr;
mod xml;
pub mod zone;

use std::fmt;

use super::conversation::Publish;
use super::{Batch, Rate};
use crate::model::Url;
use crate::provider::Account;

/// A provider that the program knows how to talk to.
pub struct Api {
    /// Its `service_name`.
    pub name: &'static str,
    /// What ddns-scripts calls it. There is one meaning of the options for all names: what its
    /// scripts see differently is put right in `config/check/ddns_scripts_options.rs`.
    pub aliases: &'static [&'static str],
    /// What people call it, for messages.
    pub title: &'static str,
    /// Where requests go.
    pub base: Base,
    /// Options that it cannot do without.
    pub needs: &'static [Need],
    /// How many changes one job may have.
    pub batch: Batch,
    /// Whether the changes of one zone are one request, in the place of a request for each.
    pub writes_together: bool,
    /// The documented limit of an account's requests, if a router could reach it.
    pub rate: Option<Rate>,
    /// What to know before choosing it, in a sentence; may be empty.
    pub remark: &'static str,
    /// Publishes the job: one verdict per change, in its order.
    pub publish: Publish,
}

/// An option that a provider cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Its name: `username`, `password`, `param_enc`, `param_opt` or `dns_server`.
    pub option: &'static str,
    /// What it holds.
    pub holds: &'static str,
    /// Whether it is a key of many lines, and where it is a path means what is in that file.
    pub is_key: bool,
}

impl Need {
    /// An option that holds this.
    pub const fn new(option: &'static str, holds: &'static str) -> Self {
        Self { option, holds, is_key: false }
    }

    const fn key(option: &'static str, holds: &'static str) -> Self {
        Self { option, holds, is_key: true }
    }
}

/// Where the requests of an [`Api`] go.
#[derive(Clone, Copy, Debug)]
pub enum Base {
    /// To this host and below this path, over `https`.
    Https(&'static str),
    /// As [`Base::Https`], where `param_opt` says which.
    Chosen(fn(&str) -> &'static str),
    /// To the URL in `param_opt`.
    ParamOpt,
    /// To the name server in `dns_server`, as DNS updates (RFC 2136).
    NameServer,
}

impl Base {
    /// The URL that every other of `account` begins with; `None` for DNS updates.
    fn url(self, account: &Account) -> Option<Url> {
        match self {
            Self::Https(place) => Some(Url::https(place)),
            Self::Chosen(choose) => Some(Url::https(choose(account.param_opt.expose()))),
            Self::ParamOpt => account.base.clone(),
            Self::NameServer => None,
        }
    }
}

/// Every one of them, by name.
pub const ALL: &[&Api] = &[
    &aliyun::API,
    &cloudflare::API,
    &desec::API,
    &digitalocean::API,
    &dnsimple::API,
    &dnspod::API,
    &dreamhost::API,
    &gandi::API,
    &godaddy::API,
    &google::API,
    &hetzner::API,
    &hostinger::API,
    &ionos::API,
    &linode::API,
    &luadns::API,
    &namesilo::API,
    &netcup::API,
    &ns1::API,
    &ovh::API,
    &porkbun::API,
    &powerdns::API,
    &rfc2136::API,
    &route53::API,
    &scaleway::API,
    &servercow::API,
    &vultr::API,
];

/// The provider that `service_name` means, by any of its names.
pub fn find(service_name: &str) -> Option<&'static Api> {
    let is = |api: &&&Api| api.name == service_name || api.aliases.contains(&service_name);
    ALL.iter().find(is).copied()
}

/// The value of `key` in `key=value` pairs with `&`, `;` or spaces between them, as some providers
/// have them in `param_enc` and `param_opt`.
pub fn pair<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let pairs = text.split(|c: char| c.is_whitespace() || c == '&' || c == ';');
    let pairs = pairs.filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| *name == key).map(|(_, value)| value).find(|value| !value.is_empty())
}

impl Api {
    /// Whether it cannot do without `option`.
    pub fn needs(&self, option: &str) -> bool {
        self.needs.iter().any(|need| need.option == option)
    }

    /// Whether the password is a key of many lines, and where it is a path means what is in that file.
    pub fn has_key_file(&self) -> bool {
        matches!(self.base, Base::NameServer) || self.needs.iter().any(|need| need.is_key)
    }

    /// The host that requests go to.
    pub fn host(&self, account: &Account) -> Option<String> {
        let server = account.server.as_ref().map(|server| server.host.clone());
        self.base.url(account).map(|url| url.host().to_owned()).or(server)
    }
}

/// There is one of each.
impl PartialEq for Api {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Api {}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests;

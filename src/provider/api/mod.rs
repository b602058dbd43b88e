//! Providers with an interface of their own: one file each, all of them in [`ALL`].
//!
//! A file has the provider's properties ([`Api`]) and its interface: as data ([`interface`]), which [`records`]
//! carries out, or as a function. Both send their requests over a `Conversation`.

mod akamai;
mod aliesa;
mod aliyun;
mod autodns;
mod azure;
mod baidu;
mod beget;
mod blazingfast;
mod bunny;
pub mod call;
mod civo;
mod cloudflare;
mod cloudns;
mod desec;
mod digitalocean;
mod dns51;
mod dnsimple;
mod dnsla;
mod dnspod;
mod dnspod_token;
mod dreamhost;
mod dynadot;
mod edgeone;
mod eranet;
mod exoscale;
mod gandi;
mod gcore;
mod glesys;
mod godaddy;
mod google;
mod hetzner;
mod hostinger;
mod hosttech;
mod huaweicloud;
pub mod interface;
mod inwx;
mod ionos;
mod leaseweb;
mod linode;
mod luadns;
pub mod meaning;
mod mijnhost;
mod namecom;
mod namesilo;
mod nearlyfreespeech;
mod netcup;
mod netcup_rest;
mod netlify;
mod ns1;
mod oauth;
mod ovh;
mod porkbun;
mod powerdns;
mod rainyun;
pub mod record;
pub mod records;
mod regru;
pub mod rest;
mod rfc2136;
mod route53;
mod scaleway;
mod servercow;
mod spaceship;
mod tencent;
mod transip;
mod vercel;
mod volcengine;
mod vultr;
mod westcn;
pub mod zone;

use std::fmt;

use self::interface::Interface;
use super::conversation::{ApiResult, Conversation, Publish};
use super::{Batch, Rate};
use crate::model::Url;
use crate::provider::Account;
use crate::text::parts;

/// A provider with an interface of its own.
pub struct Api {
    /// The `service_name`.
    pub name: &'static str,
    /// Further values of `service_name`, from ddns-scripts. The options mean the same with each name.
    /// Where the script of ddns-scripts uses an option differently,
    /// `config/check/ddns_scripts_options.rs` translates it.
    pub aliases: &'static [&'static str],
    /// The name of the provider in messages.
    pub title: &'static str,
    /// Where requests go.
    pub base: Base,
    /// The options that the provider requires.
    pub needs: &'static [Need],
    /// How many changes one job may have.
    pub batch: Batch,
    /// The documented limit of an account's requests; `None` if a router cannot reach it.
    pub rate: Option<Rate>,
    /// A sentence for owners who choose a provider; may be empty.
    pub remark: &'static str,
    /// How a job is published.
    pub publish: Publishing,
}

/// How a job is published.
#[derive(Clone, Copy)]
pub enum Publishing {
    /// As the data of an interface with zones and records say.
    Interface(&'static Interface),
    /// By a function, which uses this interface.
    Code(Publish, &'static Interface),
    /// By a function with one message for all changes of a zone.
    CodeTogether(Publish),
}

/// An option that a provider requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The option: `username`, `password`, `param_enc`, `param_opt` or `dns_server`.
    pub option: &'static str,
    /// What the option holds, as `the API token`.
    pub holds: &'static str,
    /// Whether the value is a key of several lines. It may also be the path of a file with the key.
    pub is_key: bool,
}

impl Need {
    /// A value of one line.
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
    /// As [`Base::Https`], with the host and path that the function returns for `param_opt`.
    Chosen(fn(&str) -> &'static str),
    /// To the URL in `param_opt`.
    ParamOpt,
    /// To the name server in `dns_server`, as DNS updates (RFC 2136).
    NameServer,
}

impl Base {
    /// The URL that every URL for `account` begins with; `None` for DNS updates.
    fn url(self, account: &Account) -> Option<Url> {
        match self {
            Self::Https(place) => Some(Url::https(place)),
            Self::Chosen(choose) => Some(Url::https(choose(account.param_opt.expose()))),
            Self::ParamOpt => account.base.clone(),
            Self::NameServer => None,
        }
    }
}

/// All providers with an interface of their own, sorted by name.
pub const ALL: &[&Api] = &[
    // The `service_name` is 51dns, which comes before all letters.
    &dns51::API,
    &akamai::API,
    &aliesa::API,
    &aliyun::API,
    &autodns::API,
    &azure::API,
    &baidu::API,
    &beget::API,
    &blazingfast::API,
    &bunny::API,
    &civo::API,
    &cloudflare::API,
    &cloudns::API,
    &desec::API,
    &digitalocean::API,
    &dnsimple::API,
    &dnsla::API,
    &dnspod::API,
    &dnspod_token::API,
    &dreamhost::API,
    &dynadot::API,
    &edgeone::API,
    &eranet::API,
    &exoscale::API,
    &gandi::API,
    &gcore::API,
    &glesys::API,
    &godaddy::API,
    &google::API,
    &hetzner::API,
    &hostinger::API,
    &hosttech::API,
    &huaweicloud::API,
    &inwx::API,
    &ionos::API,
    &leaseweb::API,
    &linode::API,
    &luadns::API,
    &mijnhost::API,
    &namecom::API,
    &namesilo::API,
    &nearlyfreespeech::API,
    &netcup::API,
    &netcup_rest::API,
    &netlify::API,
    &eranet::NOWCN,
    &ns1::API,
    &ovh::API,
    &porkbun::API,
    &powerdns::API,
    &rainyun::API,
    &regru::API,
    &rfc2136::API,
    &route53::API,
    &scaleway::API,
    &servercow::API,
    &spaceship::API,
    &eranet::TNET,
    &transip::API,
    &vercel::API,
    &volcengine::API,
    &vultr::API,
    &westcn::API,
];

/// The provider with this name or alias.
pub fn find(service_name: &str) -> Option<&'static Api> {
    ALL.iter().copied().find(|api| api.name == service_name || api.aliases.contains(&service_name))
}

/// The value of `key` in `key=value` pairs that are separated by `&`, `;` or spaces, as in `param_enc`
/// and `param_opt` of some providers. An empty value counts as none.
pub fn pair<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let pairs = parts(text, |c| c.is_whitespace() || c == '&' || c == ';');
    pairs.into_iter().find_map(|pair| match pair.split_once('=') {
        Some((name, value)) if name == key && !value.is_empty() => Some(value),
        _ => None,
    })
}

impl Api {
    /// Whether one request makes all changes of a zone, instead of one request for each change.
    pub const fn writes_together(&self) -> bool {
        match self.publish {
            Publishing::Interface(interface) | Publishing::Code(_, interface) => {
                interface.writes_together()
            }
            Publishing::CodeTogether(_) => true,
        }
    }

    /// Publishes the job of the conversation.
    ///
    /// # Errors
    /// The verdict for all changes that are not settled.
    pub fn publish(&'static self, talk: &mut Conversation<'_>) -> ApiResult<()> {
        match self.publish {
            Publishing::Interface(interface) => records::publish(talk, self, interface),
            Publishing::Code(publish, _) | Publishing::CodeTogether(publish) => publish(talk),
        }
    }

    /// Whether the provider requires `option`.
    pub fn needs(&self, option: &str) -> bool {
        self.needs.iter().any(|need| need.option == option)
    }

    /// Whether the password is a key of several lines, or the path of a file with the key.
    pub fn has_key_file(&self) -> bool {
        matches!(self.base, Base::NameServer) || self.needs.iter().any(|need| need.is_key)
    }

    /// The host that requests go to.
    pub fn host(&self, account: &Account) -> Option<String> {
        match self.base.url(account) {
            Some(url) => Some(url.host().to_owned()),
            None => account.server.as_ref().map(|server| server.host.clone()),
        }
    }
}

/// Each provider has one value, so the name is enough.
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

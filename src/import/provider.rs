//! Which of our providers a provider of another client is.
//!
//! A row has the name in the other client, ours, and what is to be done about the credentials:
//!
//! * `token`: the user name is what we call the password.
//! * `zone`: the user name is the zone.
//! * `alone`: the password says everything, and a user name means nothing.
//! * `label`: a name without a dot is below the provider's own domain.
//! * `parts`: the user name is the domain, and our user name is what stands before it.

use super::remark::Remarks;
use super::section::{Draft, Records};
use crate::model::url::Url;
use crate::provider::{api, table};

/// Providers of inadyn, without what stands before `@`.
pub(super) const INADYN: &str = "\
freedns.afraid.org afraid.org-v2-basic
freedns afraid.org-v2-basic
cloudflare.com cloudflare zone
cloudflare cloudflare zone
duckdns.org duckdns.org token
duckdns duckdns.org token
dynv6.com dynv6.com token
ipv4.dynv6.com dynv6.com token
freemyip.com freemyip.com alone
he.net he.net alone
porkbun.com porkbun
namecheap.com namecheap.com parts
gira.de giradns.com
domene.shop domeneshop.no
domopoli domopoli.de
pdd.yandex.ru yandex-pdd
domains.google.com google.com";

/// Protocols of ddclient that belong to one provider.
pub(super) const DDCLIENT: &str = "\
1984 1984.is alone
changeip changeip.com
cloudflare cloudflare
cloudns cloudns.net alone
ddns.fm ddns.fm alone
digitalocean digitalocean alone
dinahosting dinahosting.com
dnsexit dnsexit.com
dnsexit2 dnsexit.com alone
dnsmadeeasy dnsmadeeasy.com
domeneshop domeneshop.no
dondominio dondominio.com
duckdns duckdns.org alone label
dynadot dynadot.com alone
dynu dynu.com
easydns easydns.com
enom enom.com
freedns afraid.org-v2-basic
freemyip freemyip.com alone label
gandi gandi alone
godaddy godaddy
he.net he.net alone
hetzner hetzner alone
infomaniak infomaniak.com
inwx inwx.com
ionos ionos alone
keysystems domaindiscount24.com alone
mythicdyn mythic-beasts.com-v2
namecheap namecheap.com parts
netcup netcup
nfsn nearlyfreespeech
njalla njal.la alone
noip no-ip.com
ns1 ns1 token
nsupdate rfc2136
ovh ovh.com
porkbun porkbun
regfishde regfish.de alone
simply.com simply.com
sitelutions sitelutions.com
spaceship spaceship
yandex yandex-pdd
zoneedit1 zoneedit.com";

/// Providers of ddns-go.
pub(super) const DDNS_GO: &str = "\
alidns aliyun
baiducloud baidu
cloudflare cloudflare alone
desec desec alone
dnspod dnspod-token
dynadot dynadot.com alone
dynv6 dynv6.com alone
gcore gcore alone
name_com namecom
namecheap namecheap.com parts
namesilo namesilo alone
nsone ns1 alone
rainyun rainyun alone
tencentcloud dnspod
tnethk tnet
trafficroute volcengine
vercel vercel alone";

/// Sets the provider of `draft` to what the other client calls `name`. If it is not known, the section is
/// written, and not enabled.
pub(super) fn choose(rows: &'static str, name: &str, draft: &mut Draft, remarks: &mut Remarks) {
    let row = rows.lines().map(|row| row.split(' ')).find(|row| row.clone().next() == Some(name));
    if let Some(mut row) = row {
        let ours = row.nth(1).unwrap_or_default();
        draft.set("service_name", ours);
        row.for_each(|change| adapt(change, ours, draft));
    } else if table::find(name).is_some() || api::find(name).is_some() {
        draft.set("service_name", name);
    } else {
        unknown(draft, remarks);
    }
}

/// No provider of ours is known for `draft`.
pub(super) fn unknown(draft: &mut Draft, remarks: &mut Remarks) {
    draft.enabled = false;
    remarks.lose(
        draft.line,
        "this provider is not known by that name, so its section is not enabled; look for it with \
         'ddns-netlink providers', or write its update URL as 'update_url', then enabled '1'",
    );
}

/// Sets the provider of `draft` to the server of the dyndns2 protocol at `address`: a host, perhaps with a
/// scheme before it and a path behind it.
pub(super) fn choose_server(address: &str, draft: &mut Draft, remarks: &mut Remarks) {
    let Ok(url) = Url::parse(address) else { return unknown(draft, remarks) };
    match table::at_host(url.host(), url.target()) {
        Some(row) => draft.set("service_name", row.name()),
        None => {
            let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
            let credentials = "[USERNAME]:[PASSWORD]@";
            let query = "?hostname=[DOMAIN]&myip=[IP]";
            draft.set("update_url", &[scheme, "://", credentials, rest, query].concat());
        }
    }
}

fn adapt(change: &str, provider: &str, draft: &mut Draft) {
    let user = draft.get("username").to_owned();
    match change {
        "token" if !user.is_empty() => draft.set("password", &user),
        "zone" => draft.set("zone", &user),
        "label" => {
            for name in &mut draft.names {
                if !name.contains('.') {
                    *name = [name, ".", provider].concat();
                }
            }
            return;
        }
        "parts" => return take_apart(&user, draft),
        _ => {}
    }
    draft.set("username", "");
}

/// Namecheap wants the domain and what stands before it, each by itself: `domain` is the domain of `draft`'s
/// first name, and that name may also be only what stands before it.
fn take_apart(domain: &str, draft: &mut Draft) {
    let name = draft.names.first().map_or("", String::as_str);
    let dotted = [".", domain].concat();
    let host = match name.strip_suffix(dotted.as_str()) {
        Some(host) => host,
        None if name == domain => "@",
        None => name,
    };
    let (host, whole) =
        (host.to_owned(), if host == "@" { domain.to_owned() } else { [host, &dotted].concat() });
    draft.set("username", &host);
    draft.set("domain", domain);
    draft.records = Records::V4;
    draft.names = vec![whole];
}

/// `draft` as the provider can have it: a section for each name, where its URL has the name in parts.
pub(super) fn split(provider: &str, draft: Draft) -> Vec<Draft> {
    if !provider.starts_with("namecheap") {
        return vec![draft];
    }
    let mut drafts = Vec::new();
    for name in &draft.names {
        let mut one = draft.clone();
        one.names = vec![name.clone()];
        drafts.push(one);
    }
    drafts
}

//! `ddns service`: provider definitions, downloaded and removed.

use std::path::Path;

use crate::cli::exit;
use crate::cli::service::{Action, Service};
use crate::config::check::PathKind;
use crate::config::definition::{self, Downloads};
use crate::edge::console::{complain, show, warn};
use crate::edge::files;
use crate::edge::files::definitions::Definitions;
use crate::edge::http::Client;
use crate::edge::load::load_global;
use crate::model::{Transport, Trust, USER_AGENT, Url};
use crate::provider::{api, table, template};
use crate::text::quoted::quoted;

// Exit codes of openwrt `net/ddns-scripts`, `usr/bin/ddns.sh`.
/// There is no list.
const NO_LIST: u8 = 3;
/// There is no such definition, or none at all.
const NO_DEFINITION: u8 = 4;
/// The file or directory of `cacert` does not exist.
const NO_CERTIFICATES: u8 = 5;

/// Carries it out; returns the exit code.
pub(super) fn run(service: &Service) -> u8 {
    let definitions = Definitions::system();
    let provider = service.provider.as_str();
    match service.action {
        Action::Update => download(&downloads().list_url(), &|text| put_list(&definitions, text)),
        Action::ListAvailable => match definitions.list() {
            Ok(list) => show(&String::from_utf8_lossy(&list)),
            Err(_) => complain(NO_LIST, &"there is no list yet: 'ddns service update' gets it"),
        },
        Action::ListInstalled => {
            let names = definitions.installed();
            if names.is_empty() {
                return complain(NO_DEFINITION, &"no definitions were installed");
            }
            show(&(names.join("\n") + "\n"))
        }
        // The name becomes a part of a path and of a URL.
        Action::Install | Action::Remove if !definition::is_provider(provider) => {
            let text = format_args!("{} cannot be the name of a provider", quoted(provider));
            complain(NO_DEFINITION, &text)
        }
        // The server of the definitions must not decide where the passwords of these providers go.
        Action::Install if is_known(provider) => show(&format_args!(
            "{provider} is known to the program and needs no definition; nothing was downloaded\n"
        )),
        Action::Install => download(&downloads().definition_url(provider), &|json| {
            put_definition(&definitions, provider, json)
        }),
        Action::Remove => done(definitions.remove(provider)),
        Action::Purge => done(definitions.purge()),
    }
}

/// Keeps a list of providers that was downloaded; returns the message to print.
fn put_list(definitions: &Definitions, text: &str) -> Result<String, String> {
    let names = definition::list(text)?;
    definitions.put_list(&(names.join("\n") + "\n")).map_err(|error| error.to_string())?;
    Ok(format!("{} providers can be installed\n", names.len()))
}

/// Keeps a definition that was downloaded; returns the message to print.
fn put_definition(definitions: &Definitions, provider: &str, json: &str) -> Result<String, String> {
    // The text is checked before it replaces anything: a server may answer with a page in the place of a definition.
    let definition = definition::parse(json)?;
    if definition.ipv4.is_none() && definition.ipv6.is_none() {
        return Err("it says nothing about IPv4 or IPv6".into());
    }
    definitions.put(provider, json).map_err(|error| error.to_string())?;
    Ok(format!("{provider} is installed\n"))
}

/// Whether the program knows the provider without a definition.
fn is_known(provider: &str) -> bool {
    api::find(provider).is_some() || table::find(provider).is_some()
}

fn done(result: std::io::Result<()>) -> u8 {
    match result {
        Ok(()) => exit::OK,
        Err(error) => complain(exit::FAILED, &error),
    }
}

/// Where definitions are downloaded from: as configured, or the usual server if the configuration
/// cannot be read.
fn downloads() -> Downloads {
    match load_global(&files::default_config()) {
        Ok(global) => global.downloads,
        Err(_) => Downloads::default(),
    }
}

/// Downloads `url` and hands its text to `keep`, which returns the message to print.
fn download(url: &str, keep: &dyn Fn(&str) -> Result<String, String>) -> u8 {
    let trust = match trust(downloads().cacert.as_deref()) {
        Ok(trust) => trust,
        Err(why) => return complain(NO_CERTIFICATES, &why),
    };
    match get(url, trust).and_then(|text| keep(&text)) {
        Ok(text) => show(&text),
        Err(why) => complain(exit::FAILED, &format_args!("{url}: {why}; nothing was changed")),
    }
}

fn trust(cacert: Option<&str>) -> Result<Trust, String> {
    match cacert.map(|path| (path, files::path_kind(Path::new(path)))) {
        None => Ok(Trust::System),
        Some(("IGNORE", _)) => {
            warn(
                &"ddns: cacert IGNORE: the server is not checked, anybody on the way can change \
                  what it sends\n",
            );
            Ok(Trust::Nothing)
        }
        Some((path, PathKind::File)) => Ok(Trust::File(path.into())),
        Some((path, PathKind::Directory)) => Ok(Trust::Directory(path.into())),
        Some((path, PathKind::Missing)) => Err(format!("cacert: {path} does not exist")),
    }
}

fn get(url: &str, trust: Trust) -> Result<String, String> {
    let user_agent = USER_AGENT.into();
    let transport =
        Transport { trust, proxy: None, device: None, source: None, family: None, user_agent };
    let client = Client::new(&transport, Default::default());
    let url = Url::parse(url).map_err(|why| why.to_string())?;
    let answer = client.send(&template::literal(&url)).map_err(|failure| failure.text)?;
    if answer.status != 200 {
        return Err(format!("HTTP status {}", answer.status));
    }
    Ok(answer.body)
}

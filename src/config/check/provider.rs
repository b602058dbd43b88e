//! Reads the provider: `service_name`, `update_url` or `update_script`, and the credentials.

use std::path::Path;

use super::reader::Reader;
use super::update_url;
use super::value_syntax;
use super::{DefinitionDirectory, PathKind};
use super::{key, secret, transport, unused};
use crate::config::definition::{self, Block, Definition};
use crate::config::listing;
use crate::dns::Protocol;
use crate::model::name::is_file_name;
use crate::model::secret::Secret;
use crate::model::url::to_https;
use crate::model::{Family, HostPort, RecordOptions, Url};
use crate::provider::api::{self, Api, Base};
use crate::provider::ere::Ere;
use crate::provider::table::{self, Row};
use crate::provider::template;
use crate::provider::{Account, Author, Mechanism, Provider, Script, Template, Urls};
use crate::text::quoted::{quoted, quoted_char};

/// Characters that ddns-scripts refuses in `param_opt`, because they mean something to a shell.
const NOT_IN_PARAM_OPT: &str = "\"'`$!();><{}?|[]*\\";

const CUSTOM: &str = "custom";

/// Reads the provider. Reports options that it needs and that are missing.
pub(super) fn read(
    reader: &mut Reader<'_>,
    families: &[Family],
    server: Option<&HostPort>,
) -> Provider {
    let service = service_name(reader).or_else(|| provider_of_replaced_script(reader));
    let (mechanism, author) = match service {
        Some(name) => from_name(reader, families, name),
        None if reader.is_set("update_script") => (from_update_script(reader), Author::Owner),
        None => (from_update_url(reader, families), Author::Owner),
    };
    let api = match &mechanism {
        Mechanism::Api(api) => Some(*api),
        Mechanism::Url(_) | Mechanism::Script(_) => None,
    };
    let account = account(reader, service.unwrap_or(CUSTOM), api, server);
    let mut provider = Provider { account, mechanism, author };
    // This follows all ways to a URL, because the option also counts for a definition's, as in ddns-scripts.
    if reader.flag("use_https", false) {
        secure(&mut provider.mechanism);
    }
    if let Mechanism::Script(script) = &mut provider.mechanism {
        read_files_for(script, reader);
    }
    if is_name_server(api) {
        key::fill_in(&mut provider.account);
    }
    update_url::warn_of_plain_http(reader, &provider, families);
    let is_named = service_name(reader).is_some();
    unused::warn(reader, &provider, is_named);
    if is_name_server(api) {
        key::check(reader, &provider.account);
    }
    require(reader, &provider, families);
    warn_of_ipv6_alone(reader, &provider, families);
    provider
}

/// Whether updates are sent to a name server (RFC 2136).
fn is_name_server(api: Option<&Api>) -> bool {
    api.is_some_and(|api| matches!(api.base, Base::NameServer))
}

fn account(
    reader: &mut Reader<'_>,
    label: &str,
    api: Option<&Api>,
    server: Option<&HostPort>,
) -> Account {
    let is_name_server = is_name_server(api);
    let param_opt = param_opt(reader, api.is_some());
    Account {
        label: label.into(),
        username: secret::read(reader, "username").expose().into(),
        password: secret::password(reader, api.is_some_and(Api::has_key_file)),
        param_enc: secret::read(reader, "param_enc"),
        base: match api.map(|api| api.base) {
            Some(Base::ParamOpt) if !param_opt.is_empty() => {
                reader.sound("param_opt", Url::parse(param_opt.expose()))
            }
            Some(_) | None => None,
        },
        param_opt,
        server: if is_name_server { server.cloned() } else { None },
        protocol: if is_name_server { transport::protocol(reader) } else { Protocol::Udp },
    }
}

/// Reads the properties of the records beside their address. A script reads its options itself.
pub(super) fn record(reader: &mut Reader<'_>, provider: &Provider) -> RecordOptions {
    let share = share(reader, provider);
    if provider.script().is_some() {
        return RecordOptions::default();
    }
    let ttl = reader.number("ttl", 0, 0x7fff_ffff);
    let proxied = if reader.is_set("proxied") { Some(reader.flag("proxied", false)) } else { None };
    RecordOptions {
        zone: reader.owned_text("zone"),
        zone_id: reader.owned_text("zone_id"),
        id: reader.owned_text("record_id").or_else(|| reader.owned_text("rec_id")),
        ttl,
        proxied,
        share,
    }
}

/// Reads `share`. The requests of an interface can add an address beside others.
fn share(reader: &mut Reader<'_>, provider: &Provider) -> bool {
    let share = reader.flag("share", false);
    let what = match provider.mechanism {
        Mechanism::Api(_) => return share,
        Mechanism::Url(_) => "an update URL",
        Mechanism::Script(_) => "a script",
    };
    if share {
        let text = format_args!(
            "is not possible with {what}, which replaces all addresses of a name; choose a provider with an \
             interface of its own ('ddns-netlink providers' lists them)"
        );
        reader.fail("share", text);
    }
    share
}

/// Reports the id of a record in a section with several records, because all of them would be written into
/// the record with that id.
pub(super) fn one_record(
    reader: &mut Reader<'_>,
    provider: &Provider,
    record: &RecordOptions,
    records: usize,
) {
    if !matches!(provider.mechanism, Mechanism::Api(_)) || records < 2 {
        return;
    }
    let Some(id) = &record.id else { return };
    // Sections made for ddns-scripts have the id in one of the last two.
    let options = ["record_id", "rec_id", "param_opt", "param_enc"];
    let names_id =
        |option: &&str| reader.values(option).iter().any(|(value, _)| value.contains(id));
    let option = options.iter().copied().find(names_id).unwrap_or("record_id");
    let text =
        format_args!("names one record, but the section has {records}; make a section for each");
    reader.fail(option, text);
}

/// The name of the provider; `None` for a custom one. Old versions of LuCI store `-` for a custom URL.
fn service_name<'a>(reader: &mut Reader<'a>) -> Option<&'a str> {
    match reader.text("service_name") {
        Some("-" | CUSTOM) => None,
        name => name,
    }
}

/// The provider `name`. The owner's definition has priority over the providers in the program, and these
/// over definitions of packages.
// Packages bring a definition for each provider that ddns-scripts knows. With it, the URL would lack what the program
// knows: https, both families in one request, what answers mean.
fn from_name(reader: &mut Reader<'_>, families: &[Family], name: &str) -> (Mechanism, Author) {
    let own = own_definition(reader, families, name);
    if own.is_none() {
        if let Some(api) = api::find(name) {
            return (Mechanism::Api(api), Author::Definition);
        }
        if let Some(row) = table::find(name) {
            return (from_table(reader, families, row, name), Author::Table(row));
        }
    }
    let json = own.or_else(|| reader.env.definition(DefinitionDirectory::Packaged, name));
    let mechanism = match definition(json, name) {
        Ok(definition) => from_json(reader, families, name, &definition),
        Err(why) => {
            reader.fail("service_name", format_args!("{why}"));
            Mechanism::NO_URL
        }
    };
    (mechanism, Author::Definition)
}

/// The provider `name` as a definition describes it: a script if it names the same one for every family,
/// otherwise its URLs.
fn from_json(
    reader: &mut Reader<'_>,
    families: &[Family],
    name: &str,
    definition: &Definition,
) -> Mechanism {
    let mut blocks = Vec::new();
    for &family in families {
        blocks.extend(block(reader, definition, name, family));
    }
    match blocks.first().and_then(|block| block.script()) {
        Some(file) if blocks.iter().all(|block| block.script() == Some(file)) => {
            from_definition(reader, name, file)
        }
        _ => Mechanism::Url(Urls {
            v4: template(reader, definition, name, families, Family::V4),
            v6: template(reader, definition, name, families, Family::V6),
            both: None,
        }),
    }
}

/// The owner's definition. It is ignored if its script does not exist and the program itself has a
/// provider of this name.
fn own_definition(
    reader: &mut Reader<'_>,
    families: &[Family],
    name: &str,
) -> Option<Result<String, String>> {
    let own = reader.env.definition(DefinitionDirectory::Own, name)?;
    // LuCI's button downloads a definition, but no package with its script.
    let is_built_in = api::find(name).is_some() || table::find(name).is_some();
    if is_built_in && let Some(script) = missing_script(reader, families, &own) {
        let text = format_args!(
            "your definition '{name}' is ignored: its script {} is missing; the built-in one is used",
            quoted(&script)
        );
        reader.warn("service_name", text);
        return None;
    }
    Some(own)
}

/// The file name of the script that a definition needs, if it does not exist.
fn missing_script(
    reader: &Reader<'_>,
    families: &[Family],
    json: &Result<String, String>,
) -> Option<String> {
    let definition = definition::parse(json.as_deref().ok()?).ok()?;
    let script = families.iter().find_map(|&family| definition.block(family)?.script())?;
    match reader.env.path_kind(&Path::new(SCRIPTS).join(script)) {
        PathKind::File => None,
        PathKind::Directory | PathKind::Missing => Some(script.to_owned()),
    }
}

fn from_table(reader: &mut Reader<'_>, families: &[Family], row: Row, name: &str) -> Mechanism {
    if let Some(why) = row.get("dead") {
        reader.fail("service_name", format_args!("{} {why}", row.title_or(name)));
        return Mechanism::NO_URL;
    }
    for family in families.iter().filter(|family| !row.has(**family)) {
        reader.lacks(format_args!("{} has no {family}", row.title()));
    }
    Mechanism::Url(row.urls())
}

/// The directory of the scripts of ddns-scripts.
const SCRIPTS: &str = "/usr/lib/ddns";

/// The script that a definition names.
fn from_definition(reader: &mut Reader<'_>, name: &str, file: &str) -> Mechanism {
    let path = Path::new(SCRIPTS).join(file);
    if !is_file_name(file) {
        let text = format_args!(
            "the definition '{name}': {} cannot be the name of a script",
            quoted(file)
        );
        reader.fail("service_name", text);
    } else if reader.env.path_kind(&path) != PathKind::File {
        reader.fail("service_name", format_args!(
            "the definition '{name}' needs the script {}, which does not exist; a package with it \
             may be missing",
            path.display()
        ));
    }
    script(reader, "service_name", &path)
}

fn from_update_script(reader: &mut Reader<'_>) -> Mechanism {
    const OPTION: &str = "update_script";
    let path = reader.text(OPTION).unwrap_or_default();
    if !path.starts_with('/') {
        reader.refuse(OPTION, path, "does not begin with '/'");
    } else if reader.env.path_kind(Path::new(path)) != PathKind::File {
        let provider = script_stem(path)
            .and_then(|stem| table::scripted().find(|name| in_file_names(name) == stem));
        match provider {
            Some(name) => {
                let why = missing(name);
                reader.fail(OPTION, format_args!("{} does not exist; {why}", quoted(path)));
            }
            None => reader.refuse(OPTION, path, "is not a file"),
        }
    }
    if reader.is_set("update_url") {
        reader.warn("update_url", format_args!("not used, because 'update_script' is set"));
    }
    script(reader, OPTION, Path::new(path))
}

/// The provider of an `update_script` of ddns-scripts that does not exist. A script that exists is used.
fn provider_of_replaced_script(reader: &mut Reader<'_>) -> Option<&'static str> {
    let path = reader.text("update_script")?;
    let stem = script_stem(path)?;
    // The packages of the scripts that this program replaces are removed when it is installed.
    if reader.env.path_kind(Path::new(path)) == PathKind::File {
        return None;
    }
    let name = name_of_script(&stem)?;
    let text = format_args!(
        "this script of ddns-scripts does not exist; service_name '{name}' is used, which does the same"
    );
    reader.warn("update_script", text);
    Some(name)
}

/// The name in ddns-scripts of the provider that the script `update_STEM.sh` is for.
fn name_of_script(stem: &str) -> Option<&'static str> {
    if let Some((_, name)) = OTHER_STEMS.iter().find(|(other, _)| *other == stem) {
        return Some(name);
    }
    for api in api::ALL {
        for name in api.aliases {
            if in_file_names(name) == stem {
                return Some(name);
            }
        }
    }
    None
}

/// Scripts whose names are not made of the name of an interface, each with the name of the provider.
const OTHER_STEMS: &[(&str, &str)] = &[
    ("nsupdate", "bind-nsupdate"),
    ("gcp_v1", "cloud.google.com-v1"),
    ("luadns_v1", "luadns.com-v1"),
    ("porkbun_v3", "porkbun.com-v3"),
    ("no_ip_com", "no-ip.com"),
];

/// The part between `update_` and `.sh` in the path of a script of ddns-scripts, in the form of
/// [`in_file_names`].
fn script_stem(path: &str) -> Option<String> {
    let path = Path::new(path);
    let file = path.strip_prefix(SCRIPTS).ok()?.to_str()?.to_ascii_lowercase();
    let stem = file.strip_prefix("update_")?.strip_suffix(".sh")?;
    Some(in_file_names(stem))
}

/// The form of a provider's name in the file names of scripts.
fn in_file_names(name: &str) -> String {
    name.replace(['.', '-'], "_")
}

/// The flags that scripts compare as numbers, with their defaults.
const FLAGS: &[(&str, bool)] = &[
    ("use_https", false),
    ("force_ipversion", false),
    ("force_dnstcp", false),
    ("is_glue", false),
    ("use_api_check", false),
    ("use_logfile", true),
    ("ip_dynamic", false),
];

fn script(reader: &mut Reader<'_>, option: &str, path: &Path) -> Mechanism {
    reader.pass_on(option, reader.env.script_warning(path));
    let mut options = Vec::new();
    for option in &reader.section.options {
        let mut values = String::new();
        for (index, (value, _)) in option.values.iter().enumerate() {
            if index > 0 {
                values.push(' ');
            }
            values.push_str(value);
        }
        options.push((option.name.clone(), Secret::new(values)));
    }
    // Scripts get 1 or 0 also for a flag that was written as a word.
    for &(name, default) in FLAGS {
        let value = if reader.flag(name, default) { "1" } else { "0" };
        set(&mut options, name, Secret::new(value));
    }
    Mechanism::Script(Script { file: path.into(), options })
}

/// Gives the option `name` this value in the place of what is written.
fn set(options: &mut Vec<(String, Secret)>, name: &str, value: Secret) {
    options.retain(|(written, _)| written != name);
    options.push((name.into(), value));
}

/// Gives `script` the secrets in files in the place of what is written. `password` is that of the account.
fn read_files_for(script: &mut Script, reader: &mut Reader<'_>) {
    for (option, _) in secret::FILES {
        if secret::has_file(reader, option) {
            set(&mut script.options, option, secret::read(reader, option));
        }
    }
}

fn definition(json: Option<Result<String, String>>, name: &str) -> Result<Definition, String> {
    // The name becomes part of a path, so it must not contain a '/'.
    if !is_file_name(name) {
        return Err(format!("{} cannot be the name of a provider", quoted(name)));
    }
    let json = json.ok_or_else(|| missing(name))?;
    json.and_then(|json| definition::parse(&json))
        .map_err(|why| format!("the definition of {} cannot be used: {why}", quoted(name)))
}

/// The message about a provider that does not exist.
fn missing(name: &str) -> String {
    if let Some(why) = table::why_scripted(name) {
        return format!("'{name}' {why}");
    }
    match listing::hint(name) {
        Some(hint) => format!("there is no provider {}; {hint}", quoted(name)),
        None => {
            format!("there is no definition of {}; a package with it may be missing", quoted(name))
        }
    }
}

/// The URL template of a definition for `family`. Mistakes in it are reported only if the section uses
/// this family.
fn template(
    reader: &mut Reader<'_>,
    definition: &Definition,
    name: &str,
    families: &[Family],
    family: Family,
) -> Option<Template> {
    let block = definition.block(family);
    if !families.contains(&family) {
        let block = block.filter(|block| block.script().is_none())?;
        return Some(Template::new(&*block.url, block.answer.clone()));
    }
    let block = self::block(reader, definition, name, family)?;
    if block.script().is_some() {
        reader.lacks(format_args!(
            "the definition '{name}' updates IPv4 and IPv6 in different ways; make a section for each"
        ));
        return None;
    }
    check_block(reader, block, name, family);
    Some(Template::new(&*block.url, answer(block, name)))
}

/// The expression that an answer of success matches. A definition without 'answer' uses the one of the
/// built-in provider: some providers answer with HTTP status 200 to failures, too.
fn answer(block: &Block, name: &str) -> Option<String> {
    match (&block.answer, table::find(name)) {
        (Some(answer), _) => Some(answer.clone()),
        (None, Some(row)) => Some(row.ok().to_owned()),
        (None, None) => None,
    }
}

/// Reports what is wrong with the URL and the `answer` of a definition for `family`.
fn check_block(reader: &mut Reader<'_>, block: &Block, name: &str, family: Family) {
    if let Err(why) = template::check(&block.url) {
        let text = format_args!("the {family} URL of the definition '{name}': {why}");
        reader.fail("service_name", text);
    }
    for odd in value_syntax::unknown_placeholders(&block.url) {
        let text = format_args!("the {family} URL of the definition '{name}': {odd}");
        reader.warn("service_name", text);
    }
    if let Some(Err(why)) = block.answer.as_deref().map(Ere::new) {
        let text =
            format_args!("the {family} 'answer' of the definition '{name}' cannot be used: {why}");
        reader.fail("service_name", text);
    }
}

/// The block for `family`, which the section uses. A missing block is reported.
fn block<'d>(
    reader: &mut Reader<'_>,
    definition: &'d Definition,
    name: &str,
    family: Family,
) -> Option<&'d Block> {
    let block = definition.block(family);
    if block.is_none() {
        let key = match family {
            Family::V4 => "ipv4",
            Family::V6 => "ipv6",
        };
        reader.lacks(format_args!(
            "the definition '{name}' has no '{key}' block, so it has no {family}"
        ));
    }
    block
}

fn from_update_url(reader: &mut Reader<'_>, families: &[Family]) -> Mechanism {
    if let Some(mechanism) = update_url::read(reader, families) {
        return mechanism;
    }
    let options = ["service_name", "update_url", "update_script"];
    if !options.iter().any(|option| reader.is_list(option)) {
        reader.lacks(format_args!("needs option 'service_name', 'update_url' or 'update_script'"));
    }
    Mechanism::NO_URL
}

/// Puts `https:` in the place of `http:`.
fn secure(mechanism: &mut Mechanism) {
    if let Mechanism::Url(Urls { v4, v6, both }) = mechanism {
        for template in [v4, v6, both].into_iter().flatten() {
            *template = Template::new(to_https(&template.url), template.answer.take());
        }
    }
}

/// `param_opt`. Only a provider of `api/` allows any character in it.
fn param_opt(reader: &mut Reader<'_>, is_api: bool) -> Secret {
    let value = secret::read(reader, "param_opt");
    if is_api {
        return value;
    }
    if let Some(c) = value.expose().chars().find(|&c| NOT_IN_PARAM_OPT.contains(c)) {
        reader.fail("param_opt", format_args!("{} is not allowed", quoted_char(c)));
    }
    value
}

/// Reports options that the provider needs and that are not set. `domain` is checked elsewhere: every
/// section needs it.
fn require(reader: &mut Reader<'_>, provider: &Provider, families: &[Family]) {
    let account = &provider.account;
    let are_set = [
        !account.username.is_empty(),
        !account.password.is_empty() || reader.is_set("password"),
        !account.param_enc.is_empty(),
        !account.param_opt.is_empty(),
        reader.is_set("dns_server"),
    ];
    for (&(placeholder, option), is_set) in NEEDED.iter().zip(are_set) {
        // If one of these options has an invalid value, that was reported before.
        if is_set || reader.is_list(option) || secret::has_file(reader, option) {
            continue;
        }
        let mut urls = families.iter().filter_map(|&family| provider.template(family));
        if urls.any(|template| template.url.contains(placeholder)) {
            report_placeholder(reader, provider, placeholder, option);
        }
        if let Mechanism::Api(api) = provider.mechanism
            && let Some(need) = api.needs.iter().find(|need| need.option == option)
        {
            reader.lacks_option(&account.label, option, Some(need.holds));
        }
    }
}

/// Reports that the update URL has a placeholder for an option that is not set.
fn report_placeholder(
    reader: &mut Reader<'_>,
    provider: &Provider,
    placeholder: &str,
    option: &str,
) {
    match provider.row() {
        Some(row) => reader.lacks_option(row.title(), option, row.get(option)),
        None => reader.lacks(format_args!(
            "the update URL uses {placeholder}, so option '{option}' is needed"
        )),
    }
}

/// The options that an update URL or an interface may need, each with its placeholder.
const NEEDED: &[(&str, &str)] = &[
    ("[USERNAME]", "username"),
    ("[PASSWORD]", "password"),
    ("[PARAMENC]", "param_enc"),
    ("[PARAMOPT]", "param_opt"),
    ("[SERVER]", "dns_server"),
];

/// Warns where an update of IPv6 alone changes the A record of the name.
fn warn_of_ipv6_alone(reader: &mut Reader<'_>, provider: &Provider, families: &[Family]) {
    if families != [Family::V6] || provider.script().is_some() {
        return;
    }
    let Some(row) = provider.known_row() else { return };
    let Some(harm) = row.get("alone6") else { return };
    let text = format_args!(
        "an update of IPv6 alone {harm} ({}); set option 'also_ipv6' to 1 if the name has IPv4, too",
        row.title()
    );
    reader.warn("use_ipv6", text);
}

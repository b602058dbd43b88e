//! Where updates go: `service_name`, `update_url`, credentials, and what the URL needs.

use std::path::Path;

use super::reader::Reader;
use super::update_url;
use super::value_syntax;
use super::{DefinitionDirectory, Environment, PathKind};
use super::{key, unused};
use crate::config::definition::{self, Block, Definition};
use crate::config::listing;
use crate::model::name::is_file_name;
use crate::model::secret::Secret;
use crate::model::url::to_https;
use crate::model::{Family, HostPort, RecordOptions, Url};
use crate::provider::api::{self, Api, Base};
use crate::provider::ere::Ere;
use crate::provider::table::{self, Row};
use crate::provider::template;
use crate::provider::{Account, Mechanism, Provider, Script, Template, Urls};
use crate::text::quoted::{quoted, quoted_char};

/// What upstream refuses in `param_opt`: it would mean something to a shell.
const NOT_IN_PARAM_OPT: &str = "\"'`$!();><{}?|[]*\\";

const CUSTOM: &str = "custom";

/// Reads the provider. What is missing is reported.
pub(super) fn read(
    reader: &mut Reader<'_>,
    env: &impl Environment,
    families: &[Family],
    server: Option<&HostPort>,
) -> Provider {
    let service = service_name(reader);
    let service = service.or_else(|| of_replaced_script(reader, env));
    let (mechanism, row) = match service {
        Some(name) => from_name(reader, env, families, name),
        None if reader.text("update_script").is_some() => (from_update_script(reader, env), None),
        None => (from_update_url(reader, families), None),
    };
    let api = match &mechanism {
        Mechanism::Api(api) => Some(*api),
        Mechanism::Url(_) | Mechanism::Script(_) => None,
    };
    let updates = api.is_some_and(|api| matches!(api.base, Base::NameServer));
    let account = Account {
        label: service.unwrap_or(CUSTOM).into(),
        username: reader.text("username").unwrap_or_default().into(),
        password: password(reader, env, api.is_some_and(Api::has_key_file)),
        param_enc: secret(reader, "param_enc"),
        param_opt: param_opt(reader, api.is_some()),
        base: match api.map(|api| api.base) {
            Some(Base::ParamOpt) => reader.parsed("param_opt", Url::parse),
            Some(_) | None => None,
        },
        server: if updates { server.cloned() } else { None },
        tcp: updates && reader.flag("force_dnstcp", false),
    };
    let mechanism = secured(mechanism, reader.flag("use_https", false));
    let mut provider = Provider { account, mechanism, row };
    update_url::warn_of_plain_http(reader, &provider, families);
    unused::warn(reader, &provider);
    if updates {
        key::fill_in(&mut provider);
        key::check(reader, &provider);
    }
    require(reader, &provider, families);
    warn_of_ipv6_alone(reader, &provider, families);
    provider
}

/// Reads what the records are beside their address. A script reads its options itself.
pub(super) fn record(reader: &mut Reader<'_>, provider: &Provider) -> RecordOptions {
    if provider.script().is_some() {
        return RecordOptions::default();
    }
    let text = |reader: &mut Reader<'_>, name| reader.text(name).map(str::to_owned);
    let ttl = reader.number("ttl", 0..=0x7fff_ffff);
    let proxied = reader.text("proxied").is_some().then(|| reader.flag("proxied", false));
    RecordOptions {
        zone: text(reader, "zone"),
        zone_id: text(reader, "zone_id"),
        id: text(reader, "record_id").or_else(|| text(reader, "rec_id")),
        ttl: ttl.and_then(|ttl| u32::try_from(ttl).ok()),
        proxied,
    }
}

/// Complains about an id of one record in a section that has several: all would be written into it.
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
    // The last two are where names of ddns-scripts have it.
    let has = |option: &&str| reader.values(option).iter().any(|(value, _)| value.contains(id));
    let places = ["record_id", "rec_id", "param_opt", "param_enc"];
    let option = places.into_iter().find(has).unwrap_or("record_id");
    reader.fail(
        option,
        format!("names one record, but the section has {records}; make a section for each"),
    );
}

/// The definition to use. `-` is what old versions of LuCI store for a custom URL.
fn service_name<'a>(reader: &mut Reader<'a>) -> Option<&'a str> {
    let name = reader.text("service_name")?;
    (name != "-" && name != CUSTOM).then_some(name)
}

/// The owner's own definition comes before what the program knows, and that before what a package
/// of ddns-scripts brings.
fn from_name(
    reader: &mut Reader<'_>,
    env: &impl Environment,
    families: &[Family],
    name: &str,
) -> (Mechanism, Option<Row>) {
    let own = own_definition(reader, env, families, name);
    if own.is_none() {
        if let Some(api) = api::find(name) {
            return (Mechanism::Api(api), None);
        }
        if let Some(row) = table::find(name) {
            return (from_table(reader, families, row, name), Some(row));
        }
    }
    let json = own.or_else(|| env.definition(DefinitionDirectory::Packaged, name));
    let definition = match definition(json, name) {
        Ok(definition) => definition,
        Err(why) => {
            reader.fail("service_name", why);
            return (Mechanism::NO_URL, None);
        }
    };
    let used = families.iter().filter_map(|&family| block(reader, &definition, name, family));
    let used: Vec<_> = used.collect();
    let mechanism = match used.first().and_then(|block| block.script()) {
        Some(file) if used.iter().all(|block| block.script() == Some(file)) => {
            from_definition(reader, env, name, file)
        }
        _ => Mechanism::Url(Urls {
            v4: template(reader, &definition, name, families, Family::V4),
            v6: template(reader, &definition, name, families, Family::V6),
            both: None,
        }),
    };
    (mechanism, None)
}

/// The owner's definition. Where what the program knows can do without the script that it needs, and
/// the script is gone, it stands in nobody's way: LuCI downloads definitions without scripts.
fn own_definition(
    reader: &mut Reader<'_>,
    env: &impl Environment,
    families: &[Family],
    name: &str,
) -> Option<Result<String, String>> {
    let own = env.definition(DefinitionDirectory::Own, name)?;
    let definition = own.as_deref().ok().and_then(|json| definition::parse(json).ok());
    let script = definition.as_ref().and_then(|definition| {
        families.iter().find_map(|&family| definition.block(family)?.script())
    });
    let Some(script) = script.filter(|_| api::find(name).is_some() || table::find(name).is_some())
    else {
        return Some(own);
    };
    if env.path_kind(&Path::new(SCRIPTS).join(script)) == PathKind::File {
        return Some(own);
    }
    let text = format!(
        "your definition '{name}' is ignored: its script {} is missing; the built-in one is used",
        quoted(script)
    );
    reader.warn("service_name", text);
    None
}

fn from_table(reader: &mut Reader<'_>, families: &[Family], row: Row, name: &str) -> Mechanism {
    if let Some(why) = row.get("dead") {
        reader.fail("service_name", format!("{} {why}", row.title_or(name)));
        return Mechanism::NO_URL;
    }
    for family in families.iter().filter(|family| !row.has(**family)) {
        reader.lacks(format!("{} has no {family}", row.title()));
    }
    Mechanism::Url(row.urls())
}

/// Where the scripts of ddns-scripts are.
const SCRIPTS: &str = "/usr/lib/ddns";

/// The script that a definition names.
fn from_definition(
    reader: &mut Reader<'_>,
    env: &impl Environment,
    name: &str,
    file: &str,
) -> Mechanism {
    let path = Path::new(SCRIPTS).join(file);
    if !is_file_name(file) {
        let text =
            format!("the definition '{name}': {} cannot be the name of a script", quoted(file));
        reader.fail("service_name", text);
    } else if env.path_kind(&path) != PathKind::File {
        reader.fail("service_name", format!(
            "the definition '{name}' needs the script {}, which does not exist; a package with it \
             may be missing",
            path.display()
        ));
    }
    script(reader, env, "service_name", &path)
}

fn from_update_script(reader: &mut Reader<'_>, env: &impl Environment) -> Mechanism {
    const OPTION: &str = "update_script";
    let path = Path::new(reader.text(OPTION).unwrap_or_default());
    if !path.is_absolute() {
        reader.fail(OPTION, format!("{} does not begin with '/'", quoted(&path.to_string_lossy())));
    } else if env.path_kind(path) != PathKind::File {
        let provider = stock_script(path)
            .and_then(|stem| table::scripted().find(|name| in_file_names(name) == stem));
        let path = quoted(&path.to_string_lossy());
        reader.fail(
            OPTION,
            match provider {
                Some(name) => format!("{path} does not exist; {}", missing(name)),
                None => format!("{path} is not a file"),
            },
        );
    }
    if reader.text("update_url").is_some() {
        reader.warn("update_url", "not used, because 'update_script' is set");
    }
    script(reader, env, OPTION, path)
}

/// The name of the provider that an `update_script` of ddns-scripts is for, where the script is gone:
/// installing this program removes the packages of those that it does the work of. A file that is
/// there is used.
fn of_replaced_script(reader: &mut Reader<'_>, env: &impl Environment) -> Option<&'static str> {
    let path = Path::new(reader.text("update_script")?);
    let stem = stock_script(path)?;
    if env.path_kind(path) == PathKind::File {
        return None;
    }
    let aliases = api::ALL.iter().flat_map(|api| api.aliases.iter().copied());
    let by_name = |name: &&str| in_file_names(name) == stem;
    let name = match stem.as_str() {
        "nsupdate" => "bind-nsupdate",
        "gcp_v1" => "cloud.google.com-v1",
        "luadns_v1" => "luadns.com-v1",
        "porkbun_v3" => "porkbun.com-v3",
        _ => aliases.chain(["no-ip.com"]).find(by_name)?,
    };
    let text = format!(
        "this script of ddns-scripts does not exist; service_name '{name}' is used, which does the same"
    );
    reader.warn("update_script", text);
    Some(name)
}

/// What stands between `update_` and `.sh` in the path of a script of ddns-scripts, as
/// [`in_file_names`] writes it.
fn stock_script(path: &Path) -> Option<String> {
    let file = path.strip_prefix(SCRIPTS).ok()?.to_str()?.to_ascii_lowercase();
    let stem = file.strip_prefix("update_")?.strip_suffix(".sh")?;
    Some(in_file_names(stem))
}

/// The name of a provider as names of scripts have it.
fn in_file_names(name: &str) -> String {
    name.replace(['.', '-'], "_")
}

/// Yes and no, which scripts compare as numbers, with what they mean unless set.
const FLAGS: [(&str, bool); 7] = [
    ("use_https", false),
    ("force_ipversion", false),
    ("force_dnstcp", false),
    ("is_glue", false),
    ("use_api_check", false),
    ("use_logfile", true),
    ("ip_dynamic", false),
];

fn script(reader: &mut Reader<'_>, env: &impl Environment, option: &str, path: &Path) -> Mechanism {
    if let Some(text) = env.script_warning(path) {
        reader.warn(option, text);
    }
    let written = reader.section.options.iter().map(|option| {
        let values: Vec<_> = option.values.iter().map(|(value, _)| value.as_str()).collect();
        (option.name.clone(), Secret::new(values.join(" ")))
    });
    let mut options: Vec<_> = written.collect();
    for (name, default) in FLAGS {
        let value = if reader.flag(name, default) { "1" } else { "0" };
        options.retain(|(written, _)| written != name);
        options.push((name.into(), Secret::new(value)));
    }
    Mechanism::Script(Script { file: path.into(), options })
}

fn definition(json: Option<Result<String, String>>, name: &str) -> Result<Definition, String> {
    // The name becomes part of a path.
    if !is_file_name(name) {
        return Err(format!("{} cannot be the name of a provider", quoted(name)));
    }
    let json = json.ok_or_else(|| missing(name))?;
    json.and_then(|json| definition::parse(&json))
        .map_err(|why| format!("the definition of {} cannot be used: {why}", quoted(name)))
}

/// What to say of a provider that nobody knows.
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

/// The template for `family`; what is wrong with it matters only if the section uses it.
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
        reader.lacks(format!(
            "the definition '{name}' updates IPv4 and IPv6 in different ways; make a section for each"
        ));
        return None;
    }
    if let Err(why) = template::check(&block.url) {
        reader.fail("service_name", format!("the {family} URL of the definition '{name}': {why}"));
    }
    for odd in value_syntax::unknown_placeholders(&block.url) {
        let text = format!("the {family} URL of the definition '{name}': {odd}");
        reader.warn("service_name", text);
    }
    if let Some(Err(why)) = block.answer.as_deref().map(Ere::new) {
        let text =
            format!("the {family} 'answer' of the definition '{name}' cannot be used: {why}");
        reader.fail("service_name", text);
    }
    // Whoever answers 200 to failures, too, must not be believed because an own definition is silent.
    let known = || table::find(name).map(|row| row.ok().to_owned());
    Some(Template::new(&*block.url, block.answer.clone().or_else(known)))
}

/// The block for `family`, which the section uses.
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
        let text = format!("the definition '{name}' has no '{key}' block, so it has no {family}");
        reader.lacks(text);
    }
    block
}

fn from_update_url(reader: &mut Reader<'_>, families: &[Family]) -> Mechanism {
    if let Some(mechanism) = update_url::read(reader, families) {
        return mechanism;
    }
    if !["service_name", "update_url", "update_script"].iter().any(|it| reader.is_list(it)) {
        reader.lacks("needs option 'service_name', 'update_url' or 'update_script'");
    }
    Mechanism::NO_URL
}

/// The mechanism as `use_https` wants it.
fn secured(mut mechanism: Mechanism, https: bool) -> Mechanism {
    if let Mechanism::Url(Urls { v4, v6, both }) = &mut mechanism
        && https
    {
        for template in [v4, v6, both].into_iter().flatten() {
            *template = Template::new(to_https(&template.url), template.answer.take());
        }
    }
    mechanism
}

/// The password, or the first line of the file with it; all of the file if that is a key. Where both
/// are set the file counts: LuCI's form does not save a section without a password.
fn password(reader: &mut Reader<'_>, env: &impl Environment, key_file: bool) -> Secret {
    let said = reader.text("password");
    let named = said.filter(|text| key_file && is_key_path(text));
    let (option, path) = match (reader.text("password_file"), named) {
        (Some(path), _) => ("password_file", path),
        (None, Some(path)) => ("password", path),
        (None, None) => return secret(reader, "password"),
    };
    if let Some(text) = env.secret_warning(Path::new(path)) {
        reader.warn(option, text);
    }
    if !path.starts_with('/') {
        // Somebody may have put the password itself here.
        reader.fail(
            option,
            "does not begin with '/': it is the full path of a file with the password",
        );
        return Secret::default();
    }
    let content = env.read_secret(Path::new(path)).unwrap_or_else(|why| {
        reader.fail(option, format!("{} cannot be read: {why}", quoted(path)));
        String::new()
    });
    Secret::new(match key_file {
        true => &content,
        false => content.lines().next().unwrap_or_default(),
    })
}

/// As the script of ddns-scripts for Google tells a path from a key.
fn is_key_path(text: &str) -> bool {
    text.starts_with('/') && (text.ends_with(".json") || text.ends_with(".pem"))
}

fn param_opt(reader: &mut Reader<'_>, any: bool) -> Secret {
    let value = secret(reader, "param_opt");
    if any {
        return value;
    }
    let bad = |c: &char| NOT_IN_PARAM_OPT.contains(*c);
    if let Some(bad) = value.expose().chars().find(bad) {
        reader.fail("param_opt", format!("{} is not allowed", quoted_char(bad)));
    }
    value
}

fn secret(reader: &mut Reader<'_>, name: &str) -> Secret {
    Secret::new(reader.text(name).unwrap_or_default())
}

/// Reports what the provider needs and the section does not have. `[DOMAIN]` is not among it: no
/// section goes without a name.
fn require(reader: &mut Reader<'_>, provider: &Provider, families: &[Family]) {
    // A file that cannot be read and a list have been reported already.
    let password = !provider.account.password.is_empty()
        || reader.text("password").is_some()
        || reader.text("password_file").is_some()
        || reader.is_list("password_file");
    let needs: [(&str, &str, bool); 5] = [
        ("[USERNAME]", "username", !provider.account.username.is_empty()),
        ("[PASSWORD]", "password", password),
        ("[PARAMENC]", "param_enc", !provider.account.param_enc.is_empty()),
        ("[PARAMOPT]", "param_opt", !provider.account.param_opt.is_empty()),
        ("[SERVER]", "dns_server", reader.text("dns_server").is_some()),
    ];
    for (placeholder, option, present) in needs {
        if present || reader.is_list(option) {
            continue;
        }
        let mut urls = families.iter().filter_map(|&family| provider.template(family));
        if urls.any(|template| template.url.contains(placeholder)) {
            reader.lacks(match provider.row {
                Some(row) => needs_option(row.title(), option, row.get(option)),
                None => {
                    format!("the update URL uses {placeholder}, so option '{option}' is needed")
                }
            });
        }
        if let Mechanism::Api(api) = provider.mechanism
            && let Some(need) = api.needs.iter().find(|need| need.option == option)
        {
            reader.lacks(needs_option(&provider.account.label, option, Some(need.holds)));
        }
    }
}

fn needs_option(provider: &str, option: &str, holds: Option<&str>) -> String {
    let colon = if holds.is_some() { ": " } else { "" };
    format!("{provider} needs option '{option}'{colon}{}", holds.unwrap_or_default())
}

/// Warns where an update of IPv6 alone changes the A record of the name.
fn warn_of_ipv6_alone(reader: &mut Reader<'_>, provider: &Provider, families: &[Family]) {
    if families != [Family::V6] || provider.script().is_some() {
        return;
    }
    let Some((row, harm)) = provider.known_row().and_then(|row| Some((row, row.get("alone6")?)))
    else {
        return;
    };
    let text = format!(
        "an update of IPv6 alone {harm} ({}); set option 'also_ipv6' to 1 if the name has IPv4, too",
        row.title()
    );
    reader.warn("use_ipv6", text);
}

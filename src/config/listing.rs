//! The text of the command `providers`.

use crate::config::definition::Definition;
use crate::model::Family;
use crate::model::json::Json;
use crate::provider::api::{self, Api, Need};
use crate::provider::table::{self, Row};
use crate::provider::{Rate, Template, Urls, template};
use crate::text::quoted::quoted;
use crate::text::spelling::closest;

/// How the records of a provider are updated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UpdateMethod {
    /// By requesting a URL.
    Url,
    /// By the provider's own interface.
    Interface,
    /// Only by a script of ddns-scripts.
    Script,
    /// Not at all: the provider exists no more.
    Gone,
}

/// The groups of the overview: the method, the word that finds the whole group, and its heading.
const GROUPS: &[(UpdateMethod, &str, &str)] = &[
    (UpdateMethod::Url, "url", "Updated by opening a URL:"),
    (UpdateMethod::Interface, "interface", "Updated by an interface of the provider's own:"),
    (UpdateMethod::Script, "script", "Updated by a script, which needs a package:"),
];

/// A provider in the program, from `table.txt` or `api/`.
struct ProviderEntry {
    method: UpdateMethod,
    names: Vec<&'static str>,
    title: &'static str,
    records: Records,
    /// The options that it needs, each with a description if the option holds something unusual.
    needs: Vec<Need>,
    rate: Option<Rate>,
    /// Advice before choosing it; may be empty.
    note: &'static str,
    /// The row of `table.txt`; `None` for a provider of `api/`.
    row: Option<Row>,
}

/// Which records a provider has, and how they are sent.
#[derive(Clone, Copy)]
enum Records {
    /// IPv4 and IPv6, both in one request.
    Together,
    /// IPv4 and IPv6, a request each.
    Separate,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

impl Records {
    /// As the overview shows it.
    fn short(self) -> &'static str {
        match self {
            Self::Together => "IPv4+IPv6",
            Self::Separate => "IPv4 IPv6",
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }

    /// As the page of a provider shows it.
    fn long(self) -> &'static str {
        match self {
            Self::Together => "IPv4 and IPv6, both in one request",
            Self::Separate => "IPv4 and IPv6, a request each",
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }
}

impl ProviderEntry {
    fn of_api(api: &Api) -> Self {
        let mut names = vec![api.name];
        names.extend_from_slice(api.aliases);
        Self {
            method: UpdateMethod::Interface,
            names,
            title: api.title,
            records: if api.writes_together() { Records::Together } else { Records::Separate },
            needs: api.needs.to_vec(),
            rate: api.rate,
            note: api.remark,
            row: None,
        }
    }

    fn of_row(row: Row) -> Self {
        let mut names = Vec::new();
        for name in row.names() {
            names.push(name);
        }
        Self {
            method: method_of(row),
            names,
            title: row.title(),
            records: match row.urls() {
                Urls { both: Some(_), .. } => Records::Together,
                Urls { v6: None, .. } => Records::V4,
                Urls { v4: None, .. } => Records::V6,
                Urls { .. } => Records::Separate,
            },
            needs: needs(row),
            rate: row.rate(),
            note: row.get("note").unwrap_or_default(),
            row: Some(row),
        }
    }

    /// The value of a key in `table.txt`.
    fn get(&self, key: &str) -> Option<&'static str> {
        self.row?.get(key)
    }

    fn can_remove(&self, family: Family) -> bool {
        self.row.is_none_or(|row| row.removal(family).is_some())
    }

    /// Whether `word`, which is in lower case, is in the texts of this provider.
    fn contains(&self, word: &str) -> bool {
        self.names.iter().any(|name| contains(name, word))
            || contains(self.title, word)
            || contains(self.note, word)
            || self
                .needs
                .iter()
                .any(|need| contains(need.option, word) || contains(need.holds, word))
    }

    fn to_json(&self) -> Json {
        let mut needs = Json::object(&mut []);
        for need in &self.needs {
            needs.set(need.option, need.holds.into());
        }
        let (records, note) = match (self.method, self.names.first()) {
            (UpdateMethod::Script, Some(name)) => ("", table::script_package(name)),
            _ => (self.records.short(), self.note.into()),
        };
        Json::object(&mut [
            ("names", self.names.iter().map(|&name| name.into()).collect()),
            ("title", self.title.into()),
            ("records", records.into()),
            ("note", note.into()),
            ("needs", needs),
        ])
    }

    /// Appends the line of this provider. If only scripts update it, each of its names has a line with
    /// the package of the script.
    fn push_lines(&self, text: &mut String) {
        if self.method == UpdateMethod::Script {
            for name in &self.names {
                line(text, &[name, "", &table::script_package(name), ""]);
            }
            return;
        }
        let mut needs = String::new();
        for need in &self.needs {
            needs.push_str(need.option);
            needs.push(' ');
        }
        let name = self.names.first().unwrap_or(&"");
        line(text, &[name, self.records.short(), &needs, self.title]);
    }
}

fn all() -> Vec<ProviderEntry> {
    let mut all = Vec::new();
    for api in api::ALL {
        all.push(ProviderEntry::of_api(api));
    }
    for row in table::all() {
        all.push(ProviderEntry::of_row(row));
    }
    all
}

/// The options that an update URL needs.
fn needs(row: Row) -> Vec<Need> {
    let urls = urls(row);
    let mut needs = Vec::new();
    for &(option, placeholder) in
        &[("username", "[USERNAME]"), ("password", "[PASSWORD]"), ("param_opt", "[PARAMOPT]")]
    {
        let holds = row.get(option);
        if holds.is_some() || urls.iter().any(|url| url.contains(placeholder)) {
            needs.push(Need::new(option, holds.unwrap_or("is needed")));
        }
    }
    if let Some(holds) = row.get("domain") {
        needs.push(Need::new("domain", holds));
    }
    needs
}

/// The update URLs of a row, each once.
fn urls(row: Row) -> Vec<String> {
    let Urls { v4, v6, both } = row.urls();
    let mut urls = Vec::new();
    for template in [&v4, &v6, &both] {
        if let Some(Template { url, .. }) = template
            && urls.last() != Some(url)
        {
            urls.push(url.clone());
        }
    }
    urls
}

/// Other common names of providers.
const ALIASES: &[(&str, &str)] = &[
    // Former names of Dyn.
    ("dyndns.com", "dyn.com"),
    ("dyndns", "dyn.com"),
    // Name servers that accept updates of RFC 2136.
    ("bind", "rfc2136"),
    ("bind9", "rfc2136"),
    ("named", "rfc2136"),
    ("knot", "rfc2136"),
];

/// A hint for an owner who has written the unknown provider `name`, as the end of a sentence.
pub fn hint(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    if ["dyndns2", "custom", "generic", "url"].contains(&lower.as_str()) {
        return Some("for a server of your own, set option 'update_url' instead".into());
    }
    Some(format!("is it '{}'?", near(&lower)?))
}

/// The provider that the owner probably meant by `name`, which is in lower case.
fn near(name: &str) -> Option<&'static str> {
    let mut names = Vec::new();
    for entry in all() {
        if entry.method != UpdateMethod::Gone {
            names.extend_from_slice(&entry.names);
        }
    }
    let (label, rest) = name.split_once('.').unwrap_or((name, ""));
    let by_name = same(&names, name)
        .or_else(|| alias(name))
        .or_else(|| same(&names, label))
        .or_else(|| names.iter().copied().find(|known| begins_with_words(known, name)));
    if by_name.is_some() {
        return by_name;
    }
    // Owners write what they see in the browser: a host of the provider, such as www.duckdns.org.
    if rest.contains('.')
        && let Some(found) = near(rest)
    {
        return Some(found);
    }
    closest(name, &names)
}

fn same(names: &[&'static str], name: &str) -> Option<&'static str> {
    names.iter().copied().find(|known| *known == name)
}

fn alias(name: &str) -> Option<&'static str> {
    let (_, provider) = ALIASES.iter().find(|(alias, _)| *alias == name)?;
    Some(provider)
}

/// Whether `known` is `name` followed by further words, such as `afraid.org-basicauth`.
fn begins_with_words(known: &str, name: &str) -> bool {
    match known.strip_prefix(name) {
        Some(rest) => rest.starts_with(['.', '-']),
        None => false,
    }
}

/// The names of provider definitions in files.
pub struct DefinitionNames {
    /// The definitions of the owner.
    pub own: Vec<String>,
    /// The definitions of packages.
    pub packaged: Vec<String>,
}

/// One line for each provider, in groups by the method of updates.
pub fn overview(definitions: &DefinitionNames) -> String {
    list(definitions, "")
}

/// The lines of [`overview`] for providers with `word` in their name, title, note or needs; `None` if
/// there are none.
pub fn search(definitions: &DefinitionNames, word: &str) -> Option<String> {
    let text = list(definitions, &word.to_ascii_lowercase());
    if text.is_empty() { None } else { Some(text) }
}

/// Every provider that exists, for a form in which the owner chooses one: its names, its title, its records, a
/// note, and the options that it needs with what each holds.
pub fn to_json(definitions: &DefinitionNames) -> Json {
    let mut list = Vec::new();
    for name in definitions.own.iter().chain(&only_packaged(definitions)) {
        list.push(Json::object(&mut [("names", vec![name.as_str().into()].into())]));
    }
    for entry in all() {
        if entry.method != UpdateMethod::Gone {
            list.push(entry.to_json());
        }
    }
    Json::object(&mut [("providers", list.into())])
}

/// The lines for providers with `word`, which is in lower case, in their texts.
fn list(definitions: &DefinitionNames, word: &str) -> String {
    let entries = all();
    let mut text = String::new();
    group(&mut text, "Your own definitions:", &definition_lines(&definitions.own, word));
    for &(method, group_word, heading) in GROUPS {
        let mut lines = String::new();
        for entry in entries.iter().filter(|entry| entry.method == method) {
            if word == group_word || entry.contains(word) {
                entry.push_lines(&mut lines);
            }
        }
        group(&mut text, heading, &lines);
    }
    let packaged = only_packaged(definitions);
    group(&mut text, "Defined by a package:", &definition_lines(&packaged, word));
    push_gone(&mut text, &entries, word);
    text
}

/// How the provider in `row` is updated.
fn method_of(row: Row) -> UpdateMethod {
    if row.get("dead").is_some() {
        UpdateMethod::Gone
    } else if row.get("script").is_some() {
        UpdateMethod::Script
    } else {
        UpdateMethod::Url
    }
}

/// Adds the names of providers that exist no more.
fn push_gone(text: &mut String, entries: &[ProviderEntry], word: &str) {
    let mut gone = String::new();
    for entry in entries {
        if entry.method == UpdateMethod::Gone && entry.contains(word) {
            for name in &entry.names {
                gone.push(' ');
                gone.push_str(name);
            }
        }
    }
    if !gone.is_empty() {
        group(text, &format!("These exist no more:{gone}"), "\n");
    }
}

/// The definitions of packages that neither the owner's definitions nor the program replace.
fn only_packaged(definitions: &DefinitionNames) -> Vec<String> {
    let mut names = definitions.packaged.clone();
    names.retain(|name| {
        !definitions.own.contains(name) && api::find(name).is_none() && table::find(name).is_none()
    });
    names
}

/// Appends `lines` under `heading`, after an empty line. The lines `"\n"` mean that there is only the
/// heading.
fn group(text: &mut String, heading: &str, lines: &str) {
    if lines.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(heading);
    if lines != "\n" {
        text.push('\n');
    }
    text.push_str(lines);
}

/// A line for each definition with `word` in its name.
fn definition_lines(names: &[String], word: &str) -> String {
    let mut lines = String::new();
    for name in names.iter().filter(|name| contains(name, word)) {
        lines.push_str(name);
        lines.push('\n');
    }
    lines
}

/// Whether `text` contains `word`, which is in lower case. Case is ignored.
fn contains(text: &str, word: &str) -> bool {
    text.to_ascii_lowercase().contains(word)
}

/// Appends a line with these words in columns.
fn line(text: &mut String, words: &[&str; 4]) {
    for (word, width) in words.iter().zip([22, 10, 27, 0]) {
        text.push_str(word);
        for _ in word.len().min(width)..width {
            text.push(' ');
        }
    }
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

/// The page of the provider `name`, if it is in the program.
pub fn detail(name: &str) -> Option<String> {
    let all = all();
    let entry = all.iter().find(|entry| entry.names.contains(&name))?;
    let title = entry.row.map_or(entry.title, |row| row.title_or(name));
    match entry.method {
        UpdateMethod::Script => return None,
        UpdateMethod::Gone => return Some(format!("{name}: {title} {}\n", entry.get("dead")?)),
        UpdateMethod::Url | UpdateMethod::Interface => {}
    }
    let mut text = format!("{name}: {title}\n");
    for other in entry.names.iter().filter(|other| **other != name) {
        field(&mut text, "also", other);
    }
    record_fields(&mut text, entry);
    for need in &entry.needs {
        field(&mut text, need.option, need.holds);
    }
    if let Some(row) = entry.row {
        url_fields(&mut text, row);
    }
    if let Some(Rate { requests, seconds }) = entry.rate {
        field(&mut text, "limit", &format!("{requests} requests of an account in {seconds} s"));
    }
    if let Some(harm) = entry.get("alone6") {
        field(&mut text, "note", &format!("an update of IPv6 alone {harm}"));
    }
    field(&mut text, "note", entry.note);
    text.push_str(&example(name, entry));
    Some(text)
}

/// Appends which records the provider has, and which of them can be removed.
fn record_fields(text: &mut String, entry: &ProviderEntry) {
    field(text, "records", entry.records.long());
    match (entry.can_remove(Family::V4), entry.can_remove(Family::V6)) {
        (true, true) => field(text, "", "can be removed (option 'remove_after')"),
        (true, false) => field(text, "", "that of IPv4 can be removed (option 'remove_after')"),
        (false, _) => {}
    }
}

/// The page of a provider that only a script of ddns-scripts updates.
pub fn scripted(name: &str) -> Option<String> {
    let text = table::why_scripted(name)?;
    Some(format!("{name}: {name} {text}\n"))
}

/// Appends a line to a page, unless `value` is empty.
fn field(text: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        text.push_str(&format!("  {name:<10} {value}\n"));
    }
}

/// Appends what follows from the update URLs.
fn url_fields(text: &mut String, row: Row) {
    let urls = urls(row);
    for url in &urls {
        field(text, "URL", url);
    }
    if urls.iter().any(|url| url.starts_with("http://")) {
        field(text, "note", "no TLS: anybody on the way can read the password");
    }
    if !urls.iter().any(|url| template::names_address(url)) {
        field(text, "note", "takes the address that a request comes from");
    }
    if let Some(seconds) = row.get("every") {
        field(text, "limit", &format!("one request for a record in {seconds} s"));
    }
}

/// Examples of the options that a provider may need.
const EXAMPLES: &[(&str, &str)] = &[
    ("username", "USERNAME"),
    ("password", "PASSWORD"),
    ("param_enc", "PARAM_ENC"),
    ("param_opt", "http://192.0.2.1:8081"),
    ("dns_server", "ns1.example.com"),
];

/// An example of a section. The owner replaces the words in capital letters.
fn example(name: &str, entry: &ProviderEntry) -> String {
    // An alias that ddns-scripts uses gives some options another meaning, see
    // `check/ddns_scripts_options.rs`.
    let name = if entry.row.is_none() { entry.names.first().unwrap_or(&name) } else { name };
    let zone = entry.get("zone").unwrap_or("example.com");
    let host = format!("home.{zone}");
    let mut options = vec![("service_name", name)];
    match entry.get("domain") {
        None => options.push(("domain", &host)),
        Some(holds) if holds.starts_with("a name") => options.push(("domain", &host)),
        Some(holds) => {
            let domain = if holds.starts_with("the domain") { zone } else { "NUMBER" };
            options.extend([("domain", domain), ("lookup_host", &host)]);
        }
    }
    for need in &entry.needs {
        if need.option == "param_opt" && entry.row.is_some() {
            options.push(("param_opt", "dns.example.net"));
        } else {
            options.extend(EXAMPLES.iter().find(|(option, _)| *option == need.option));
        }
    }
    if name == "rfc2136" {
        options.extend([("username", "hmac-sha256:KEY"), ("password", "SECRET++")]);
    }
    section(&options)
}

fn section(options: &[(&str, &str)]) -> String {
    let mut text = String::from("\nconfig service 'home'\n\toption enabled '1'\n");
    for (option, value) in options.iter().chain(&[("use_ipv6", "0")]) {
        text.push_str(&format!("\toption {option} '{value}'\n"));
    }
    text
}

/// The page of a definition in a file. `origin` says whose definition it is.
pub fn defined(name: &str, origin: &str, definition: &Definition) -> String {
    let mut text = format!("{name}: {origin}\n");
    let mut urls = String::new();
    for &(family, label) in &[(Family::V4, "IPv4"), (Family::V6, "IPv6")] {
        if let Some(block) = definition.block(family) {
            field(&mut text, label, quoted(&block.url).to_string().trim_matches('"'));
            urls.push_str(&block.url);
        }
    }
    // The options that a script needs are not known. All scripts need these two.
    let is_script = !urls.starts_with("http");
    let mut options = vec![("service_name", name), ("domain", "home.example.com")];
    for &(placeholder, option, value, of_scripts) in &[
        ("[USERNAME]", "username", "USERNAME", true),
        ("[PASSWORD]", "password", "PASSWORD", true),
        ("[PARAMENC]", "param_enc", "PARAMENC", false),
        ("[PARAMOPT]", "param_opt", "PARAMOPT", false),
    ] {
        if is_script && of_scripts || urls.contains(placeholder) {
            options.push((option, value));
        }
    }
    text.push_str(&section(&options));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_a_line_in_the_overview_and_a_page() {
        let own = ["mine", "ovh.com"].map(str::to_owned).to_vec();
        let packaged = ["ovh.com", "script.example"].map(str::to_owned).to_vec();
        let text = overview(&DefinitionNames { own, packaged });
        for known in all() {
            let name = known.names[0];
            if known.method == UpdateMethod::Script {
                assert!(detail(name).is_none() && text.contains(&format!("\n{name}")), "{name}");
                let page = scripted(name).unwrap();
                assert!(page.contains("package ddns-scripts-"), "{page}");
                continue;
            }
            let page = detail(name).unwrap();
            assert!(page.starts_with(&format!("{name}: {}", known.title)), "{page}");
            if known.method != UpdateMethod::Gone {
                assert!(text.contains(&format!("\n{name} ")), "{name}");
                assert!(page.contains("  records "), "{page}");
            } else {
                assert_eq!(page.lines().count(), 1);
            }
        }
        assert!(
            text.starts_with("Your own definitions:\nmine\novh.com\n\nUpdated by opening"),
            "{text}"
        );
        assert!(text.contains("\n\nDefined by a package:\nscript.example\n\n"), "{text}");
        assert!(text.contains("exist no more: ") && text.contains(" google.com"), "{text}");
        let groups: Vec<_> = text.lines().filter(|line| line.ends_with(':')).collect();
        assert_eq!(groups.len(), 5, "{groups:?}");
    }

    #[test]
    fn search_finds_providers_by_name_needs_and_group() {
        let packaged = vec!["desec.example".to_owned()];
        let definitions = DefinitionNames { own: Vec::new(), packaged };
        let found = search(&definitions, "DeSEC").unwrap();
        let first_words: Vec<_> = found.lines().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(
            first_words,
            ["Updated", "desec.io", "", "Updated", "desec", "", "Defined", "desec.example"],
            "{found}"
        );
        let tokens = search(&definitions, "token").unwrap();
        assert!(tokens.contains("\nduckdns.org ") && !tokens.contains("\ndyn.com "), "{tokens}");
        assert!(search(&definitions, "tzo").unwrap().contains("no more: tzo.com\n"));
        assert!(search(&definitions, "one.com").unwrap().contains("script"));
        for (word, of_group) in
            [("url", "zonomi.com "), ("interface", "vultr "), ("script", "one.com ")]
        {
            assert!(
                search(&definitions, word).unwrap().contains(&format!("\n{of_group}")),
                "{word}"
            );
        }
        assert_eq!(search(&definitions, "no such word"), None);
    }

    #[test]
    fn a_page_shows_needed_options_records_and_limits() {
        assert_eq!(
            detail("dyndns.org").unwrap().lines().take(5).collect::<Vec<_>>(),
            [
                "dyndns.org: Dyn",
                "  also       dyn.com",
                "  records    IPv4 and IPv6, both in one request",
                "  username   is needed",
                "  password   the updater client key",
            ]
        );
        let page = detail("desec.io").unwrap();
        for line in ["username   the domain", "limit      2 requests of an account in 120 s"] {
            assert!(page.contains(line), "{page}");
        }
        assert!(detail("oray.com").unwrap().contains("no TLS"));
        assert!(detail("dy.fi").unwrap().contains("takes the address"));
        assert!(detail("nobody.example").is_none());
        let cloudflare = detail("cloudflare.com-v4").unwrap();
        assert!(cloudflare.contains("  password   "), "{cloudflare}");
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_provider_as_a_hint() {
        for (name, meant) in [
            ("duckdns", "duckdns.org"),
            ("dukdns.org", "duckdns.org"),
            ("DuckDNS.org", "duckdns.org"),
            ("www.duckdns.org", "duckdns.org"),
            ("dyndns.com", "dyn.com"),
            ("afraid.org", "afraid.org-basicauth"),
            ("freedns.afraid.org", "afraid.org-basicauth"),
            ("cloudflare.com", "cloudflare"),
            ("Cloudflare", "cloudflare"),
            ("hetzner.com", "hetzner"),
            ("bind", "rfc2136"),
            ("no-ip", "no-ip.com"),
        ] {
            assert_eq!(hint(name), Some(format!("is it '{meant}'?")), "{name}");
        }
        for name in ["dyndns2", "custom"] {
            assert!(hint(name).unwrap().contains("'update_url'"), "{name}");
        }
        for name in ["something.else", "dtdns", ""] {
            assert_eq!(hint(name), None, "{name}");
        }
    }

    #[test]
    fn a_page_shows_whether_both_families_go_in_one_request() {
        assert!(detail("gandi").unwrap().contains("a request each"));
        assert!(detail("cloudflare").unwrap().contains("both in one request"));
    }

    #[test]
    fn control_characters_of_a_definition_are_escaped() {
        let json =
            r#"{"ipv4": {"url": "http://[USERNAME]:[PASSWORD]@a/\u001b[31m\u009b[DOMAIN]"}}"#;
        let definition = crate::config::definition::parse(json).unwrap();
        let text = defined("a.example", "your own definition", &definition);
        assert!(text.contains("/\\u{1b}[31m\\u{9b}[DOMAIN]\n"), "{text}");
        assert!(text.contains("\toption username 'USERNAME'\n"), "{text}");
        assert!(!text.contains("param"), "{text}");
    }
}

//! Turns the options of a parsed file into a [`Config`], and collects all mistakes.
//!
//! A section with an error goes to [`Config::broken`] and does not affect the others. Options of
//! ddns-scripts have the meaning that they have in openwrt `net/ddns-scripts` (`dynamic_dns_functions.sh`
//! and `dynamic_dns_updater.sh`). `doc/ddns-netlink.5.md` names the exceptions.

mod ddns_scripts_options;
mod differences;
mod gate;
mod global;
mod host;
mod key;
mod lines;
mod luci;
mod provider;
mod reader;
mod secret;
mod section;
mod source;
mod timing;
mod transport;
mod unused;
mod update_url;
mod value_syntax;

use std::path::{Path, PathBuf};

use super::mistake::{self, Mistake, Mistakes, Severity};
use super::options::{self, SectionKind};
use super::uci::{self, Document, RawSection};
use super::{Config, Global, Section};
use crate::model::sorted::{Map, Set};
use crate::model::{Family, Hostname};
use crate::provider::own_name;
use crate::text::spelling::closest;
pub use differences::{Difference, differences};
pub use luci::luci_damage;
use reader::Reader;

/// The facts about this system that the checks need. The checks themselves read no file.
pub trait Environment {
    /// The JSON text of a provider definition. `None` if the file does not exist, an error if it cannot
    /// be read.
    fn definition(
        &self,
        directory: DefinitionDirectory,
        service_name: &str,
    ) -> Option<Result<String, String>>;

    /// The content of a file that holds a secret.
    ///
    /// # Errors
    /// Why it cannot be read, without the path.
    fn read_secret(&self, path: &Path) -> Result<String, String>;

    /// The directory in which systemd puts credentials for this program, if it does (`$CREDENTIALS_DIRECTORY`,
    /// systemd.exec(5)).
    fn credentials_directory(&self) -> Option<PathBuf> {
        None
    }

    /// A warning if other users can read a file with a secret.
    fn secret_warning(&self, path: &Path) -> Option<String> {
        let _ = path;
        None
    }

    /// A warning if other users can change a script.
    fn script_warning(&self, path: &Path) -> Option<String> {
        let _ = path;
        None
    }

    /// A warning about the certificates in the file `path`.
    fn certificate_warning(&self, path: &Path) -> Option<String> {
        let _ = path;
        None
    }

    /// The kind of the file at `path`.
    fn path_kind(&self, path: &Path) -> PathKind;

    /// Whether `path` is a program that this user may run.
    fn executable(&self, path: &Path) -> bool;

    /// The default of `ddns_statedir`.
    fn default_statedir(&self) -> PathBuf;
}

/// A directory of provider definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefinitionDirectory {
    /// `/usr/share/ddns/custom`, for the owner's definitions and downloaded ones.
    Own,
    /// `/usr/share/ddns/default`, for definitions of packages.
    Packaged,
}

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// Neither, or there is nothing at the path.
    Missing,
}

/// A configuration and its mistakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The part of the configuration that can be used.
    pub config: Config,
    /// Errors before warnings, each in the order of lines. Grammar and options have at most
    /// [`mistake::LIMIT`] mistakes of one severity each; one more mistake then says how many are not
    /// listed.
    pub mistakes: Vec<Mistake>,
}

impl Checked {
    /// The mistakes of severity error.
    pub fn errors(&self) -> impl Iterator<Item = &Mistake> {
        let mistakes = self.mistakes.iter();
        mistakes.filter(|mistake| mistake.severity == Severity::Error)
    }

    /// Disables all sections but `names`. Without names, keeps all.
    ///
    /// # Errors
    /// A sentence, if one of `names` does not exist or is not enabled.
    pub fn only(&mut self, names: &[String]) -> Result<(), String> {
        let config = &mut self.config;
        let mut enabled = config.enabled();
        if let Some(name) = names.iter().find(|name| !enabled.contains(name)) {
            return Err(why_not_enabled(config, name));
        }
        if names.is_empty() {
            return Ok(());
        }
        enabled.retain(|name| !names.contains(name));
        config.disabled.append(&mut enabled);
        config.sections.retain(|section| names.contains(&section.name));
        config.broken.retain(|(name, _)| names.contains(name));
        self.mistakes.retain(|mistake| match &mistake.section {
            Some(section) => names.contains(section),
            None => true,
        });
        Ok(())
    }
}

fn is_global(section: &RawSection) -> bool {
    section.kind == "ddns"
}

fn why_not_enabled(config: &Config, name: &String) -> String {
    if config.disabled.contains(name) {
        return format!("section '{name}' is not enabled");
    }
    format!("there is no section '{name}'")
}

/// Parses and checks a file. `file_name` is for messages.
pub fn load(file_name: &str, bytes: &[u8], env: &dyn Environment) -> Checked {
    let (document, mut mistakes) = uci::parse(bytes);
    for mistake in &mut mistakes {
        mistake.file = file_name.into();
    }
    check(file_name, &document, mistakes, env)
}

/// The global options of a file, as [`load`] reads them.
pub fn load_global(bytes: &[u8], env: &dyn Environment) -> Global {
    let (mut document, syntax) = uci::parse(bytes);
    // Checking the other sections takes most of the time where there are thousands.
    document.sections.retain(is_global);
    check("", &document, syntax, env).config.global
}

/// Checks a parsed file. `syntax` are the mistakes of its grammar.
pub fn check(
    file_name: &str,
    document: &Document,
    syntax: Vec<Mistake>,
    env: &dyn Environment,
) -> Checked {
    let mut checker =
        Checker { file: file_name, syntax: &syntax, mistakes: Mistakes::default(), env };
    let config = checker.config(document);
    let mut mistakes = checker.mistakes.finish(file_name);
    mistakes.extend(syntax);
    mistake::sort(&mut mistakes);
    Checked { config, mistakes }
}

struct Checker<'a> {
    file: &'a str,
    /// The mistakes of the grammar.
    syntax: &'a [Mistake],
    mistakes: Mistakes,
    env: &'a dyn Environment,
}

impl Checker<'_> {
    fn config(&mut self, document: &Document) -> Config {
        let global = self.global(document);
        let mut config = Config {
            global,
            sections: Vec::new(),
            disabled: Vec::new(),
            broken: Vec::new(),
            cut: document.cut,
        };
        for raw in &document.sections {
            match raw.kind.as_str() {
                "service" => self.service(raw, &mut config),
                "ddns" => {}
                _ => self.unknown_kind(raw),
            }
        }
        // Whether a record is another section's, too, is known only when all sections have been read.
        let duplicates = self.warn_about_duplicates(&config.sections);
        for section in &mut config.sections {
            // The other section may still have an address for the record.
            if duplicates.contains(&section.name) {
                section.timing.remove_after = None;
            }
        }
        config
    }

    /// Reads the section of type `ddns` that is named `global`, or else the first one of that type.
    fn global(&mut self, document: &Document) -> Global {
        let Some(chosen) = self.choose_global(document) else {
            return global::defaults(self.env);
        };
        let mut reader = Reader::new(self.file, SectionKind::Global, chosen, self.env);
        let global = global::read(&mut reader);
        self.keep(reader);
        global
    }

    /// The section with the global options. Warns about others, which are ignored.
    fn choose_global<'d>(&mut self, document: &'d Document) -> Option<&'d RawSection> {
        let sections = &document.sections;
        let named = sections.iter().find(|section| is_global(section) && section.name == "global");
        let chosen = named.or_else(|| sections.iter().find(|section| is_global(section)))?;
        let name = &chosen.name;
        if name != "global" {
            let text =
                format!("section '{name}' is used as the global section; rename it 'global'");
            self.warn(chosen.line, text);
        }
        for other in sections {
            if is_global(other) && other.line != chosen.line {
                let text = format!("section '{}' is ignored; only '{name}' counts", other.name);
                self.warn(other.line, text);
            }
        }
        Some(chosen)
    }

    fn service(&mut self, raw: &RawSection, config: &mut Config) {
        // A line that is lost may be `option enabled '0'` or the condition under which the section publishes.
        if !raw.readable {
            config.broken.push((raw.name.clone(), self.unreadable(raw)));
            return;
        }
        let mut reader = Reader::new(self.file, SectionKind::Service, raw, self.env);
        let enabled = reader.flag("enabled", false);
        if enabled {
            // It is moved once, into the list. What has an error is taken out again.
            config.sections.push(section::read(&mut reader, config.global.private_addresses));
        } else {
            reader.warn_about_mistyped_enabled();
        }
        if let Some(error) = reader.first_error() {
            config.broken.push((raw.name.clone(), error));
            if enabled {
                config.sections.pop();
            }
        } else if !enabled {
            config.disabled.push(raw.name.clone());
        }
        self.keep(reader);
    }

    /// Why a section with invalid lines cannot run.
    fn unreadable(&self, raw: &RawSection) -> String {
        for mistake in self.syntax {
            if mistake.section.as_deref() == Some(&raw.name) {
                return mistake.to_string();
            }
        }
        format!("{}:{}: the section cannot be read to its end", self.file, raw.line)
    }

    fn keep(&mut self, reader: Reader<'_>) {
        for mistake in reader.mistakes {
            self.mistakes.push(mistake);
        }
    }

    /// Warns about a section of unknown type.
    // The type is not quoted: if 'config' was written in place of 'option', it may be a password.
    fn unknown_kind(&mut self, raw: &RawSection) {
        let text = if options::find(SectionKind::Service, &raw.kind).is_some() {
            "'config' begins a new section here; is it 'option'?"
        } else {
            match closest(&raw.kind, &["service", "ddns"]) {
                Some("ddns") => {
                    "the section has no effect, because its type is not known; is it 'ddns'?"
                }
                Some(_) => {
                    "the section has no effect, because its type is not known; is it 'service'?"
                }
                None => "the section has no effect: its type is neither 'ddns' nor 'service'",
            }
        };
        self.warn(raw.line, text.into());
    }

    /// Warns about sections that update the same record of the same account: without `share` in both, each would
    /// replace the address of the other. Returns the names of these sections.
    fn warn_about_duplicates(&mut self, sections: &[Section]) -> Set<String> {
        let firsts = first_sections(sections);
        let mut duplicates = Set::new();
        for section in sections {
            let mut is_warned = false;
            for (name, family) in section.records() {
                let Some(first) = firsts.get(&identity(section, name, family)) else { continue };
                if first.name == section.name || first.record.share && section.record.share {
                    continue;
                }
                duplicates.insert(section.name.clone());
                duplicates.insert(first.name.clone());
                if !is_warned {
                    is_warned = true;
                    self.warn_about_duplicate(section, first, name, family);
                }
            }
        }
        duplicates
    }

    /// Warns that `section` updates a record that the section `first` has as well.
    fn warn_about_duplicate(
        &mut self,
        section: &Section,
        first: &Section,
        name: &Hostname,
        family: Family,
    ) {
        let would_remove =
            first.timing.remove_after.is_some() || section.timing.remove_after.is_some();
        let consequence =
            if would_remove { "; neither removes it (option 'remove_after')" } else { "" };
        let advice = if first.record.share || section.record.share {
            "; each replaces the address of the other, unless both have option 'share'"
        } else {
            ""
        };
        let text = format!(
            "section '{}' updates the {} record of {name}, as '{}' does{advice}{consequence}",
            section.name,
            family.record_type(),
            first.name
        );
        self.warn(section.line, text);
    }

    fn warn(&mut self, line: usize, text: String) {
        self.mistakes.push(Mistake::new(self.file, line, Severity::Warning, text));
    }
}

/// The first section of the file that has a record, by the identity of the record.
fn first_sections(sections: &[Section]) -> Map<String, &Section> {
    let mut records = Vec::new();
    // Of several entries with the same key a map keeps the last one.
    for section in sections.iter().rev() {
        for (name, family) in section.records() {
            records.push((identity(section, name, family), section));
        }
    }
    Map::from_list(records)
}

/// Two records of a file with the same identity are the same record at the same provider.
// The password is left out: two sections of one user name have one account, also if one password is wrong.
fn identity(section: &Section, name: &Hostname, family: Family) -> String {
    let provider = &section.provider;
    let label = own_name(provider).unwrap_or(&provider.account.label);
    let url = section.template(family).map_or("", |template| &template.url);
    let username = &provider.account.username;
    // A NUL is in no value of an option. If one is in a file of `username_file`, two records are at worst taken
    // for the same.
    [&name.in_dns(), family.record_type(), label, username, url].join("\0")
}

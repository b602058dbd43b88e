//! From what is written to what the program needs.
//!
//! Every mistake of a file is found in one go. A section with an error is left out and named in
//! [`Config::broken`]; the others are not touched by it. The meaning of the stock options is that
//! of openwrt `net/ddns-scripts/files/usr/lib/ddns/dynamic_dns_functions.sh` and
//! `dynamic_dns_updater.sh`; where it is not, `doc/ddns-netlink.5.md` says so.

mod ddns_scripts_options;
mod differences;
mod global;
mod key;
mod luci;
mod provider;
mod reader;
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
use crate::model::sorted::Set;
use crate::model::{Family, Hostname};
use crate::provider::own_name;
use crate::text::spelling::closest;
pub use differences::{Difference, differences};
pub use luci::luci_damage;
use reader::Reader;

/// What the checks have to know of the machine. The edge answers; the checks never look.
pub trait Environment {
    /// The provider definition of that name as JSON; `None` if there is no such file, `Err` if it
    /// cannot be read.
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

    /// What is wrong with who may read such a file, in a sentence.
    fn secret_warning(&self, path: &Path) -> Option<String> {
        let _ = path;
        None
    }

    /// What is wrong with who may change a script, in a sentence.
    fn script_warning(&self, path: &Path) -> Option<String> {
        let _ = path;
        None
    }

    /// What is wrong with the certificates in the file `path`, in a sentence.
    fn certificate_warning(&self, path: &Path) -> Option<String> {
        let _ = path;
        None
    }

    /// What is at `path`.
    fn path_kind(&self, path: &Path) -> PathKind;

    /// Whether `path` is a file that can be executed.
    fn executable(&self, path: &Path) -> bool;

    /// Where state is kept unless `ddns_statedir` says otherwise.
    fn default_statedir(&self) -> PathBuf;
}

/// Where provider definitions are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefinitionDirectory {
    /// The owner's, in `/usr/share/ddns/custom`.
    Own,
    /// A package's, in `/usr/share/ddns/default`.
    Packaged,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// Nothing that could be either.
    Missing,
}

/// A configuration and everything wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What can be used.
    pub config: Config,
    /// Errors first, then warnings, each by line. Of the grammar and of the options, each has
    /// [`mistake::LIMIT`] of one severity at most; one more then tells how many are left out.
    pub mistakes: Vec<Mistake>,
}

impl Checked {
    /// The mistakes that are more than warnings.
    pub fn errors(&self) -> impl Iterator<Item = &Mistake> {
        let mistakes = self.mistakes.iter();
        mistakes.filter(|mistake| mistake.severity == Severity::Error)
    }

    /// Leaves these sections; all if none is named. The others count as not enabled.
    ///
    /// # Errors
    /// A sentence, if a section is not there or not enabled.
    pub fn only(&mut self, names: &[String]) -> Result<(), String> {
        let config = &mut self.config;
        let sound = config.sections.iter().map(|section| &section.name);
        let broken = config.broken.iter().map(|(name, _)| name);
        let enabled: Vec<String> = sound.chain(broken).cloned().collect();
        if let Some(name) = names.iter().find(|name| !enabled.contains(name)) {
            return Err(if config.disabled.contains(name) {
                format!("section '{name}' is not enabled")
            } else {
                format!("there is no section '{name}'")
            });
        }
        if names.is_empty() {
            return Ok(());
        }
        let left = enabled.into_iter().filter(|name| !names.contains(name));
        config.disabled.extend(left);
        config.sections.retain(|section| names.contains(&section.name));
        config.broken.retain(|(name, _)| names.contains(name));
        let about =
            |mistake: &Mistake| mistake.section.as_ref().is_none_or(|it| names.contains(it));
        self.mistakes.retain(about);
        Ok(())
    }
}

/// Reads and checks a whole file. `file_name` is for the messages.
pub fn load(file_name: &str, bytes: &[u8], env: &impl Environment) -> Checked {
    let (document, mut mistakes) = uci::parse(bytes);
    for mistake in &mut mistakes {
        mistake.file = file_name.into();
    }
    check(file_name, &document, mistakes, env)
}

/// Checks a file that was read before; `syntax` are the mistakes of reading it.
pub fn check(
    file_name: &str,
    document: &Document,
    syntax: Vec<Mistake>,
    env: &impl Environment,
) -> Checked {
    let mut checker =
        Checker { file: file_name, syntax: &syntax, mistakes: Mistakes::default(), env };
    let config = checker.config(document);
    let mut mistakes = checker.mistakes.finish(file_name);
    mistakes.extend(syntax);
    mistake::sort(&mut mistakes);
    Checked { config, mistakes }
}

struct Checker<'a, E> {
    file: &'a str,
    /// What was wrong with the grammar.
    syntax: &'a [Mistake],
    mistakes: Mistakes,
    env: &'a E,
}

impl<E: Environment> Checker<'_, E> {
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
        let twins = self.warn_about_twins(&config.sections);
        for section in config.sections.iter_mut().filter(|it| twins.contains(&it.name)) {
            // The record may be the other's.
            section.timing.remove_after = None;
        }
        config
    }

    /// The section named `global`, or the first of its kind.
    fn global(&mut self, document: &Document) -> Global {
        let mut all: Vec<_> = document.sections.iter().collect();
        all.retain(|section| section.kind == "ddns");
        let named = all.iter().copied().find(|it| it.name == "global");
        let Some(chosen) = named.or_else(|| all.first().copied()) else {
            return global::defaults(self.env);
        };
        if named.is_none() {
            let text = format!(
                "section '{}' is used as the global section; rename it 'global'",
                chosen.name
            );
            self.warn(chosen.line, text);
        }
        for other in all.iter().filter(|it| it.line != chosen.line) {
            let text =
                format!("section '{}' is ignored; only '{}' counts", other.name, chosen.name);
            self.warn(other.line, text);
        }
        let mut reader = Reader::new(self.file, SectionKind::Global, chosen);
        let global = global::read(&mut reader, self.env);
        self.keep(reader);
        global
    }

    fn service(&mut self, raw: &RawSection, config: &mut Config) {
        if !raw.readable {
            config.broken.push((raw.name.clone(), self.unreadable(raw)));
            return;
        }
        let mut reader = Reader::new(self.file, SectionKind::Service, raw);
        let enabled = reader.flag("enabled", false);
        let private = config.global.private_addresses;
        let section = enabled.then(|| section::read(&mut reader, self.env, private));
        if !enabled {
            reader.warn_about_slips_of_enabled();
        }
        match (reader.first_error(), section) {
            (Some(why), _) => config.broken.push((raw.name.clone(), why)),
            (None, Some(section)) => config.sections.push(section),
            (None, None) => config.disabled.push(raw.name.clone()),
        }
        self.keep(reader);
    }

    /// Why a section with a line that cannot be read is not run.
    fn unreadable(&self, raw: &RawSection) -> String {
        let of_section = |mistake: &&Mistake| mistake.section.as_deref() == Some(&raw.name);
        match self.syntax.iter().find(of_section) {
            Some(mistake) => mistake.to_string(),
            None => format!("{}:{}: the section cannot be read to its end", self.file, raw.line),
        }
    }

    fn keep(&mut self, reader: Reader<'_>) {
        reader.mistakes.into_iter().for_each(|mistake| self.mistakes.push(mistake));
    }

    /// The type may be a password where an `option` was meant, so it is not repeated.
    fn unknown_kind(&mut self, raw: &RawSection) {
        let what = if options::find(SectionKind::Service, &raw.kind).is_some() {
            "'config' begins a new section here; is it 'option'?"
        } else {
            match closest(&raw.kind, &mut ["service", "ddns"].into_iter()) {
                Some("ddns") => {
                    "the section has no effect, because its type is not known; is it 'ddns'?"
                }
                Some(_) => {
                    "the section has no effect, because its type is not known; is it 'service'?"
                }
                None => "the section has no effect: its type is neither 'ddns' nor 'service'",
            }
        };
        self.warn(raw.line, what.into());
    }

    /// Sections that send the same record to the same account undo each other's work. Returns their
    /// names.
    fn warn_about_twins(&mut self, sections: &[Section]) -> Set<String> {
        let mut warned = Set::new();
        let mut twins = Set::new();
        for shared in shared_records(sections) {
            let (Record { section, name, family, .. }, first) = shared;
            twins.extend([section.name.clone(), first.name.clone()]);
            if warned.insert(&section.name) {
                let removes = |it: &Section| it.timing.remove_after.is_some();
                let then = match removes(first) || removes(section) {
                    true => "; neither removes it (option 'remove_after')",
                    false => "",
                };
                let text = format!(
                    "section '{}' updates the {} record of {name}, as '{}' does{then}",
                    section.name,
                    family.record_type(),
                    first.name
                );
                self.warn(section.line, text);
            }
        }
        twins
    }

    fn warn(&mut self, line: usize, text: String) {
        self.mistakes.push(Mistake {
            file: self.file.into(),
            line,
            severity: Severity::Warning,
            section: None,
            option: None,
            text,
        });
    }
}

/// A record of a section.
#[derive(Clone, Copy)]
struct Record<'a> {
    /// Its place among all records of the file.
    number: usize,
    section: &'a Section,
    name: &'a Hostname,
    family: Family,
}

/// The records that an earlier section has, too, in the order of the file, each with the first section
/// that has it.
fn shared_records(sections: &[Section]) -> Vec<(Record<'_>, &Section)> {
    let mut records = Vec::new();
    for section in sections {
        for name in &section.names {
            for &family in &section.families {
                let record = Record { number: records.len(), section, name, family };
                records.push((identity(section, name, family), record));
            }
        }
    }
    // Those of one identity stay in the order of the file.
    records.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut shared = Vec::new();
    for same in records.chunk_by(|(a, _), (b, _)| a == b) {
        if let [(_, first), others @ ..] = same {
            let others = others.iter().map(|(_, record)| *record);
            let others = others.filter(|record| record.section.name != first.section.name);
            shared.extend(others.map(|record| (record, first.section)));
        }
    }
    shared.sort_unstable_by_key(|(record, _)| record.number);
    shared
}

/// What makes two records of a file the same record at the same provider.
fn identity<'a>(section: &'a Section, name: &Hostname, family: Family) -> impl Ord + use<'a> {
    let provider = &section.provider;
    let label = own_name(provider).unwrap_or(&provider.account.label);
    let url = section.template(family).map(|template| &template.url);
    let script = provider.script().map(|script| &script.file);
    (name.in_dns(), family, label, &provider.account.username, url, script)
}

//! The UCI file grammar, read as libuci reads it when it is lenient (openwrt/uci `file.c`,
//! `list.c`; the shell's `config_load` reads this way).
//!
//! Every section, option and value keeps its line. Nothing here knows what an option means. One
//! thing is deliberately unlike libuci: when a `config` line cannot be read, the options under it
//! are dropped. libuci would put them into the section before.

mod lexer;

use std::borrow::Cow;
use std::fmt;

use super::mistake::{Mistake, Severity};
use crate::quoted::quoted;
use crate::slip::distance;
use crate::sorted::Map;
use lexer::{Lexer, Unterminated, Word};

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Sections in file order, repeated ones merged into the first.
    pub sections: Vec<RawSection>,
    /// Whether the end of the file was not understood, so that sections may be missing.
    pub cut: bool,
}

/// `config <kind> ['<name>']` and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawSection {
    /// The type.
    pub kind: String,
    /// The name, `cfgXXXXXX` if the file gives none.
    pub name: String,
    /// Whether the file gives no name.
    pub anonymous: bool,
    /// Line of the first `config` statement.
    pub line: usize,
    /// Options in file order, each name once.
    pub options: Vec<RawOption>,
}

/// `option <name> <value>` or the `list <name> <value>` lines of one name. Its `Debug` leaves the
/// values out: nothing here knows which of them are passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct RawOption {
    /// The name.
    pub name: String,
    /// Line of the statement; of the first one for a list.
    pub line: usize,
    /// The values with their lines: one for an option, at least one for a list.
    pub values: Vec<(String, usize)>,
    /// Whether it is a list.
    pub is_list: bool,
}

impl fmt::Debug for RawOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.values.iter().map(|(_, line)| line).collect::<Vec<_>>();
        f.debug_tuple("RawOption").field(&self.name).field(&lines).finish()
    }
}

/// Reads a file. Lines that make no sense are skipped and reported; the mistakes' `file` is empty.
pub fn parse(bytes: &[u8]) -> (Document, Vec<Mistake>) {
    let (text, cut) = cut_at_nul(bytes);
    let mut parser = Parser::new(&text);
    let has_nul = !cut.is_empty();
    for line in cut {
        parser.report(line, "there is a NUL byte; the rest of the line is ignored");
    }
    while parser.lexer.next_line() {
        if let Err(bad) = parser.line() {
            parser.reject(bad);
        }
    }
    // What power loss leaves of a file that was being written.
    parser.document.cut |= has_nul || parser.document.sections.is_empty();
    (parser.document, parser.mistakes)
}

/// `value` as one UCI word, the way `uci export` writes it.
pub fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Without the part of each line from its first NUL byte on, and the lines where there was one.
/// libuci works on C strings.
fn cut_at_nul(bytes: &[u8]) -> (Cow<'_, [u8]>, Vec<usize>) {
    if !bytes.contains(&0) {
        return (Cow::Borrowed(bytes), Vec::new());
    }
    let mut text = Vec::with_capacity(bytes.len());
    let mut lines = Vec::new();
    for (index, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let Some(nul) = line.iter().position(|&byte| byte == 0) else {
            text.extend_from_slice(line);
            continue;
        };
        lines.push(index + 1);
        text.extend_from_slice(line.get(..nul).unwrap_or_default());
        text.extend(line.ends_with(b"\n").then_some(b'\n'));
    }
    (Cow::Owned(text), lines)
}

/// Where options go.
enum Current {
    /// No `config` yet.
    Nothing,
    /// Into this section.
    Section(usize),
    /// Nowhere: the `config` line above them could not be read.
    Unreadable,
}

/// Why a line is skipped.
enum Bad {
    Line(usize, String),
    Config(usize, String),
    Unterminated(usize),
}

impl From<Unterminated> for Bad {
    fn from(Unterminated(line): Unterminated) -> Self {
        Self::Unterminated(line)
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    document: Document,
    mistakes: Vec<Mistake>,
    current: Current,
    /// Section names to indices, and per section option names to indices.
    sections: Map<String, usize>,
    options: Vec<Map<String, usize>>,
}

impl<'a> Parser<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            lexer: Lexer::new(bytes),
            document: Document::default(),
            mistakes: Vec::new(),
            current: Current::Nothing,
            sections: Map::new(),
            options: Vec::new(),
        }
    }

    /// All commands of one line; `;` separates them.
    fn line(&mut self) -> Result<(), Bad> {
        self.lexer.skip_space();
        while let Some(word) = self.lexer.keyword() {
            match word {
                b"p" | b"package" => self.package()?,
                b"c" | b"config" => self.config()?,
                b"o" | b"option" => self.option(false)?,
                b"l" | b"list" => self.option(true)?,
                [b'#', ..] => break,
                other => return Err(unknown_command(self.lexer.line(), other)),
            }
        }
        Ok(())
    }

    /// `package <name>` has no meaning in a file of its own.
    fn package(&mut self) -> Result<(), Bad> {
        let name = self.lexer.word()?;
        if !name_is_valid(&name.bytes, b"-_") {
            return Err(Bad::Line(name.line, "'package' needs a name".into()));
        }
        self.end_of_command()
    }

    fn config(&mut self) -> Result<(), Bad> {
        let line = self.lexer.line();
        let bad = |text: String| Bad::Config(line, text + "; the section is ignored");
        let kind = self.lexer.word()?;
        if kind.bytes.is_empty() {
            return Err(bad("'config' needs a type".into()));
        }
        if !kind.bytes.iter().all(u8::is_ascii_graphic) {
            return Err(bad(format!("{} cannot be a section type", quoted(&text(&kind)))));
        }
        let name = self.lexer.word()?;
        if !name.bytes.is_empty() && !name_is_valid(&name.bytes, b"_") {
            let why = "cannot be a section name, only letters, digits and '_' can";
            return Err(bad(format!("{} {why}", quoted(&text(&name)))));
        }
        let end = self.end_of_command();
        self.open_section(text(&kind), text(&name), line);
        end
    }

    fn open_section(&mut self, kind: String, name: String, line: usize) {
        if let Some(&index) = self.sections.get(&name) {
            self.retype(index, kind, line);
            self.current = Current::Section(index);
            return;
        }
        let index = self.document.sections.len();
        let anonymous = name.is_empty();
        let name = if anonymous { anonymous_name(index + 1, &kind) } else { name };
        self.sections.get_or_insert(name.clone(), index);
        self.options.push(Map::new());
        self.document.sections.push(RawSection {
            kind,
            name,
            anonymous,
            line,
            options: Vec::new(),
        });
        self.current = Current::Section(index);
    }

    /// A section opened again. libuci takes the new type when it is lenient.
    fn retype(&mut self, index: usize, kind: String, line: usize) {
        let Some(section) = self.document.sections.get_mut(index) else {
            return;
        };
        if section.kind == kind {
            return;
        }
        let text = format!(
            "section '{}' is of type '{}' since line {}, now of type '{kind}'",
            section.name, section.kind, section.line
        );
        section.kind = kind;
        self.report(line, text);
    }

    /// Checks in libuci's order: a bad name leaves the rest of the line unread, quotes and all.
    fn option(&mut self, is_list: bool) -> Result<(), Bad> {
        let line = self.lexer.line();
        let keyword = if is_list { "list" } else { "option" };
        let bad = |text: String| Err(Bad::Line(line, text));
        if matches!(self.current, Current::Nothing) {
            return bad(format!("'{keyword}' stands before the first section"));
        }
        let name = self.lexer.word()?;
        if name.bytes.is_empty() {
            return bad(format!("'{keyword}' needs a name"));
        }
        if !name_is_valid(&name.bytes, b"_") {
            let name = text(&name);
            return bad(format!("{} cannot be the name of an option", quoted(&name)));
        }
        let value = self.lexer.word()?;
        let end = self.end_of_command();
        match self.current {
            Current::Section(index) if is_list => self.add(index, &name, &value),
            Current::Section(index) => self.set(index, &name, &value),
            Current::Nothing | Current::Unreadable => {}
        }
        end
    }

    /// `option`: the last one counts, and one with an empty value never does.
    fn set(&mut self, section: usize, name: &Word, value: &Word) {
        if value.bytes.is_empty() {
            return;
        }
        if let Some(option) = self.slot(section, name) {
            option.line = name.line;
            option.is_list = false;
            option.values = vec![(text(value), value.line)];
        }
    }

    /// `list`: one more value, even an empty one; an option of that name becomes the first.
    fn add(&mut self, section: usize, name: &Word, value: &Word) {
        if let Some(option) = self.slot(section, name) {
            option.is_list = true;
            option.values.push((text(value), value.line));
        }
    }

    /// The option of that name, new and without a value if there is none.
    fn slot(&mut self, section: usize, name: &Word) -> Option<&mut RawOption> {
        let index = self.options.get_mut(section)?;
        let options = &mut self.document.sections.get_mut(section)?.options;
        let at = *index.get_or_insert(text(name), options.len());
        if at == options.len() {
            options.push(RawOption {
                name: text(name),
                line: name.line,
                values: Vec::new(),
                is_list: false,
            });
        }
        options.get_mut(at)
    }

    /// What libuci tolerates at the end of a command when it is lenient.
    fn end_of_command(&mut self) -> Result<(), Bad> {
        let extra = self.lexer.word()?;
        if extra.bytes.is_empty() {
            return Ok(());
        }
        let text = "too many words; a value with spaces needs quotes around it".into();
        Err(Bad::Line(extra.line, text))
    }

    fn reject(&mut self, bad: Bad) {
        match bad {
            Bad::Line(line, text) => self.report(line, text),
            Bad::Config(line, text) => {
                self.current = Current::Unreadable;
                self.report(line, text);
            }
            Bad::Unterminated(line) => {
                let text = "the quote opened here is never closed; the rest of the file is ignored";
                self.report(line, text);
                self.document.cut = true;
                // Nobody knows what else belonged to this section, so it must not run.
                let section = self.section_name();
                if let Some(last) = self.mistakes.last_mut() {
                    last.section = section;
                }
            }
        }
    }

    fn section_name(&self) -> Option<String> {
        match self.current {
            Current::Section(index) => {
                let section = self.document.sections.get(index);
                section.map(|section| section.name.clone())
            }
            Current::Nothing | Current::Unreadable => None,
        }
    }

    fn report(&mut self, line: usize, text: impl Into<String>) {
        self.mistakes.push(Mistake {
            file: String::new(),
            line,
            severity: Severity::Error,
            section: None,
            text: text.into(),
        });
    }
}

/// A line that begins with no command. One that was surely meant to open a section must not let
/// its options fall into the section before.
fn unknown_command(line: usize, word: &[u8]) -> Bad {
    if let Some(rest) = word.strip_prefix(b"\xef\xbb\xbf") {
        let text = "the file begins with a byte order mark, which hides its first line; \
                    save it without one";
        return match rest {
            b"config" | b"c" => Bad::Config(line, text.into()),
            _ => Bad::Line(line, text.into()),
        };
    }
    if word.trim_ascii().is_empty() {
        return Bad::Line(line, "nothing follows the ';'".into());
    }
    let word = String::from_utf8_lossy(word);
    let word: String = word.trim_end().chars().take(32).collect();
    let text = format!("{} is no command: 'config', 'option' and 'list' are", quoted(&word));
    if distance(&word.to_ascii_lowercase(), "config") <= 2 {
        return Bad::Config(line, text);
    }
    Bad::Line(line, text)
}

/// `cfg`, the 1-based position among all sections, and a hash of the type (openwrt/uci `list.c`,
/// `uci_fixup_section`): the name that scripts and LuCI know an unnamed section by.
fn anonymous_name(position: usize, kind: &str) -> String {
    let hash =
        kind.bytes().fold(5381_u32, |hash, byte| hash.wrapping_mul(33).wrapping_add(byte.into()));
    format!("cfg{position:02x}{:04x}", hash & 0xffff)
}

fn name_is_valid(name: &[u8], also: &[u8]) -> bool {
    let valid = |byte: &u8| byte.is_ascii_alphanumeric() || also.contains(byte);
    !name.is_empty() && name.iter().all(valid)
}

fn text(word: &Word) -> String {
    String::from_utf8_lossy(&word.bytes).into_owned()
}

#[cfg(test)]
mod tests;

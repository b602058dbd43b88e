//! The UCI file grammar, read as libuci reads it when it is lenient (openwrt/uci `file.c`,
//! `list.c`; the shell's `config_load` reads this way).
//!
//! Every section, option and value keeps its line. Nothing here knows what an option means. Two
//! things are deliberately unlike libuci: when a `config` line cannot be read, the options under it
//! are dropped, where libuci would put them into the section before; and a value that takes in the
//! lines of other options is refused, because its closing quote is missing.
//!
//! Any word of a line that makes no sense may be a password, so no message repeats one.

mod lexer;

use std::borrow::Cow;
use std::fmt;

use super::mistake::{Mistake, Mistakes, Severity};
use super::options::{self, Kind};
use crate::model::sorted::Map;
use crate::text::spelling::closest;
use lexer::{Lexer, Unterminated, Word};

/// The words that a line can begin with.
const COMMANDS: [&str; 4] = ["config", "option", "list", "package"];
/// Most sections and options of a file: what they take of memory is more than their text.
const MOST_ENTRIES: usize = 200_000;

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
    /// Whether every line of the section could be read. If not, the section may lack options that its
    /// owner wrote.
    pub readable: bool,
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
/// Of more than [`LIMIT`](super::mistake::LIMIT) mistakes, the last one tells how many there are.
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
        if parser.entries > MOST_ENTRIES {
            let text = format!(
                "there are more than {MOST_ENTRIES} sections and options up to here; the rest of the \
                 file is ignored"
            );
            parser.report(parser.lexer.line(), text);
            parser.document.cut = true;
            break;
        }
    }
    // What power loss leaves of a file that was being written.
    parser.document.cut |= has_nul || parser.document.sections.is_empty();
    (parser.document, parser.mistakes.finish(""))
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
    /// The value that begins there goes on in the lines after it.
    Swallowed(usize),
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
    mistakes: Mistakes,
    current: Current,
    /// How many sections and values there are.
    entries: usize,
    /// Section names to indices, and per section option names to indices.
    sections: Map<String, usize>,
    options: Vec<Map<String, usize>>,
}

impl<'a> Parser<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            lexer: Lexer::new(bytes),
            document: Document::default(),
            mistakes: Mistakes::default(),
            current: Current::Nothing,
            entries: 0,
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
            return Err(bad("a section type has no blanks and no letters beyond ASCII".into()));
        }
        let name = self.lexer.word()?;
        if !name.bytes.is_empty() && !name_is_valid(&name.bytes, b"_") {
            return Err(bad("the name of a section can only have letters, digits and '_'".into()));
        }
        let end = self.end_of_command();
        self.open_section(text(&kind), text(&name), line);
        end
    }

    fn open_section(&mut self, kind: String, name: String, line: usize) {
        self.entries += 1;
        if let Some(&index) = self.sections.get(&name) {
            self.reopen(index, kind, line);
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
            readable: true,
        });
        self.current = Current::Section(index);
    }

    /// A section opened again. libuci adds to it, and takes the new type when it is lenient.
    fn reopen(&mut self, index: usize, kind: String, line: usize) {
        let Some(section) = self.document.sections.get_mut(index) else {
            return;
        };
        let continues = format!("section '{}' continues from line {}", section.name, section.line);
        if section.kind == kind {
            self.push(line, Severity::Warning, None, format!("{continues}; later values win"));
        } else {
            section.kind = kind;
            self.report(line, format!("{continues} with another type; the type here counts"));
        }
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
            return bad(bad_option_name(&name.bytes));
        }
        let value = self.lexer.word()?;
        if takes_in_lines(&value.bytes) {
            return Err(Bad::Swallowed(value.line));
        }
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
        self.entries += 1;
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
            Bad::Swallowed(line) => {
                let text = "the closing quote of this value is missing: the lines below have become \
                            part of it";
                self.give_up_section(line, text);
            }
            Bad::Unterminated(line) => {
                let text = "the quote opened here is never closed; the rest of the file is ignored";
                self.document.cut = true;
                self.give_up_section(line, text);
            }
        }
    }

    /// Reports what makes the section unusable that `line` belongs to.
    fn give_up_section(&mut self, line: usize, text: &str) {
        let mut name = None;
        if let Current::Section(index) = self.current
            && let Some(section) = self.document.sections.get_mut(index)
        {
            section.readable = false;
            name = Some(section.name.clone());
        }
        self.push(line, Severity::Error, name, text.into());
    }

    fn report(&mut self, line: usize, text: impl Into<String>) {
        self.push(line, Severity::Error, None, text.into());
    }

    fn push(&mut self, line: usize, severity: Severity, section: Option<String>, text: String) {
        self.mistakes.push(Mistake { file: String::new(), line, severity, section, text });
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
    let word = String::from_utf8_lossy(word).trim_end().to_ascii_lowercase();
    if let Some(option) = option_before_sign(word.as_bytes()) {
        let text = format!("'option' is missing before '{option}'; the line is ignored");
        return Bad::Line(line, text);
    }
    let near = closest(&word, &mut COMMANDS.into_iter());
    let text = match near {
        Some(near) => format!("the first word is no command; is it '{near}'? The line is ignored"),
        None => "the line begins with neither 'config', 'option' nor 'list' and is ignored".into(),
    };
    if near == Some("config") { Bad::Config(line, text) } else { Bad::Line(line, text) }
}

/// What to say of the name of an option that cannot be one. The value may hang on to it.
fn bad_option_name(name: &[u8]) -> String {
    match option_before_sign(name) {
        Some(option) => format!(
            "the name of option '{option}' ends with a blank, and its value follows in quotes; the \
             line is ignored"
        ),
        None => "the name of an option can only have letters, digits and '_'; the line is ignored"
            .into(),
    }
}

/// The option that `word` begins with, if nothing or a sign such as `=` follows its name.
fn option_before_sign(word: &[u8]) -> Option<&'static str> {
    let part_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let end = word.iter().position(|byte| !part_of_name(byte)).unwrap_or(word.len());
    let name = std::str::from_utf8(word.get(..end)?).ok()?;
    let known = options::find(Kind::Service, name).or_else(|| options::find(Kind::Global, name));
    known.map(|known| known.name)
}

/// Whether a value goes on in the next lines and these are lines of the file themselves.
fn takes_in_lines(value: &[u8]) -> bool {
    let mut lines = value.split(|&byte| byte == b'\n').skip(1);
    lines.any(|line| {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default();
        COMMANDS.iter().any(|command| command.as_bytes() == first)
    })
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

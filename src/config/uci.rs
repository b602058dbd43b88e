//! The grammar of UCI files, as libuci reads it without `UCI_FLAG_STRICT` (openwrt/uci `file.c` and
//! `list.c`). The shell function `config_load` reads files this way.
//!
//! Every section, option and value keeps its line number. The meaning of options is not known here.
//! Two rules differ from libuci on purpose. If a `config` line is invalid, the options below it are
//! dropped; libuci would add them to the section before. And a value that contains lines with further
//! options is refused, because its closing quote is missing.
//!
//! An invalid line may contain a password, so messages about it never quote an unknown word.

mod lexer;

use std::borrow::Cow;
use std::fmt;

use super::mistake::{Mistake, Mistakes, Severity};
use super::options::{self, SectionKind};
use crate::model::sorted::Map;
use crate::text::spelling::closest;
use lexer::{Lexer, Unterminated, Word};

/// The words that a line can begin with.
const COMMANDS: &[&str] = &["config", "option", "list", "package"];
/// Most sections and options of a file. Each one takes more memory than its text.
const MAX_ENTRIES: usize = 200_000;

/// A parsed file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The sections in file order. A section that is repeated is merged into the first one.
    pub sections: Vec<RawSection>,
    /// Whether a part of the file could not be parsed, so that sections may be missing.
    pub cut: bool,
}

/// `config <kind> ['<name>']` with its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawSection {
    /// The section type.
    pub kind: String,
    /// The section name. It is `cfgXXXXXX` for a section without one.
    pub name: String,
    /// Whether the file has no name for the section.
    pub anonymous: bool,
    /// The line of the first `config` statement.
    pub line: usize,
    /// The options in file order, each name once.
    pub options: Vec<RawOption>,
    /// Whether every line of the section is valid. If not, options that the owner wrote may be missing.
    pub readable: bool,
}

/// `option <name> <value>`, or all `list <name> <value>` lines of one name. `Debug` omits the values,
/// because any of them may be a password.
#[derive(Clone, PartialEq, Eq)]
pub struct RawOption {
    /// The option name.
    pub name: String,
    /// The line of the statement, or of the first one of a list.
    pub line: usize,
    /// The values with their lines: one for `option`, at least one for `list`.
    pub values: Vec<(String, usize)>,
    /// Whether it was written with `list`.
    pub is_list: bool,
}

impl RawSection {
    /// A section without options.
    pub fn new(kind: &str, name: &str, line: usize) -> Self {
        Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            anonymous: false,
            line,
            options: Vec::new(),
            readable: true,
        }
    }

    /// The option of that name.
    pub fn option(&self, name: &str) -> Option<&RawOption> {
        self.options.iter().find(|option| option.name == name)
    }

    /// The value of an option, of several the first; `None` if it is missing or empty.
    pub fn value(&self, name: &str) -> Option<&str> {
        let (value, _) = self.option(name)?.values.first()?;
        if value.is_empty() { None } else { Some(value) }
    }

    /// Sets an option in the place of what it was.
    pub fn set(&mut self, name: &str, value: &str) {
        self.options.retain(|option| option.name != name);
        self.options.push(RawOption {
            name: name.to_owned(),
            line: 1,
            values: vec![(value.to_owned(), 1)],
            is_list: false,
        });
    }
}

impl fmt::Debug for RawOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.values.iter().map(|(_, line)| line).collect::<Vec<_>>();
        f.debug_tuple("RawOption").field(&self.name).field(&lines).finish()
    }
}

/// Parses a file. Invalid lines are skipped and reported. The field `file` of the mistakes is empty.
/// If there are more mistakes than [`LIMIT`](super::mistake::LIMIT), the last one tells how many.
pub fn parse(bytes: &[u8]) -> (Document, Vec<Mistake>) {
    let (text, lines_with_nul) = cut_at_nul(bytes);
    let mut parser = UciParser::new(&text);
    // After a power loss, a file that was being written can be empty or have NUL bytes at its end.
    let damaged = !lines_with_nul.is_empty();
    for line in lines_with_nul {
        let text = format_args!("there is a NUL byte; the rest of the line is ignored");
        parser.report(line, text);
    }
    while parser.lexer.next_line() {
        // libuci ends a line at its first error and goes on with the next line.
        let (Ok(()) | Err(Reported)) = parser.line();
        if parser.entries > MAX_ENTRIES {
            parser.cut_off();
            break;
        }
    }
    // A file without a section is likelier one that a power cut has emptied than one that an owner wants.
    parser.document.cut |= damaged || parser.document.sections.is_empty();
    (parser.document, parser.mistakes.finish(""))
}

/// `value` in quotes, as `uci export` writes it.
pub fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// `bytes` without the part of each line from its first NUL byte on, and the numbers of these lines.
// libuci does not see that part, because its lines are C strings.
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
        if line.ends_with(b"\n") {
            text.push(b'\n');
        }
    }
    (Cow::Owned(text), lines)
}

/// The section to which the next option belongs.
enum Current {
    /// There was no `config` line yet.
    Nothing,
    /// The section with this index.
    Section(usize),
    /// The last `config` line was invalid, so the options below it are dropped.
    Unreadable,
}

struct UciParser<'a> {
    lexer: Lexer<'a>,
    document: Document,
    mistakes: Mistakes,
    current: Current,
    /// How many sections and values were read.
    entries: usize,
    /// The index of each section by its name.
    sections: Map<String, usize>,
    /// For each section, the index of each option by its name.
    options: Vec<Map<String, usize>>,
}

/// What is wrong with a line was reported. The rest of the line is to be skipped.
struct Reported;

impl<'a> UciParser<'a> {
    /// A parser before the first line of `text`.
    fn new(text: &'a [u8]) -> Self {
        Self {
            lexer: Lexer::new(text),
            document: Document::default(),
            mistakes: Mistakes::default(),
            current: Current::Nothing,
            entries: 0,
            sections: Map::new(),
            options: Vec::new(),
        }
    }
}

impl UciParser<'_> {
    /// Parses all commands of one line, which are separated by `;`.
    fn line(&mut self) -> Result<(), Reported> {
        self.lexer.skip_space();
        while let Some(word) = self.lexer.keyword() {
            if word.starts_with(b"#") {
                break;
            }
            if is_command(word, "package") {
                self.package()?;
            } else if is_command(word, "config") {
                self.config()?;
            } else if is_command(word, "option") {
                self.option("option")?;
            } else if is_command(word, "list") {
                self.option("list")?;
            } else {
                return self.unknown_command(word);
            }
        }
        Ok(())
    }

    /// `package <name>`. It has no effect, because each package has a file of its own.
    fn package(&mut self) -> Result<(), Reported> {
        let name = self.word()?;
        if !name_is_valid(&name.bytes, b"-_") {
            return self.skip(name.line, format_args!("'package' needs a name"));
        }
        self.end_of_command()
    }

    /// `config <type> [<name>]`.
    fn config(&mut self) -> Result<(), Reported> {
        let line = self.lexer.line();
        let kind = self.word()?;
        if kind.bytes.is_empty() {
            return self.reject_config(line, "'config' needs a type");
        }
        if !kind.bytes.iter().all(u8::is_ascii_graphic) {
            let text = "a section type can only have ASCII characters and no blanks";
            return self.reject_config(line, text);
        }
        let name = self.word()?;
        if !name.bytes.is_empty() && !name_is_valid(&name.bytes, b"_") {
            let text = "the name of a section can only have letters, digits and '_'";
            return self.reject_config(line, text);
        }
        // An error in the rest of the line does not undo the section.
        self.open_section(&text(&kind), &text(&name), line);
        self.end_of_command()
    }

    /// Takes note that the rest of the file is not read.
    fn cut_off(&mut self) {
        let text = format_args!(
            "there are more than {MAX_ENTRIES} sections and options up to here; the rest of the file is \
             ignored"
        );
        self.report(self.lexer.line(), text);
        self.document.cut = true;
    }

    fn open_section(&mut self, kind: &str, name: &str, line: usize) {
        self.entries += 1;
        if let Some(&index) = self.sections.get(name) {
            self.reopen(index, kind, line);
            self.current = Current::Section(index);
            return;
        }
        let index = self.document.sections.len();
        let mut section = RawSection::new(kind, name, line);
        if name.is_empty() {
            section.anonymous = true;
            section.name = anonymous_name(index + 1, kind);
        }
        self.sections.get_or_insert(section.name.clone(), index);
        self.options.push(Map::new());
        self.document.sections.push(section);
        self.current = Current::Section(index);
    }

    /// A section of the same name is opened again: further options are added to it, and it gets the new type.
    fn reopen(&mut self, index: usize, kind: &str, line: usize) {
        // libuci does the same without UCI_FLAG_STRICT. With that flag, the new type is an error.
        let Some(section) = self.document.sections.get_mut(index) else {
            return;
        };
        let continues = format!("section '{}' continues from line {}", section.name, section.line);
        if section.kind == kind {
            let text = format!("{continues}; later values win");
            self.push(line, Severity::Warning, None, text);
        } else {
            section.kind = kind.to_owned();
            let text = format_args!("{continues} with another type; the type here counts");
            self.report(line, text);
        }
    }

    /// `option <name> <value>` or `list <name> <value>`. An error in the rest of the line does not undo the option.
    // The arguments are checked in libuci's order: after an invalid name the rest of the line is not read, so that a
    // quote in it has no effect.
    fn option(&mut self, keyword: &str) -> Result<(), Reported> {
        let line = self.lexer.line();
        if matches!(self.current, Current::Nothing) {
            return self.skip(line, format_args!("'{keyword}' stands before the first section"));
        }
        let name = self.word()?;
        if name.bytes.is_empty() {
            return self.skip(line, format_args!("'{keyword}' needs a name"));
        }
        if !name_is_valid(&name.bytes, b"_") {
            return self.bad_option_name(line, &name.bytes);
        }
        let value = self.word()?;
        // libuci takes the lines for a part of the value. The section would run without the options in them.
        if contains_commands(&value.bytes) {
            let text = "the closing quote of this value is missing: the lines below have become \
                        part of it";
            self.reject_section(value.line, text);
            return Err(Reported);
        }
        if let Current::Section(index) = self.current {
            self.set(index, &name, &value, keyword == "list");
        }
        self.end_of_command()
    }

    /// Sets an option, or adds a value to a list. A later `option` replaces an earlier one, but an empty value is
    /// ignored. The value of an `option` of that name becomes the first value of the list.
    fn set(&mut self, section: usize, name: &Word, value: &Word, is_list: bool) {
        if value.bytes.is_empty() && !is_list {
            return;
        }
        let Some(option) = self.entry(section, name) else { return };
        if !is_list {
            option.line = name.line;
            // Most options have one value.
            option.values = Vec::with_capacity(1);
        }
        option.is_list = is_list;
        option.values.push((text(value), value.line));
    }

    /// The option of that name. If there is none, adds one without a value.
    fn entry(&mut self, section: usize, name: &Word) -> Option<&mut RawOption> {
        self.entries += 1;
        let indices = self.options.get_mut(section)?;
        let options = &mut self.document.sections.get_mut(section)?.options;
        let index = *indices.get_or_insert(text(name), options.len());
        if index == options.len() {
            options.push(RawOption {
                name: text(name),
                line: name.line,
                values: Vec::new(),
                is_list: false,
            });
        }
        options.get_mut(index)
    }

    /// The next argument. The rest of the file is lost if a quote in it is never closed.
    fn word(&mut self) -> Result<Word, Reported> {
        match self.lexer.word() {
            Ok(word) => Ok(word),
            Err(Unterminated(line)) => {
                let text = "the quote opened here is never closed; the rest of the file is ignored";
                self.document.cut = true;
                self.reject_section(line, text);
                Err(Reported)
            }
        }
    }

    /// Reports further words of the command.
    fn end_of_command(&mut self) -> Result<(), Reported> {
        let extra = self.word()?;
        if extra.bytes.is_empty() {
            return Ok(());
        }
        let text = format_args!("too many words; a value with spaces needs quotes around it");
        self.skip(extra.line, text)
    }

    /// Reports a `config` line that is invalid, so that the options below it are dropped.
    fn reject_config(&mut self, line: usize, text: &str) -> Result<(), Reported> {
        self.current = Current::Unreadable;
        self.skip(line, format_args!("{text}; the section is ignored"))
    }

    /// Reports a mistake that makes the current section unusable.
    fn reject_section(&mut self, line: usize, text: &str) {
        let mut name = None;
        if let Current::Section(index) = self.current
            && let Some(section) = self.document.sections.get_mut(index)
        {
            section.readable = false;
            name = Some(section.name.clone());
        }
        self.push(line, Severity::Error, name, text.into());
    }

    /// Reports a mistake because of which the rest of the line is skipped.
    fn skip(&mut self, line: usize, text: fmt::Arguments<'_>) -> Result<(), Reported> {
        self.report(line, text);
        Err(Reported)
    }

    fn report(&mut self, line: usize, text: fmt::Arguments<'_>) {
        self.push(line, Severity::Error, None, text.to_string());
    }

    fn push(&mut self, line: usize, severity: Severity, section: Option<String>, text: String) {
        let file = String::new();
        self.mistakes.push(Mistake { file, line, severity, section, option: None, text });
    }

    /// Reports a line that begins with an unknown word. If the word is like `config`, the options below the line
    /// are dropped, because they do not belong to the section before.
    fn unknown_command(&mut self, word: &[u8]) -> Result<(), Reported> {
        let line = self.lexer.line();
        if let Some(rest) = word.strip_prefix(b"\xef\xbb\xbf") {
            if is_command(rest, "config") {
                self.current = Current::Unreadable;
            }
            let text = format_args!(
                "the file begins with a byte order mark, which hides its first line; save it without one"
            );
            return self.skip(line, text);
        }
        if word.trim_ascii().is_empty() {
            return self.skip(line, format_args!("nothing follows the ';'"));
        }
        let word = String::from_utf8_lossy(word).trim_end().to_ascii_lowercase();
        if let Some(option) = option_before_sign(word.as_bytes()) {
            let text = format_args!("'option' is missing before '{option}'; the line is ignored");
            return self.skip(line, text);
        }
        let Some(near) = closest(&word, COMMANDS) else {
            let text = format_args!(
                "the line begins with neither 'config', 'option' nor 'list' and is ignored"
            );
            return self.skip(line, text);
        };
        if near == "config" {
            self.current = Current::Unreadable;
        }
        let text =
            format_args!("the first word is no command; is it '{near}'? The line is ignored");
        self.skip(line, text)
    }

    /// Reports an invalid option name. If it is an option's name followed by more, the blank before the value is
    /// missing.
    fn bad_option_name(&mut self, line: usize, name: &[u8]) -> Result<(), Reported> {
        match option_before_sign(name) {
            Some(option) => self.skip(
                line,
                format_args!(
                    "the name of option '{option}' ends with a blank, and its value follows in quotes; \
                     the line is ignored"
                ),
            ),
            None => self.skip(
                line,
                format_args!(
                    "the name of an option can only have letters, digits and '_'; the line is ignored"
                ),
            ),
        }
    }
}

/// Whether `word` is the command `name` or its first letter.
fn is_command(word: &[u8], name: &str) -> bool {
    let name = name.as_bytes();
    word == name || Some(word) == name.get(..1)
}

/// The name of the option that `word` begins with, if nothing or a sign such as `=` follows it.
fn option_before_sign(word: &[u8]) -> Option<&'static str> {
    let end = word.iter().position(|&byte| !is_name_byte(byte, b"_")).unwrap_or(word.len());
    let name = std::str::from_utf8(word.get(..end)?).ok()?;
    let option = options::find(SectionKind::Service, name)
        .or_else(|| options::find(SectionKind::Global, name))?;
    Some(option.name)
}

/// Whether a value has several lines and one of them begins with a command.
fn contains_commands(value: &[u8]) -> bool {
    let mut lines = value.split(|&byte| byte == b'\n').skip(1);
    lines.any(|line| {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default();
        COMMANDS.iter().any(|command| command.as_bytes() == first)
    })
}

/// The name that scripts and LuCI use for a section without one: `cfg`, the 1-based position among all
/// sections, and a hash of the type (openwrt/uci `list.c`, `uci_fixup_section`).
fn anonymous_name(position: usize, kind: &str) -> String {
    // `djbhash` of list.c, the hash function of D. J. Bernstein.
    let hash =
        kind.bytes().fold(5381_u32, |hash, byte| hash.wrapping_mul(33).wrapping_add(byte.into()));
    format!("cfg{position:02x}{:04x}", hash & 0xffff)
}

fn name_is_valid(name: &[u8], also: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|&byte| is_name_byte(byte, also))
}

fn is_name_byte(byte: u8, also: &[u8]) -> bool {
    byte.is_ascii_alphanumeric() || also.contains(&byte)
}

fn text(word: &Word) -> String {
    String::from_utf8_lossy(&word.bytes).into_owned()
}

#[cfg(test)]
mod tests;

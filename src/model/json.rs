//! JSON (RFC 8259): values, and how they are read and written.
//!
//! serde_json decides whether a text is JSON, and this module takes apart what serde_json has accepted. So
//! neither serde_json's own type of values nor floating point is in the program: they are 35 KB on MIPS, 12 KB
//! under xz.
//!
//! An answer of a provider may have hundreds of thousands of values. So a value is small, and what is read has no
//! spare capacity.

use std::fmt::{self, Write};
use std::ops::Index;

use serde_core::de::IgnoredAny;

use super::sorted::Map;

/// The most arrays and objects within each other, as in serde_json. Deeper ones would need too much stack.
const DEPTH: usize = 127;

/// A JSON value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as its sender wrote it. So an id above 2^53 and a decimal stay the same when they are sent back.
    Number(Box<str>),
    /// A string.
    Text(Box<str>),
    /// An array.
    List(Box<[Json]>),
    /// An object. Its members are written in the order of their names.
    Object(JsonMembers),
}

/// The members of an object by their names.
pub type JsonMembers = Map<Box<str>, Json>;

static NULL: Json = Json::Null;

impl Json {
    /// Reads a text. Of several members with the same name the last one counts.
    ///
    /// # Errors
    /// Why it is not JSON, or not JSON that can be read here.
    pub fn parse(text: &str) -> Result<Self, String> {
        let valid: Result<IgnoredAny, _> = serde_json::from_str(text);
        // So the reader below needs no check of its own, and what is wrong is told as serde_json tells it.
        valid.map_err(|error| error.to_string())?;
        JsonReader { rest: text }.value(DEPTH).map_err(|why| why.reason().to_owned())
    }

    /// An object of these members. Takes the values out of `members`, and leaves `null` there.
    pub fn object(members: &mut [(&str, Json)]) -> Self {
        let mut list = Vec::new();
        for (name, value) in members {
            list.push(((*name).into(), value.take()));
        }
        Self::Object(Map::from_list(list))
    }

    /// The number with `whole` before the point and `fraction` behind it, which is written with this many
    /// `digits`: `decimal(3, 5, 2)` is 3.05.
    pub fn decimal(whole: u64, fraction: u32, digits: usize) -> Self {
        let text = format!("{whole}.{fraction:0digits$}");
        let short = text.trim_end_matches('0');
        // There is always a digit behind the point, so that the number is a fraction on ubus, too.
        let zero = if short.ends_with('.') { "0" } else { "" };
        Self::Number([short, zero].concat().into())
    }

    /// Takes the value out and leaves `null`.
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is a string.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Whether it is an array.
    pub fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Whether it is `true`.
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The number, if it is a whole one from 0 to 2^64 - 1.
    pub fn as_u64(&self) -> Option<u64> {
        if let Self::Number(number) = self { number.parse().ok() } else { None }
    }

    /// The number, if it is a whole one of 64 bits with a sign.
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Number(number) = self { number.parse().ok() } else { None }
    }

    /// The elements of an array; empty for any other value.
    pub fn elements(&self) -> &[Self] {
        if let Self::List(elements) = self { elements } else { &[] }
    }

    /// The members of an object, if it is one.
    pub fn members(&self) -> Option<&JsonMembers> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// The members of an object, if it is one, to be changed.
    pub fn members_mut(&mut self) -> Option<&mut JsonMembers> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// The member `name` of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members()?.get(name)
    }

    /// Sets the member `name` of an object. Any other value becomes an object first.
    pub fn set(&mut self, name: &str, value: Self) {
        if !self.is_object() {
            *self = Self::Object(Map::new());
        }
        if let Some(members) = self.members_mut() {
            members.insert(name.into(), value);
        }
    }

    /// The value at `pointer` (RFC 6901). Names in it have no `~` and no `/`.
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        let mut found = self;
        for name in pointer.split('/').skip(1) {
            found = match found {
                Self::Object(members) => members.get(name)?,
                Self::List(elements) => elements.get(name.parse::<usize>().ok()?)?,
                Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => return None,
            };
        }
        Some(found)
    }

    /// The same, to be changed.
    pub fn pointer_mut(&mut self, pointer: &str) -> Option<&mut Self> {
        let mut found = self;
        for name in pointer.split('/').skip(1) {
            found = match found {
                Self::Object(members) => members.get_mut(name)?,
                Self::List(elements) => elements.get_mut(name.parse::<usize>().ok()?)?,
                Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => return None,
            };
        }
        Some(found)
    }
}

/// The member of an object; `null` if there is none.
impl Index<&str> for Json {
    type Output = Self;

    fn index(&self, name: &str) -> &Self {
        self.get(name).unwrap_or(&NULL)
    }
}

/// Written without spaces.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(true) => f.write_str("true"),
            Self::Bool(false) => f.write_str("false"),
            Self::Number(number) => f.write_str(number),
            Self::Text(text) => write_string(text, f),
            Self::List(elements) => write_list(elements, f),
            Self::Object(members) => write_object(members, f),
        }
    }
}

fn write_list(elements: &[Json], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('[')?;
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            f.write_char(',')?;
        }
        fmt::Display::fmt(element, f)?;
    }
    f.write_char(']')
}

fn write_object(members: &JsonMembers, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('{')?;
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            f.write_char(',')?;
        }
        write_string(name, f)?;
        f.write_char(':')?;
        fmt::Display::fmt(value, f)?;
    }
    f.write_char('}')
}

/// Characters that a backslash and a letter stand for, with these letters.
const ESCAPES: [(char, char); 7] = [
    ('"', '"'),
    ('\\', '\\'),
    ('\u{8}', 'b'),
    ('\u{c}', 'f'),
    ('\n', 'n'),
    ('\r', 'r'),
    ('\t', 't'),
];

/// Writes a string with its quotation marks.
fn write_string(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match ESCAPES.iter().find(|(meant, _)| *meant == c) {
            Some((_, letter)) => write!(f, "\\{letter}")?,
            None if c < ' ' => write!(f, "\\u{:04x}", u32::from(c))?,
            None => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

/// Takes a text apart that is JSON.
struct JsonReader<'t> {
    /// What has not been read yet.
    rest: &'t str,
}

/// Why a text cannot be read, although serde_json has accepted it.
enum Unreadable {
    /// There are more than [`DEPTH`] arrays and objects within each other.
    Deep,
    /// A string has half of a UTF-16 surrogate pair, which is no character.
    Surrogate,
    /// It is not JSON. serde_json does not accept such a text.
    Broken,
}

impl Unreadable {
    fn reason(self) -> &'static str {
        match self {
            Self::Deep => "its arrays and objects are nested too deeply",
            Self::Surrogate => "a string in it has half a character",
            Self::Broken => "it is not JSON",
        }
    }
}

impl<'t> JsonReader<'t> {
    /// Reads a value, in which there may be `depth` arrays and objects within each other.
    fn value(&mut self, depth: usize) -> Result<Json, Unreadable> {
        if self.skips("{") {
            return self.members(depth.checked_sub(1).ok_or(Unreadable::Deep)?);
        }
        if self.skips("[") {
            return self.elements(depth.checked_sub(1).ok_or(Unreadable::Deep)?);
        }
        if self.skips("\"") {
            return Ok(Json::Text(self.string()?));
        }
        // serde_json has accepted the text, so this value ends where the next one or white space begins.
        match self.until(b",]} \t\n\r")? {
            "" => Err(Unreadable::Broken),
            "null" => Ok(Json::Null),
            "true" => Ok(Json::Bool(true)),
            "false" => Ok(Json::Bool(false)),
            number => Ok(Json::Number(number.into())),
        }
    }

    /// Reads the elements of an array, behind its bracket.
    fn elements(&mut self, depth: usize) -> Result<Json, Unreadable> {
        let mut elements = Vec::new();
        while !self.skips("]") {
            elements.push(self.value(depth)?);
            self.skips(",");
        }
        Ok(elements.into())
    }

    /// Reads the members of an object, behind its brace.
    fn members(&mut self, depth: usize) -> Result<Json, Unreadable> {
        let mut members = Vec::new();
        while !self.skips("}") {
            if !self.skips("\"") {
                return Err(Unreadable::Broken);
            }
            let name = self.string()?;
            self.skips(":");
            members.push((name, self.value(depth)?));
            self.skips(",");
        }
        Ok(Json::Object(Map::from_list(members)))
    }

    /// Skips white space, and then `mark` if that comes next.
    fn skips(&mut self, mark: &str) -> bool {
        self.rest = self.rest.trim_ascii_start();
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Reads a string, behind its first quotation mark.
    fn string(&mut self) -> Result<Box<str>, Unreadable> {
        let mut text = String::new();
        loop {
            text.push_str(self.until(b"\"\\")?);
            if self.take(1)? == "\"" {
                return Ok(text.into());
            }
            text.push(self.escaped()?);
        }
    }

    /// Reads a character, behind its backslash.
    fn escaped(&mut self) -> Result<char, Unreadable> {
        let letter = self.take(1)?.chars().next().ok_or(Unreadable::Broken)?;
        if letter == 'u' {
            return char::from_u32(self.code()?).ok_or(Unreadable::Surrogate);
        }
        let escape = ESCAPES.iter().find(|(_, known)| *known == letter);
        Ok(escape.map_or(letter, |(meant, _)| *meant))
    }

    /// Reads the four digits of a character, and of its second half (RFC 8259 section 7) if there is one.
    fn code(&mut self) -> Result<u32, Unreadable> {
        let first = self.digits()?;
        if !(0xd800..0xdc00).contains(&first) {
            return Ok(first);
        }
        if self.rest.starts_with("\\u") {
            self.take(2)?;
            let second = self.digits()?;
            if (0xdc00..0xe000).contains(&second) {
                return Ok(0x1_0000 + ((first & 0x3ff) << 10) + (second & 0x3ff));
            }
        }
        Err(Unreadable::Surrogate)
    }

    fn digits(&mut self) -> Result<u32, Unreadable> {
        u32::from_str_radix(self.take(4)?, 16).map_err(|_| Unreadable::Broken)
    }

    /// Takes what is before the first of these `marks`, or everything.
    fn until(&mut self, marks: &[u8]) -> Result<&'t str, Unreadable> {
        let end = self.rest.bytes().position(|byte| marks.contains(&byte));
        self.take(end.unwrap_or(self.rest.len()))
    }

    /// Takes `length` bytes.
    fn take(&mut self, length: usize) -> Result<&'t str, Unreadable> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Unreadable::Broken)?;
        self.rest = rest;
        Ok(taken)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<bool> for Json {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<u64> for Json {
    fn from(number: u64) -> Self {
        Self::Number(number.to_string().into())
    }
}

impl From<u32> for Json {
    fn from(number: u32) -> Self {
        u64::from(number).into()
    }
}

impl From<Vec<Self>> for Json {
    fn from(elements: Vec<Self>) -> Self {
        Self::List(elements.into())
    }
}

impl FromIterator<Self> for Json {
    fn from_iter<I: IntoIterator<Item = Self>>(elements: I) -> Self {
        let mut list = Vec::new();
        for element in elements {
            list.push(element);
        }
        list.into()
    }
}

/// `null` if there is none.
impl<T: Into<Self>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, T::into)
    }
}

#[cfg(test)]
impl From<&serde_json::Value> for Json {
    fn from(value: &serde_json::Value) -> Self {
        Self::parse(&value.to_string()).unwrap_or_default()
    }
}

#[cfg(test)]
impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        (&value).into()
    }
}

#[cfg(test)]
mod tests;

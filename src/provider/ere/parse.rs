//! The grammar: POSIX extended regular expressions with GNU's extensions and leniencies.

use Assertion::{LineEnd, LineStart, NotWordEdge, WordEdge, WordEnd, WordStart};

/// Deepest nesting of groups: the parser is recursive.
const MAX_DEPTH: usize = 50;
/// Largest count of an interval: `RE_DUP_MAX` of POSIX `<limits.h>` on Linux.
const MAX_COUNT: usize = 32767;

/// The tree of `pattern`, and the sets that it refers to by number.
pub(super) fn parse(pattern: &str) -> Result<(Node, Vec<Set>), String> {
    let mut parser = Parser { rest: pattern.chars(), sets: Vec::new() };
    let node = parser.alternatives(0)?;
    Ok((node, parser.sets))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assertion {
    LineStart,
    LineEnd,
    WordStart,
    WordEnd,
    WordEdge,
    NotWordEdge,
}

impl Assertion {
    /// Whether it holds between these two characters of a line.
    pub(super) fn holds(self, before: Option<char>, after: Option<char>) -> bool {
        let word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        match self {
            LineStart => before.is_none(),
            LineEnd => after.is_none(),
            WordStart => !word(before) && word(after),
            WordEnd => word(before) && !word(after),
            WordEdge => word(before) != word(after),
            NotWordEdge => word(before) == word(after),
        }
    }
}

/// A bracket expression, `\w` or `\s`.
#[derive(Clone, Debug, Default)]
pub(super) struct Set {
    negated: bool,
    ranges: Vec<(char, char)>,
}

impl Set {
    pub(super) fn contains(&self, c: char) -> bool {
        let has = |c: char| self.ranges.iter().any(|&(low, high)| low <= c && c <= high);
        self.negated != (has(c.to_ascii_lowercase()) || has(c.to_ascii_uppercase()))
    }
}

pub(super) enum Node {
    Char(char),
    Any,
    Set(usize),
    Assert(Assertion),
    Sequence(Vec<Node>),
    Alternatives(Vec<Node>),
    Repeat(Box<Node>, Count),
}

/// How often: at least, and at most if there is a limit.
#[derive(Clone, Copy)]
pub(super) struct Count {
    pub(super) min: usize,
    pub(super) max: Option<usize>,
}

struct Parser<'a> {
    rest: std::str::Chars<'a>,
    sets: Vec<Set>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        if there {
            self.rest.next();
        }
        there
    }

    /// `a|b`; as for `grep`, a line break separates alternatives too.
    fn alternatives(&mut self, depth: usize) -> Result<Node, String> {
        let mut branches = vec![self.branch(depth)?];
        while self.eat('|') || self.eat('\n') {
            branches.push(self.branch(depth)?);
        }
        Ok(Node::Alternatives(branches))
    }

    fn branch(&mut self, depth: usize) -> Result<Node, String> {
        let mut nodes = Vec::new();
        loop {
            // Where there is nothing to repeat, GNU grep warns and ignores the operator.
            while self.count()?.is_some() {}
            match self.peek() {
                None | Some('|' | '\n') => return Ok(Node::Sequence(nodes)),
                Some(')') if depth > 0 => return Ok(Node::Sequence(nodes)),
                Some(_) => {}
            }
            let mut node = self.atom(depth)?;
            while let Some(count) = self.count()? {
                node = Node::Repeat(Box::new(node), count);
            }
            nodes.push(node);
        }
    }

    fn atom(&mut self, depth: usize) -> Result<Node, String> {
        Ok(match self.rest.next() {
            Some('.') => Node::Any,
            Some('^') => Node::Assert(LineStart),
            Some('$') => Node::Assert(LineEnd),
            Some('[') => self.bracket()?,
            Some('(') => self.group(depth + 1)?,
            Some('\\') => self.escape()?,
            Some(c) => Node::Char(c),
            None => Node::Sequence(Vec::new()),
        })
    }

    fn group(&mut self, depth: usize) -> Result<Node, String> {
        if depth > MAX_DEPTH {
            return Err(format!("groups are nested deeper than {MAX_DEPTH}"));
        }
        let node = self.alternatives(depth)?;
        if self.eat(')') { Ok(node) } else { Err("a '(' is not closed".into()) }
    }

    fn escape(&mut self) -> Result<Node, String> {
        Ok(match self.rest.next() {
            None => return Err("a backslash at the end escapes nothing".into()),
            Some(digit @ '1'..='9') => {
                return Err(format!("the back-reference \\{digit} is not supported"));
            }
            Some('<') => Node::Assert(WordStart),
            Some('>') => Node::Assert(WordEnd),
            Some('b') => Node::Assert(WordEdge),
            Some('B') => Node::Assert(NotWordEdge),
            Some('`') => Node::Assert(LineStart),
            Some('\'') => Node::Assert(LineEnd),
            Some(letter @ ('w' | 'W')) => self.set(letter == 'W', &[WORD, ALNUM].concat()),
            Some(letter @ ('s' | 'S')) => self.set(letter == 'S', SPACE),
            Some(c) => Node::Char(c),
        })
    }

    fn set(&mut self, negated: bool, ranges: &[(char, char)]) -> Node {
        let ranges = ranges.to_vec();
        self.sets.push(Set { negated, ranges });
        Node::Set(self.sets.len() - 1)
    }

    /// The operator that follows, if there is one: `*`, `+`, `?` or a well-formed `{m,n}`.
    fn count(&mut self) -> Result<Option<Count>, String> {
        let (min, max) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => return self.interval(),
            Some(_) | None => return Ok(None),
        };
        self.rest.next();
        Ok(Some(Count { min, max }))
    }

    /// `{m}`, `{m,}`, `{,n}`, `{m,n}`; anything else in braces is text, as GNU has it.
    fn interval(&mut self) -> Result<Option<Count>, String> {
        let Some((inside, rest)) = self.rest.as_str().get(1..).and_then(|s| s.split_once('}'))
        else {
            return Ok(None);
        };
        let (min, max) = inside.split_once(',').unwrap_or((inside, inside));
        let number = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if inside.is_empty() {
            return Err("{} has no count in it".into());
        }
        if !number(min) || !number(max) {
            return Ok(None);
        }
        let limit = |s: &str| match s.parse::<usize>() {
            Ok(n) if n <= MAX_COUNT => Ok(n),
            _ => Err(format!("{{{inside}}} repeats more than {MAX_COUNT} times")),
        };
        let count = Count {
            min: if min.is_empty() { 0 } else { limit(min)? },
            max: (!max.is_empty()).then(|| limit(max)).transpose()?,
        };
        if count.max.is_some_and(|max| max < count.min) {
            return Err(format!("{{{inside}}} ends before it begins"));
        }
        self.rest = rest.chars();
        Ok(Some(count))
    }

    fn bracket(&mut self) -> Result<Node, String> {
        let named = |inside: &str| inside.len() > 1 && inside.ends_with(':');
        if self.peek() == Some(':') && self.rest.as_str().split(']').next().is_some_and(named) {
            return Err("a character class is written [[:space:]], not [:space:]".into());
        }
        let negated = self.eat('^');
        let mut ranges = Vec::new();
        let mut first = true;
        while first || !self.eat(']') {
            first = false;
            self.item(&mut ranges)?;
        }
        Ok(self.set(negated, &ranges))
    }

    /// One element of a bracket expression: a class, a range or a character.
    fn item(&mut self, ranges: &mut Vec<(char, char)>) -> Result<(), String> {
        let low = match self.element()? {
            Element::Class(class) => {
                ranges.extend_from_slice(class);
                return match self.range_follows() {
                    true => Err("a character class cannot begin a range".into()),
                    false => Ok(()),
                };
            }
            Element::Char(c) => c,
        };
        if !self.range_follows() {
            ranges.push((low, low));
            return Ok(());
        }
        self.eat('-');
        match self.element()? {
            Element::Char(high) if low <= high && !self.range_follows() => {
                ranges.push((low, high));
                Ok(())
            }
            Element::Char(_) | Element::Class(_) => Err("a range in brackets is invalid".into()),
        }
    }

    /// Whether a `-` comes that is not the last character of the brackets.
    fn range_follows(&self) -> bool {
        let rest = self.rest.as_str();
        rest.starts_with('-') && !rest.starts_with("-]")
    }

    fn element(&mut self) -> Result<Element, String> {
        let unclosed = || String::from("a '[' is not closed");
        let c = self.rest.next().ok_or_else(unclosed)?;
        let Some(kind @ (':' | '.' | '=')) = self.peek().filter(|_| c == '[') else {
            return Ok(Element::Char(c));
        };
        let end = [kind, ']'].iter().collect::<String>();
        let text = self.rest.as_str().get(1..).unwrap_or_default();
        let (name, rest) = text.split_once(&end).ok_or_else(unclosed)?;
        self.rest = rest.chars();
        let mut chars = name.chars();
        match (kind, chars.next(), chars.next()) {
            (':', ..) => class(name).map(Element::Class),
            (_, Some(c), None) => Ok(Element::Char(c)),
            _ => Err(format!("[{kind}{name}{kind}] is not a single character")),
        }
    }
}

enum Element {
    Char(char),
    Class(&'static [(char, char)]),
}

const WORD: &[(char, char)] = &[('_', '_')];
const ALNUM: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('a', 'z')];
const SPACE: &[(char, char)] = &[('\t', '\r'), (' ', ' ')];

/// The ranges of a POSIX character class, in ASCII.
fn class(name: &str) -> Result<&'static [(char, char)], String> {
    Ok(match name {
        "alnum" => ALNUM,
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "cntrl" => &[('\0', '\x1f'), ('\x7f', '\x7f')],
        "digit" => &[('0', '9')],
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => SPACE,
        "upper" => &[('A', 'Z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return Err(format!("there is no character class [:{name}:]")),
    })
}

//! The grammar of expressions: that of POSIX, with the extensions of GNU grep, and with what GNU grep
//! accepts although POSIX leaves it undefined.

use Assertion::{LineEnd, LineStart, NotWordEdge, WordEdge, WordEnd, WordStart};

/// Deepest nesting of groups, which a message names. The parser is recursive, so it limits the stack.
const MAX_DEPTH: usize = 50;
/// Largest count of an interval, which a message names: `RE_DUP_MAX` of POSIX `<limits.h>` on Linux.
const MAX_COUNT: usize = 32767;

/// The tree of `pattern`, and the sets that its nodes refer to by index.
pub(super) fn parse(pattern: &str) -> Result<(Node, Vec<Set>), &'static str> {
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
    /// Whether the assertion holds between these two characters of a line; `None` is its start or end.
    pub(super) fn holds(self, before: Option<char>, after: Option<char>) -> bool {
        match self {
            LineStart => before.is_none(),
            LineEnd => after.is_none(),
            WordStart => !is_of_word(before) && is_of_word(after),
            WordEnd => is_of_word(before) && !is_of_word(after),
            WordEdge => is_of_word(before) != is_of_word(after),
            NotWordEdge => is_of_word(before) == is_of_word(after),
        }
    }
}

fn is_of_word(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A bracket expression, `\w` or `\s`.
#[derive(Clone, Debug, Default)]
pub(super) struct Set {
    negated: bool,
    ranges: Vec<(char, char)>,
}

impl Set {
    /// Whether `c` is in the set, in either case.
    pub(super) fn contains(&self, c: char) -> bool {
        let cases = [c.to_ascii_lowercase(), c.to_ascii_uppercase()];
        let mut ranges = self.ranges.iter();
        let is_in_range = ranges.any(|&(low, high)| cases.iter().any(|&c| low <= c && c <= high));
        is_in_range != self.negated
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

    /// Takes the next character if it is `wanted`.
    fn take(&mut self, wanted: char) -> bool {
        if self.peek() != Some(wanted) {
            return false;
        }
        self.rest.next();
        true
    }

    /// `a|b`. As for `grep`, a line break separates alternatives, too.
    fn alternatives(&mut self, depth: usize) -> Result<Node, &'static str> {
        let mut branches = vec![self.branch(depth)?];
        while self.take('|') || self.take('\n') {
            branches.push(self.branch(depth)?);
        }
        Ok(Node::Alternatives(branches))
    }

    fn branch(&mut self, depth: usize) -> Result<Node, &'static str> {
        let mut nodes = Vec::new();
        loop {
            // GNU grep ignores an operator that has nothing to repeat.
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

    fn atom(&mut self, depth: usize) -> Result<Node, &'static str> {
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

    fn group(&mut self, depth: usize) -> Result<Node, &'static str> {
        if depth > MAX_DEPTH {
            return Err("groups are nested deeper than 50");
        }
        let node = self.alternatives(depth)?;
        if self.take(')') { Ok(node) } else { Err("a '(' is not closed") }
    }

    fn escape(&mut self) -> Result<Node, &'static str> {
        Ok(match self.rest.next() {
            None => return Err("a backslash at the end escapes nothing"),
            Some('1'..='9') => return Err("a back-reference, as \\1, is not supported"),
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

    /// Takes the operator that follows, if there is one: `*`, `+`, `?` or a well-formed `{m,n}`.
    fn count(&mut self) -> Result<Option<Count>, &'static str> {
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

    /// Takes `{m}`, `{m,}`, `{,n}` or `{m,n}`. For GNU grep, anything else in braces is text.
    fn interval(&mut self) -> Result<Option<Count>, &'static str> {
        let Some((inside, rest)) = self.rest.as_str().get(1..).and_then(|s| s.split_once('}'))
        else {
            return Ok(None);
        };
        let (min, max) = inside.split_once(',').unwrap_or((inside, inside));
        if inside.is_empty() {
            return Err("{} has no count in it");
        }
        if !min.bytes().chain(max.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        let count = Count { min: limit(min)?.unwrap_or(0), max: limit(max)? };
        if count.max.is_some_and(|max| max < count.min) {
            return Err("an interval {…} ends before it begins");
        }
        self.rest = rest.chars();
        Ok(Some(count))
    }

    /// A bracket expression, behind its `[`.
    fn bracket(&mut self) -> Result<Node, &'static str> {
        let inside = self.rest.as_str().split(']').next().unwrap_or_default();
        if inside.len() > 1 && inside.starts_with(':') && inside.ends_with(':') {
            return Err("a character class is written [[:space:]], not [:space:]");
        }
        let negated = self.take('^');
        let mut ranges = Vec::new();
        let mut first = true;
        while first || !self.take(']') {
            first = false;
            self.item(&mut ranges)?;
        }
        Ok(self.set(negated, &ranges))
    }

    /// One item of a bracket expression: a class, a range or a character.
    fn item(&mut self, ranges: &mut Vec<(char, char)>) -> Result<(), &'static str> {
        let low = match self.element()? {
            Element::Class(class) => {
                ranges.extend_from_slice(class);
                return match self.range_follows() {
                    true => Err("a character class cannot begin a range"),
                    false => Ok(()),
                };
            }
            Element::Char(c) => c,
        };
        if !self.range_follows() {
            ranges.push((low, low));
            return Ok(());
        }
        self.take('-');
        match self.element()? {
            Element::Char(high) if low <= high && !self.range_follows() => {
                ranges.push((low, high));
                Ok(())
            }
            Element::Char(_) | Element::Class(_) => Err("a range in brackets is invalid"),
        }
    }

    /// Whether a `-` follows that is not the last character in the brackets.
    fn range_follows(&self) -> bool {
        let rest = self.rest.as_str();
        rest.starts_with('-') && !rest.starts_with("-]")
    }

    /// A character, `[:class:]`, `[.c.]` or `[=c=]`.
    fn element(&mut self) -> Result<Element, &'static str> {
        let c = self.rest.next().ok_or(UNCLOSED)?;
        let kind = match (c, self.peek()) {
            ('[', Some(kind @ (':' | '.' | '='))) => kind,
            _ => return Ok(Element::Char(c)),
        };
        let text = self.rest.as_str().get(1..).unwrap_or_default();
        let (name, rest) = text.split_once(&format!("{kind}]")).ok_or(UNCLOSED)?;
        self.rest = rest.chars();
        let mut chars = name.chars();
        match (kind, chars.next(), chars.next()) {
            (':', ..) => class(name).map(Element::Class),
            (_, Some(c), None) => Ok(Element::Char(c)),
            _ => Err("[.….] and [=…=] hold a single character"),
        }
    }
}

const UNCLOSED: &str = "a '[' is not closed";

/// The count with these digits; `None` if there are none.
fn limit(digits: &str) -> Result<Option<usize>, &'static str> {
    if digits.is_empty() {
        return Ok(None);
    }
    match digits.parse::<usize>() {
        Ok(count) if count <= MAX_COUNT => Ok(Some(count)),
        _ => Err("an interval {…} repeats more than 32767 times"),
    }
}

/// What a bracket expression is made of.
enum Element {
    Char(char),
    Class(&'static [(char, char)]),
}

const WORD: &[(char, char)] = &[('_', '_')];
const ALNUM: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('a', 'z')];
const SPACE: &[(char, char)] = &[('\t', '\r'), (' ', ' ')];

/// The ranges of a POSIX character class, in ASCII.
fn class(name: &str) -> Result<&'static [(char, char)], &'static str> {
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
        _ => return Err("the character class [:…:] has an unknown name"),
    })
}

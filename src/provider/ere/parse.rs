//! The grammar of expressions: that of POSIX, with the extensions of GNU grep, and with what GNU grep
//! accepts although POSIX leaves it undefined.

use Assertion::{LineEnd, LineStart, NotWordEdge, WordEdge, WordEnd, WordStart};

/// Deepest nesting of groups, which a message names. The parser is recursive, so it limits the stack.
const MAX_DEPTH: usize = 50;
/// Largest count of an interval, which a message names: `RE_DUP_MAX` of POSIX `<limits.h>` on Linux.
const MAX_COUNT: usize = 32767;

/// Most instructions of a program. They limit its memory and, with the length of a body, its time.
const MAX_PROGRAM: usize = 1000;

/// The program for `pattern`, and the sets that its instructions refer to by index.
pub(super) fn parse(pattern: &str) -> Result<(Vec<Instruction>, Vec<CharSet>), &'static str> {
    let (program, sets) = (Vec::new(), Vec::new());
    let mut parser = Parser { rest: pattern.chars(), program, is_too_large: false, sets };
    parser.alternatives(0)?;
    if parser.is_too_large {
        return Err("the expression is too large, mostly because of its {} counts");
    }
    parser.program.push(Instruction::Match);
    Ok((parser.program, parser.sets))
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

/// The characters of a bracket expression, of `\w` or of `\s`.
#[derive(Clone, Debug, Default)]
pub(super) struct CharSet {
    negated: bool,
    ranges: Vec<(char, char)>,
}

impl CharSet {
    /// Whether `c` is in the set, in either case.
    pub(super) fn contains(&self, c: char) -> bool {
        let cases = [c.to_ascii_lowercase(), c.to_ascii_uppercase()];
        let mut ranges = self.ranges.iter();
        let is_in_range = ranges.any(|&(low, high)| cases.iter().any(|&c| low <= c && c <= high));
        is_in_range != self.negated
    }
}

/// A step of a program.
#[derive(Clone, Copy, Debug)]
pub(super) enum Instruction {
    Char(char),
    Any,
    Set(usize),
    Assert(Assertion),
    /// Continue with the next instruction, and with the one that is this far behind this one.
    Split(isize),
    /// Continue with the instruction that is this far behind this one. It is before this one if the number is
    /// negative.
    Jump(isize),
    Match,
}

/// How often: at least, and at most.
struct Count {
    min: usize,
    max: usize,
}

/// [`Count::max`] if there is no limit.
const UNLIMITED: usize = usize::MAX;

struct Parser<'a> {
    rest: std::str::Chars<'a>,
    /// The instructions for what was read. Those of a part can be copied and moved, because they refer to each
    /// other by distance.
    program: Vec<Instruction>,
    /// Whether an instruction was left out, because there would be too many.
    is_too_large: bool,
    sets: Vec<CharSet>,
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

    fn emit(&mut self, instruction: Instruction) {
        if self.program.len() < MAX_PROGRAM {
            self.program.push(instruction);
        } else {
            self.is_too_large = true;
        }
    }

    /// Emits an instruction that refers to the end of `body` or a place behind it, and `body`.
    fn emit_before(
        &mut self,
        instruction: fn(isize) -> Instruction,
        body: &[Instruction],
        behind: usize,
    ) {
        self.emit(instruction((1 + body.len() + behind) as isize));
        self.emit_all(body);
    }

    fn emit_all(&mut self, body: &[Instruction]) {
        for instruction in body {
            self.emit(*instruction);
        }
    }

    /// `a|b`. As for `grep`, a line break separates alternatives, too.
    fn alternatives(&mut self, depth: usize) -> Result<(), &'static str> {
        // The places of jumps to the end, one behind each branch but the last.
        let mut jumps = Vec::new();
        let mut start = self.program.len();
        self.branch(depth)?;
        while self.take('|') || self.take('\n') {
            let branch = self.program.split_off(start);
            self.emit_before(Instruction::Split, &branch, 1);
            jumps.push(self.program.len());
            self.emit(Instruction::Jump(0));
            start = self.program.len();
            self.branch(depth)?;
        }
        let end = self.program.len();
        for jump in jumps {
            if let Some(instruction) = self.program.get_mut(jump) {
                *instruction = Instruction::Jump((end - jump) as isize);
            }
        }
        Ok(())
    }

    fn branch(&mut self, depth: usize) -> Result<(), &'static str> {
        loop {
            // GNU grep ignores an operator that has nothing to repeat.
            while self.count()?.is_some() {}
            match self.peek() {
                None | Some('|' | '\n') => return Ok(()),
                Some(')') if depth > 0 => return Ok(()),
                Some(_) => {}
            }
            let start = self.program.len();
            let was_too_large = self.is_too_large;
            self.atom(depth)?;
            while let Some(count) = self.count()? {
                if count.max == 0 {
                    // Nothing of the atom stays, however large it is.
                    self.is_too_large = was_too_large;
                }
                self.repeat(start, &count);
            }
        }
    }

    /// Repeats the instructions from `start` on.
    fn repeat(&mut self, start: usize, count: &Count) {
        let body = self.program.split_off(start);
        for _ in 0..count.min {
            // An empty group stays empty. Nested, `(){32767}` would take very long otherwise.
            if body.is_empty() || self.is_too_large {
                return;
            }
            self.emit_all(&body);
        }
        if count.max == UNLIMITED {
            self.emit_before(Instruction::Split, &body, 1);
            self.emit(Instruction::Jump(-1 - body.len() as isize));
            return;
        }
        for _ in count.min..count.max {
            if self.is_too_large {
                return;
            }
            self.emit_before(Instruction::Split, &body, 0);
        }
    }

    fn atom(&mut self, depth: usize) -> Result<(), &'static str> {
        let instruction = match self.rest.next() {
            Some('.') => Instruction::Any,
            Some('^') => Instruction::Assert(LineStart),
            Some('$') => Instruction::Assert(LineEnd),
            Some('[') => return self.bracket(),
            Some('(') => return self.group(depth + 1),
            Some('\\') => return self.escape(),
            Some(c) => Instruction::Char(c),
            None => return Ok(()),
        };
        self.emit(instruction);
        Ok(())
    }

    fn group(&mut self, depth: usize) -> Result<(), &'static str> {
        if depth > MAX_DEPTH {
            return Err("groups are nested deeper than 50");
        }
        self.alternatives(depth)?;
        if self.take(')') { Ok(()) } else { Err("a '(' is not closed") }
    }

    fn escape(&mut self) -> Result<(), &'static str> {
        let instruction = match self.rest.next() {
            None => return Err("a backslash at the end escapes nothing"),
            Some('1'..='9') => return Err("a back-reference, as \\1, is not supported"),
            Some('<') => Instruction::Assert(WordStart),
            Some('>') => Instruction::Assert(WordEnd),
            Some('b') => Instruction::Assert(WordEdge),
            Some('B') => Instruction::Assert(NotWordEdge),
            Some('`') => Instruction::Assert(LineStart),
            Some('\'') => Instruction::Assert(LineEnd),
            Some(letter @ ('w' | 'W')) => self.set(letter == 'W', WORD.to_vec()),
            Some(letter @ ('s' | 'S')) => self.set(letter == 'S', SPACE.to_vec()),
            Some(c) => Instruction::Char(c),
        };
        self.emit(instruction);
        Ok(())
    }

    /// Makes a set, and returns the instruction for it.
    fn set(&mut self, negated: bool, ranges: Vec<(char, char)>) -> Instruction {
        self.sets.push(CharSet { negated, ranges });
        Instruction::Set(self.sets.len() - 1)
    }

    /// Takes the operator that follows, if there is one: `*`, `+`, `?` or a well-formed `{m,n}`.
    fn count(&mut self) -> Result<Option<Count>, &'static str> {
        let (min, max) = match self.peek() {
            Some('*') => (0, UNLIMITED),
            Some('+') => (1, UNLIMITED),
            Some('?') => (0, 1),
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
        let count = Count { min: limit(min, 0)?, max: limit(max, UNLIMITED)? };
        if count.max < count.min {
            return Err("an interval {…} ends before it begins");
        }
        self.rest = rest.chars();
        Ok(Some(count))
    }

    /// A bracket expression, behind its `[`.
    fn bracket(&mut self) -> Result<(), &'static str> {
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
        let set = self.set(negated, ranges);
        self.emit(set);
        Ok(())
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
        let (kind, end) = match (c, self.peek()) {
            ('[', Some(kind @ ':')) => (kind, ":]"),
            ('[', Some(kind @ '.')) => (kind, ".]"),
            ('[', Some(kind @ '=')) => (kind, "=]"),
            _ => return Ok(Element::Char(c)),
        };
        let text = self.rest.as_str().get(1..).unwrap_or_default();
        let (name, rest) = text.split_once(end).ok_or(UNCLOSED)?;
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

/// The count with these digits; `default` if there are none.
fn limit(digits: &str, default: usize) -> Result<usize, &'static str> {
    if digits.is_empty() {
        return Ok(default);
    }
    match digits.parse::<usize>() {
        Ok(count) if count <= MAX_COUNT => Ok(count),
        _ => Err("an interval {…} repeats more than 32767 times"),
    }
}

/// What a bracket expression is made of.
enum Element {
    Char(char),
    Class(Ranges),
}

/// The first and the last character of each range.
type Ranges = &'static [(char, char)];

const WORD: Ranges = &[('_', '_'), ('0', '9'), ('A', 'Z'), ('a', 'z')];
const SPACE: Ranges = &[('\t', '\r'), (' ', ' ')];

/// The POSIX character classes, in ASCII.
const CLASSES: [(&str, Ranges); 12] = [
    ("alnum", &[('0', '9'), ('A', 'Z'), ('a', 'z')]),
    ("alpha", &[('A', 'Z'), ('a', 'z')]),
    ("blank", &[('\t', '\t'), (' ', ' ')]),
    ("cntrl", &[('\0', '\x1f'), ('\x7f', '\x7f')]),
    ("digit", &[('0', '9')]),
    ("graph", &[('!', '~')]),
    ("lower", &[('a', 'z')]),
    ("print", &[(' ', '~')]),
    ("punct", &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
    ("space", SPACE),
    ("upper", &[('A', 'Z')]),
    ("xdigit", &[('0', '9'), ('A', 'F'), ('a', 'f')]),
];

/// The ranges of a POSIX character class.
fn class(name: &str) -> Result<Ranges, &'static str> {
    match CLASSES.iter().find(|(known, _)| *known == name) {
        Some((_, ranges)) => Ok(ranges),
        None => Err("the character class [:…:] has an unknown name"),
    }
}

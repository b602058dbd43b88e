//! POSIX extended regular expressions as `grep -E -i` reads them, for the `answer` of a definition.
//!
//! A program of a few instructions is run over all its states at once (Thompson 1968, as told in
//! <https://swtch.com/~rsc/regexp/regexp2.html>), so time is bounded by program times text: an
//! expression comes from a file that may have been downloaded, and an answer from anybody.
//!
//! Not supported, with a sentence: back-references, which no such engine can run. Letters are
//! matched without regard to case in ASCII only. A carriage return at the end of a line is not part
//! of the line, because HTTP bodies have them and definitions do not.

use Assertion::{LineEnd, LineStart, NotWordEdge, WordEdge, WordEnd, WordStart};

/// Most instructions of a program: bounds memory, and time to a second or so on a slow router.
const MAX_PROGRAM: usize = 1000;
/// Deepest nesting of groups: the parser is recursive.
const MAX_DEPTH: usize = 50;
/// Largest count of an interval: `RE_DUP_MAX` of POSIX `<limits.h>` on Linux.
const MAX_COUNT: usize = 32767;

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Ere {
    program: Vec<Instruction>,
    sets: Vec<Set>,
}

impl Ere {
    /// Compiles `pattern`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let mut parser = Parser {
            rest: pattern.chars(),
            sets: Vec::new(),
        };
        let node = parser.alternatives(0)?;
        let mut program = Vec::new();
        compile(&node, &mut program)?;
        program.push(Instruction::Match);
        Ok(Self {
            program,
            sets: parser.sets,
        })
    }

    /// Whether any line of `text` contains a match. As for `grep`, an empty text has no line.
    pub fn is_match(&self, text: &str) -> bool {
        self.run(text).0
    }

    /// Whether there is a match, and how many states were visited to find out.
    fn run(&self, text: &str) -> (bool, usize) {
        let mut states = States {
            seen: vec![0; self.program.len()],
            ..States::default()
        };
        let found = text
            .split_terminator('\n')
            .map(|line| line.strip_suffix('\r').unwrap_or(line))
            .any(|line| self.line(line, &mut states));
        (found, states.steps)
    }

    fn line(&self, line: &str, states: &mut States) -> bool {
        let mut before = None;
        let mut rest = line.chars();
        states.pending.clear();
        loop {
            let after = rest.next();
            states.pending.push(0);
            if self.follow(states, before, after) {
                return true;
            }
            let Some(c) = after else { return false };
            let taken = states.waiting.iter().filter(|&&pc| self.takes(pc, c));
            states.pending.extend(taken.map(|pc| pc + 1));
            before = after;
        }
    }

    /// Follows everything that consumes nothing; leaves what waits for a character in
    /// `states.waiting`. True if the end of the program was reached.
    fn follow(&self, states: &mut States, before: Option<char>, after: Option<char>) -> bool {
        states.round += 1;
        states.waiting.clear();
        while let Some(pc) = states.pending.pop() {
            let (Some(instruction), Some(seen)) = (self.program.get(pc), states.seen.get_mut(pc))
            else {
                continue;
            };
            if std::mem::replace(seen, states.round) == states.round {
                continue;
            }
            states.steps += 1;
            match *instruction {
                Instruction::Match => return true,
                Instruction::Jump(to) => states.pending.push(to),
                Instruction::Split(to) => states.pending.extend([to, pc + 1]),
                Instruction::Assert(assertion) if assertion.holds(before, after) => {
                    states.pending.push(pc + 1);
                }
                Instruction::Assert(_) => {}
                Instruction::Any | Instruction::Char(_) | Instruction::Set(_) => {
                    states.waiting.push(pc);
                }
            }
        }
        false
    }

    fn takes(&self, pc: usize, c: char) -> bool {
        match self.program.get(pc) {
            Some(Instruction::Any) => true,
            Some(Instruction::Char(wanted)) => c.eq_ignore_ascii_case(wanted),
            Some(Instruction::Set(set)) => self.sets.get(*set).is_some_and(|set| set.contains(c)),
            Some(
                Instruction::Match
                | Instruction::Jump(_)
                | Instruction::Split(_)
                | Instruction::Assert(_),
            )
            | None => false,
        }
    }
}

/// The states of a run, reused from line to line.
#[derive(Default)]
struct States {
    /// To be followed.
    pending: Vec<usize>,
    /// Wait for a character.
    waiting: Vec<usize>,
    /// Round in which each instruction was last visited.
    seen: Vec<usize>,
    round: usize,
    steps: usize,
}

#[derive(Clone, Copy, Debug)]
enum Instruction {
    Char(char),
    Any,
    Set(usize),
    Assert(Assertion),
    /// Go on, and also there.
    Split(usize),
    Jump(usize),
    Match,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Assertion {
    LineStart,
    LineEnd,
    WordStart,
    WordEnd,
    WordEdge,
    NotWordEdge,
}

impl Assertion {
    fn holds(self, before: Option<char>, after: Option<char>) -> bool {
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
struct Set {
    negated: bool,
    ranges: Vec<(char, char)>,
}

impl Set {
    fn contains(&self, c: char) -> bool {
        let has = |c: char| self.ranges.iter().any(|&(low, high)| low <= c && c <= high);
        self.negated != (has(c.to_ascii_lowercase()) || has(c.to_ascii_uppercase()))
    }
}

enum Node {
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
struct Count {
    min: usize,
    max: Option<usize>,
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
        if self.eat(')') {
            Ok(node)
        } else {
            Err("a '(' is not closed".into())
        }
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

fn compile(node: &Node, program: &mut Vec<Instruction>) -> Result<(), String> {
    match node {
        Node::Char(c) => emit(program, Instruction::Char(*c)),
        Node::Any => emit(program, Instruction::Any),
        Node::Set(set) => emit(program, Instruction::Set(*set)),
        Node::Assert(assertion) => emit(program, Instruction::Assert(*assertion)),
        Node::Sequence(nodes) => nodes.iter().try_for_each(|node| compile(node, program)),
        Node::Alternatives(branches) => alternatives(branches, program),
        Node::Repeat(node, count) => repeat(node, *count, program),
    }
}

fn emit(program: &mut Vec<Instruction>, instruction: Instruction) -> Result<(), String> {
    if program.len() >= MAX_PROGRAM {
        return Err("the expression is too large, mostly because of its {} counts".into());
    }
    program.push(instruction);
    Ok(())
}

/// Emits `make(target)` before `body`, where `target` is the place behind `body`.
fn around(
    program: &mut Vec<Instruction>,
    make: fn(usize) -> Instruction,
    body: impl FnOnce(&mut Vec<Instruction>) -> Result<(), String>,
) -> Result<(), String> {
    let at = program.len();
    emit(program, make(0))?;
    body(program)?;
    let target = program.len();
    if let Some(slot) = program.get_mut(at) {
        *slot = make(target);
    }
    Ok(())
}

fn alternatives(branches: &[Node], program: &mut Vec<Instruction>) -> Result<(), String> {
    let Some((first, others)) = branches.split_first() else {
        return Ok(());
    };
    if others.is_empty() {
        return compile(first, program);
    }
    let at = program.len();
    emit(program, Instruction::Split(0))?;
    compile(first, program)?;
    // The first branch jumps over the others; the split leads to them.
    let others_at = program.len() + 1;
    if let Some(slot) = program.get_mut(at) {
        *slot = Instruction::Split(others_at);
    }
    around(program, Instruction::Jump, |program| {
        alternatives(others, program)
    })
}

fn repeat(node: &Node, count: Count, program: &mut Vec<Instruction>) -> Result<(), String> {
    for _ in 0..count.min {
        let before = program.len();
        compile(node, program)?;
        if program.len() == before {
            // Nothing, however often: `(){32767}` must not take 32767 turns, least of all nested.
            return Ok(());
        }
    }
    let Some(max) = count.max else {
        return around(program, Instruction::Split, |program| {
            let body = program.len();
            compile(node, program)?;
            emit(program, Instruction::Jump(body.saturating_sub(1)))
        });
    };
    (count.min..max).try_for_each(|_| {
        around(program, Instruction::Split, |program| {
            compile(node, program)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Ere::new(pattern).unwrap().is_match(text)
    }

    #[test]
    fn the_expressions_of_definitions_work() {
        assert!(matches("good|nochg", "GOOD 192.0.2.1\r\n"));
        assert!(matches("good|nochg", "first\nnochg"));
        assert!(!matches("good|nochg", "badauth"));
        assert!(matches("Updated|No change", "updated 1 host"));
        assert!(matches("success|100|101", "code 101"));
        assert!(matches("^good$", "good\r\n"));
        assert!(!matches("^$", "") && matches("^$", "\n"));
    }

    #[test]
    fn mistakes_are_sentences() {
        for (pattern, word) in [
            ("(a)\\1", "back-reference"),
            ("(a", "'(' is not closed"),
            ("[a", "'[' is not closed"),
            ("[[:foo:]]", "[:foo:]"),
            ("[:alpha:]", "[[:space:]]"),
            ("[z-a]", "range"),
            ("a{2,1}", "{2,1}"),
            ("a{}", "no count"),
            ("a{32768}", "32767"),
            ("a{99999999999999999999}", "32767"),
            ("a{1001}", "too large"),
            ("((a{100}){100}){100}", "too large"),
            ("a\\", "backslash"),
            (&"(".repeat(51), "nested"),
        ] {
            let error = Ere::new(pattern).unwrap_err();
            assert!(error.contains(word), "{pattern}: {error}");
        }
    }

    #[test]
    fn work_grows_with_program_and_text_only() {
        let text = "a".repeat(64 * 1024);
        for pattern in [
            "(a*)*b",
            "((a+)+)+$b",
            "(a|a)*b",
            "(a|aa)+b",
            "(.*)*(.*)*x",
            "(a?){30}a{30}b",
            "(((a*)*)*)*b",
            "(\\b*a*\\b)*b",
        ] {
            let ere = Ere::new(pattern).unwrap();
            let (found, steps) = ere.run(&text);
            assert!(!found, "{pattern}");
            assert!(steps <= ere.program.len() * (text.len() + 1), "{pattern}");
        }
    }

    #[test]
    fn repeating_nothing_ends() {
        assert!(matches("((()){32767}){32767}a", "a"));
        assert!(matches("(()*)*(|a*)*a", "a"));
    }
}

//! POSIX extended regular expressions as `grep -E -i` reads them, for the `answer` of a definition.
//!
//! A program of a few instructions is run over all its states at once (Thompson 1968, as told in
//! <https://swtch.com/~rsc/regexp/regexp2.html>), so time is bounded by program times text: an
//! expression comes from a file that may have been downloaded, and an answer from anybody.
//!
//! Not supported, with a sentence: back-references, which no such engine can run. Letters are
//! matched without regard to case in ASCII only. A carriage return at the end of a line is not part
//! of the line, because HTTP bodies have them and definitions do not.

mod parse;

use parse::{Assertion, Count, Node, Set};

/// Most instructions of a program: bounds its memory and, with the length of a body, its steps.
const MAX_PROGRAM: usize = 1000;

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
        let (node, sets) = parse::parse(pattern)?;
        let mut program = Vec::new();
        compile(&node, &mut program)?;
        program.push(Instruction::Match);
        Ok(Self { program, sets })
    }

    /// Whether any line of `text` contains a match. As for `grep`, an empty text has no line.
    pub fn is_match(&self, text: &str) -> bool {
        self.run(text).0
    }

    /// Whether there is a match, and how many states were visited to find out.
    fn run(&self, text: &str) -> (bool, usize) {
        let mut states = States { seen: vec![0; self.program.len()], ..States::default() };
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
    around(program, Instruction::Jump, |program| alternatives(others, program))
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
    (count.min..max)
        .try_for_each(|_| around(program, Instruction::Split, |program| compile(node, program)))
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

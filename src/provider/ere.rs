//! POSIX extended regular expressions with the meaning that they have for `grep -E -i`, for the `answer`
//! of a definition and for the table of providers.
//!
//! An expression is compiled to a program of a few instructions, and all states of the program advance
//! together (Thompson 1968, <https://swtch.com/~rsc/regexp/regexp2.html>). So the time is at most the
//! length of the program times that of the text. That matters because a definition may have been
//! downloaded, and an answer may come from any server.
//!
//! Back-references are an error, because such a program cannot match them. Case is ignored for ASCII
//! only. A carriage return at the end of a line is ignored: HTTP bodies often have one, and expressions
//! of definitions do not match it.

mod parse;

use parse::{CharSet, Instruction};

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Ere {
    program: Vec<Instruction>,
    sets: Vec<CharSet>,
}

impl Ere {
    /// Compiles `pattern`.
    ///
    /// # Errors
    /// A sentence that names the mistake in `pattern`.
    pub fn new(pattern: &str) -> Result<Self, &'static str> {
        let (program, sets) = parse::parse(pattern)?;
        Ok(Self { program, sets })
    }

    /// Whether a line of `text` contains a match. As for `grep`, an empty text has no line.
    pub fn is_match(&self, text: &str) -> bool {
        self.run(text).0
    }

    /// Whether there is a match, and how many states were visited to find out.
    fn run(&self, text: &str) -> (bool, usize) {
        let mut states = States { seen: vec![0; self.program.len()], ..States::default() };
        let mut lines = text.split_terminator('\n');
        let found = lines
            .any(|line| self.is_line_match(line.strip_suffix('\r').unwrap_or(line), &mut states));
        (found, states.steps)
    }

    fn is_line_match(&self, line: &str, states: &mut States) -> bool {
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
            for &pc in &states.waiting {
                if self.takes(pc, c) {
                    states.pending.push(pc + 1);
                }
            }
            before = after;
        }
    }

    /// Runs the instructions that take no character. Afterwards, `states.waiting` has those that wait for
    /// the next character. Returns whether the end of the program was reached.
    fn follow(&self, states: &mut States, before: Option<char>, after: Option<char>) -> bool {
        states.round += 1;
        states.waiting.clear();
        while let Some(pc) = states.pending.pop() {
            let (Some(instruction), Some(seen)) = (self.program.get(pc), states.seen.get_mut(pc))
            else {
                continue;
            };
            // Each instruction runs once in a round. So loops of empty matches end, and the time has a limit.
            if std::mem::replace(seen, states.round) == states.round {
                continue;
            }
            states.steps += 1;
            match *instruction {
                Instruction::Match => return true,
                Instruction::Jump(distance) => {
                    states.pending.push(pc.wrapping_add_signed(distance));
                }
                Instruction::Split(distance) => {
                    states.pending.push(pc.wrapping_add_signed(distance));
                    states.pending.push(pc + 1);
                }
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

/// The states of a run: places in the program. The memory is used again for each line.
#[derive(Default)]
struct States {
    /// Instructions to run before the next character.
    pending: Vec<usize>,
    /// Instructions that wait for the next character.
    waiting: Vec<usize>,
    /// For each instruction the round in which it was run last.
    seen: Vec<usize>,
    /// The number of the round. A round is the place between two characters.
    round: usize,
    /// How many instructions were run.
    steps: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Ere::new(pattern).unwrap().is_match(text)
    }

    #[test]
    fn expressions_match_lines_without_regard_to_case() {
        assert!(matches("good|nochg", "GOOD 192.0.2.1\r\n"));
        assert!(matches("good|nochg", "first\nnochg"));
        assert!(!matches("good|nochg", "badauth"));
        assert!(matches("Updated|No change", "updated 1 host"));
        assert!(matches("success|100|101", "code 101"));
        assert!(matches("^good$", "good\r\n"));
        assert!(!matches("^$", "") && matches("^$", "\n"));
    }

    #[test]
    fn what_is_repeated_zero_times_may_be_large() {
        for pattern in ["^(a{1001}){0}ok$", "^a{1001}{0}ok$", "^((a{1001}){0}o)k$"] {
            assert!(matches(pattern, "ok"), "{pattern}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (pattern, word) in [
            ("(a)\\1", "back-reference"),
            ("(a", "'(' is not closed"),
            ("[a", "'[' is not closed"),
            ("[[:foo:]]", "unknown name"),
            ("[:alpha:]", "[[:space:]]"),
            ("[z-a]", "range"),
            ("a{2,1}", "ends before"),
            ("a{}", "no count"),
            ("a{32768}", "32767"),
            ("a{99999999999999999999}", "32767"),
            ("a{1001}", "too large"),
            ("(a{1001}){0}b{1001}", "too large"),
            ("((a{100}){100}){100}", "too large"),
            ("a\\", "backslash"),
            (&"(".repeat(51), "nested"),
        ] {
            let error = Ere::new(pattern).unwrap_err();
            assert!(error.contains(word), "{pattern}: {error}");
        }
    }

    #[test]
    fn steps_are_at_most_program_times_text() {
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
    fn repeated_empty_group_compiles_quickly() {
        assert!(matches("((()){32767}){32767}a", "a"));
        assert!(matches("(()*)*(|a*)*a", "a"));
    }
}

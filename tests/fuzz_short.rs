//! Every fuzz target for about a second, with the same inputs in every run.

mod fuzz_bodies;

use std::time::{Duration, Instant};

use fuzz_bodies::{ALL, Target};

#[test]
fn no_input_breaks_a_parser() {
    for target in ALL {
        fuzz(target, Duration::from_secs(1));
    }
}

#[expect(clippy::disallowed_methods, reason = "a test that is to end after a time")]
#[expect(clippy::print_stdout, reason = "how many inputs there were is worth knowing")]
fn fuzz(target: &Target, time: Duration) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for seed in target.seeds {
        (target.body)(seed);
    }
    let end = Instant::now() + time;
    let mut runs = 0;
    while Instant::now() < end {
        let mut input = random.pick(target.seeds).to_vec();
        for _ in 0..=random.below(8) {
            mutate(&mut random, &mut input, target.words);
        }
        (target.body)(&input);
        runs += 1;
    }
    println!("{}: {runs} inputs", target.name);
}

fn mutate(random: &mut Random, input: &mut Vec<u8>, words: &[&str]) {
    let at = random.below(input.len() + 1);
    let end = (at + random.below(32)).min(input.len());
    match random.below(6) {
        0 if at < input.len() => input[at] ^= 1 << random.below(8),
        1 => drop(input.drain(at..end)),
        2 => input.truncate(at),
        3 => {
            let piece = input[at..end].to_vec();
            let to = random.below(input.len() + 1);
            input.splice(to..to, piece);
        }
        4 if !words.is_empty() => drop(input.splice(at..at, random.pick(words).bytes())),
        _ => input.insert(at, random.next() as u8),
    }
}

/// Marsaglia's xorshift64: good enough here and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

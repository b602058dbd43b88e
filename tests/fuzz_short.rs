//! Runs every fuzz target for about a second, with the same inputs each time.

mod fuzz_bodies;

use std::time::{Duration, Instant};

use fuzz_bodies::{ALL, Target};

#[test]
fn parsers_keep_their_promises_for_mutated_inputs() {
    for target in ALL {
        fuzz(target, Duration::from_secs(1));
    }
}

#[expect(clippy::disallowed_methods, reason = "the test ends after a time")]
#[expect(clippy::print_stdout, reason = "shows how many inputs were tried")]
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
    let start = random.below(input.len() + 1);
    let end = (start + random.below(32)).min(input.len());
    match random.below(6) {
        0 if start < input.len() => input[start] ^= 1 << random.below(8),
        1 => drop(input.drain(start..end)),
        2 => input.truncate(start),
        3 => {
            let piece = input[start..end].to_vec();
            let to = random.below(input.len() + 1);
            input.splice(to..to, piece);
        }
        4 if !words.is_empty() => drop(input.splice(start..start, random.pick(words).bytes())),
        _ => input.insert(start, random.next() as u8),
    }
}

/// Marsaglia's xorshift64: gives the same numbers on every machine.
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

//! Parses options as the shell's `getopts` does (POSIX.1-2017, utility `getopts`), which the programs of
//! ddns-scripts use.

/// An option of the command line, or why it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opt<'a> {
    /// `-f`.
    Flag(char),
    /// `-d value` or `-dvalue`.
    Value(char, &'a str),
    /// The argument of `-d` is missing.
    Missing(char),
    /// There is no such option.
    Invalid(char),
}

/// Returns the options in their order, up to the first that makes no sense, and the words after them.
/// `flags` are the letters of options without an argument, `valued` those of options with one.
pub(super) fn getopts<'a>(
    flags: &str,
    valued: &str,
    words: &'a [String],
) -> (Vec<Opt<'a>>, Vec<&'a str>) {
    let mut found = Vec::new();
    let mut operands = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            break;
        }
        // LuCI of OpenWrt 24.10 passes `-- get_registered_ip` as one word, which counts as two.
        if let Some(rest) = word.strip_prefix("-- ") {
            operands.extend(rest.split_whitespace());
            break;
        }
        let letters = word.strip_prefix('-').unwrap_or_default();
        if letters.is_empty() {
            operands.push(word.as_str());
            break;
        }
        add_letters(letters, flags, valued, &mut words, &mut found);
        // Callers end at the first error, so what follows need not be read.
        if let Some(Opt::Missing(_) | Opt::Invalid(_)) = found.last() {
            break;
        }
    }
    operands.extend(words.map(String::as_str));
    (found, operands)
}

/// Adds the options of a word such as `-6fl`, up to the first that takes an argument or makes no sense.
/// The argument is the rest of the word, or the next of `words`.
fn add_letters<'a>(
    letters: &'a str,
    flags: &str,
    valued: &str,
    words: &mut std::slice::Iter<'a, String>,
    found: &mut Vec<Opt<'a>>,
) {
    let mut letters = letters.chars();
    while let Some(letter) = letters.next() {
        if flags.contains(letter) {
            found.push(Opt::Flag(letter));
            continue;
        }
        found.push(if valued.contains(letter) {
            let rest = letters.as_str();
            let value = if rest.is_empty() { words.next().map(String::as_str) } else { Some(rest) };
            value.map_or(Opt::Missing(letter), |value| Opt::Value(letter, value))
        } else {
            Opt::Invalid(letter)
        });
        return;
    }
}

/// The message about an option that makes no sense.
pub(super) fn option_error(option: Opt<'_>) -> String {
    match option {
        Opt::Missing(letter) => format!("option -{letter} needs a value"),
        Opt::Flag(letter) | Opt::Value(letter, _) | Opt::Invalid(letter) => {
            format!("there is no option -{letter}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_the_shell_reads_them() {
        use Opt::{Flag, Invalid, Missing, Value};
        let none: &[&str] = &[];
        for (line, expected, rest) in [
            ("", &[][..], none),
            ("-a -b", &[Flag('a'), Flag('b')], none),
            ("-ab x", &[Flag('a'), Flag('b')], &["x"]),
            ("-v 1 x -a", &[Value('v', "1")], &["x", "-a"]),
            ("-av1", &[Flag('a'), Value('v', "1")], none),
            ("-v -a", &[Value('v', "-a")], none),
            ("-v --", &[Value('v', "--")], none),
            ("-a -- -b", &[Flag('a')], &["-b"]),
            ("-a - -b", &[Flag('a')], &["-", "-b"]),
            ("-v", &[Missing('v')], none),
            ("-x -a", &[Invalid('x')], &["-a"]),
            ("--help", &[Invalid('-')], none),
        ] {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let (found, operands) = getopts("ab", "v", &words);
            assert_eq!((found.as_slice(), operands.as_slice()), (expected, rest), "{line}");
        }
    }

    #[test]
    fn the_end_of_options_and_a_command_may_be_one_word() {
        let words = ["-a", "-- get it", "x"].map(str::to_owned);
        assert_eq!(getopts("a", "", &words), (vec![Opt::Flag('a')], vec!["get", "it", "x"]));
    }
}

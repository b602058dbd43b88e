use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::config::{check, mistake};

/// Parses an option with this value, which must be valid, and returns the value.
fn value_of(written: &str) -> Option<String> {
    let file = format!("config service 's'\n\toption x {written}\n");
    let (document, mistakes) = parse(file.as_bytes());
    assert_eq!(mistakes, [], "{written}");
    let option = document.sections[0].options.first()?;
    Some(option.values[0].0.clone())
}

fn mistakes(file: &str) -> Vec<(usize, String)> {
    let (_, mistakes) = parse(file.as_bytes());
    mistakes.into_iter().map(|mistake| (mistake.line, mistake.text)).collect()
}

fn sections(file: &str) -> Vec<RawSection> {
    parse(file.as_bytes()).0.sections
}

#[test]
fn a_word_is_joined_from_quoted_plain_and_escaped_pieces() {
    for (written, expected) in [
        ("a", "a"),
        ("'a b'", "a b"),
        (r#""a b""#, "a b"),
        (r"'it'\''s'", "it's"),
        (r#"a'b'"c"d"#, "abcd"),
        (r"b\c", "bc"),
        (r"\\", "\\"),
        (r"\ ", " "),
        (r"a\;b\#c", "a;b#c"),
        (r"'a\n'", "a\\n"),
        (r#""a\n\"\\""#, "an\"\\"),
        ("'two\nlines'", "two\nlines"),
        ("\"two\\\nlines\"", "twolines"),
        ("two\\\nlines", "twolines"),
        ("two\\\r\nlines", "twolines"),
        ("b#c", "b"),
        ("b # c", "b"),
        ("'b'#c", "b"),
        ("b;c d e", "b"),
        ("gr\u{fc}n", "gr\u{fc}n"),
        ("b\r", "b"),
    ] {
        assert_eq!(value_of(written).as_deref(), Some(expected), "{written}");
    }
}

#[test]
fn an_option_with_an_empty_value_is_ignored() {
    for written in ["", "''", "\"\"", "#a", "\\\n"] {
        assert_eq!(value_of(written), None, "{written}");
    }
}

#[test]
fn a_semicolon_after_space_or_quotes_separates_commands() {
    for file in [
        "config service s ; option a 1 ; option b 2",
        "config service 's'; option a '1'; option b 2",
        "c service s\no a 1\no b 2",
    ] {
        let names: Vec<_> = sections(file)[0]
            .options
            .iter()
            .map(|option| (option.name.clone(), option.values[0].0.clone()))
            .collect();
        let expected = [("a", "1"), ("b", "2")].map(|(a, b)| (a.into(), b.into()));
        assert_eq!(names, expected, "{file}");
    }
}

#[test]
fn sections_options_and_values_keep_their_line_numbers() {
    let file = "# c\nconfig service 's'\n\n\toption a 'x\ny'\n\tlist b 1\n\tlist b \\\n2\n";
    let sections = sections(file);
    assert_eq!(sections[0].line, 2);
    let [a, b] = &sections[0].options[..] else {
        panic!("{sections:?}");
    };
    assert_eq!((a.line, &a.values), (4, &vec![("x\ny".into(), 4)]));
    let expected = vec![("1".to_owned(), 6), ("2".to_owned(), 7)];
    assert_eq!((b.line, b.is_list, &b.values), (6, true, &expected));
}

#[test]
fn a_repeated_option_replaces_and_a_repeated_list_adds() {
    for (lines, expected) in [
        ("option x 1\noption x 2", &["2"][..]),
        ("option x 1\noption x ''", &["1"]),
        ("option x ''", &[]),
        ("option x ''\noption x 1", &["1"]),
        ("option x 1\nlist x 2", &["1", "2"]),
        ("list x 1\nlist x 2\noption x 3", &["3"]),
        ("list x 1\noption x ''\nlist x 2", &["1", "2"]),
        ("list x 1\nlist x ''", &["1", ""]),
    ] {
        let sections = sections(&format!("config service s\n{lines}\n"));
        let options = sections[0].options.iter();
        let values = options.flat_map(|option| option.values.iter());
        let values: Vec<_> = values.map(|(value, _)| value.as_str()).collect();
        assert_eq!(values, expected, "{lines}");
    }
}

#[test]
fn sections_of_the_same_name_are_merged() {
    let merged =
        sections("config service s\noption a 1\nconfig service t\nconfig service s\noption b 2");
    assert_eq!(merged.len(), 2);
    assert_eq!((merged[0].line, merged[0].options.len()), (1, 2));
}

#[test]
fn a_section_that_is_continued_gives_a_warning() {
    let (_, mistakes) = parse(b"config service s\noption domain a\nconfig service s\n");
    let [mistake] = &mistakes[..] else { panic!("{mistakes:?}") };
    assert_eq!((mistake.line, mistake.severity), (3, Severity::Warning));
    assert!(mistake.text.starts_with("section 's' continues from line 1; later"));
}

#[test]
fn unnamed_sections_are_named_as_libuci_names_them() {
    let file =
        "config ddns global\nconfig service a\nconfig service b\nconfig service\nconfig ddns\n";
    let names: Vec<_> = sections(file).into_iter().map(|s| (s.name, s.anonymous)).collect();
    assert_eq!(names[3], ("cfg045996".into(), true));
    assert_eq!(names[4], ("cfg059d6e".into(), true));
    assert!(!names[0].1);
}

#[test]
fn invalid_lines_are_reported_with_their_number() {
    for (file, line, text) in [
        ("option a 1", 1, "'option' stands before the first section"),
        (
            "config service s\nfoo bar",
            2,
            "the line begins with neither 'config', 'option' nor 'list' and is ignored",
        ),
        ("config service s\n  option", 2, "'option' needs a name"),
        (
            "config service s\noption a-b c",
            2,
            "the name of an option can only have letters, digits and '_'; the line is ignored",
        ),
        (
            "config service s\noption a b c",
            2,
            "too many words; a value with spaces needs quotes around it",
        ),
        ("config", 1, "'config' needs a type; the section is ignored"),
        (
            "config service s\nconfig ddns s",
            2,
            "section 's' continues from line 1 with another type; the type here counts",
        ),
        (
            "config service ; option a 1",
            1,
            "too many words; a value with spaces needs quotes around it",
        ),
        ("config service s\noption a 1 ;\n", 2, "nothing follows the ';'"),
        ("package ''", 1, "'package' needs a name"),
        (
            "config service s\noption a b\0c",
            2,
            "there is a NUL byte; the rest of the line is ignored",
        ),
    ] {
        assert_eq!(mistakes(file), [(line, text.to_owned())], "{file}");
    }
}

#[test]
fn an_invalid_line_does_not_affect_the_next_lines() {
    let file = "config service s\n optoin a 1\n option b 2\nconfig service t\n";
    let sections = sections(file);
    assert_eq!(sections.len(), 2);
    assert_eq!(sections[0].options[0].name, "b");
}

#[test]
fn options_below_an_invalid_config_line_are_dropped() {
    for bad in ["config service 'my-ddns'", "confg service t", "Config service t", "config"] {
        let file = format!("config service s\noption a 1\n{bad}\noption a 2\nlist b 3\n");
        assert_eq!(mistakes(&file).len(), 1, "{bad}");
        let sections = sections(&file);
        assert_eq!(sections[0].options.len(), 1, "{bad}");
        assert_eq!(sections[0].options[0].values[0].0, "1", "{bad}");
    }
}

#[test]
fn a_byte_order_mark_before_config_drops_the_section() {
    let (document, mistakes) = parse(b"\xef\xbb\xbfconfig service s\noption a 1\n");
    assert_eq!(document.sections, []);
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].text.contains("byte order mark"));
}

#[test]
fn a_quote_that_is_never_closed_ends_the_file_and_breaks_its_section() {
    for quote in ["'", "\""] {
        let file = format!("config service s\noption a {quote}b\nconfig service t\n");
        let (document, mistakes) = parse(file.as_bytes());
        assert_eq!(document.sections.len(), 1);
        assert_eq!((mistakes.len(), mistakes[0].line), (1, 2));
        assert_eq!(mistakes[0].section.as_deref(), Some("s"));
        assert!(!document.sections[0].readable);
    }
}

#[test]
fn a_value_that_contains_other_options_is_refused() {
    let file = "config service s\noption username 'bob\noption password 's3cret'\n\
                option domain it's.example.com\noption x 1\nconfig service t\noption y 2\n";
    let (document, mistakes) = parse(file.as_bytes());
    let [mistake] = &mistakes[..] else { panic!("{mistakes:?}") };
    assert_eq!((mistake.line, mistake.section.as_deref()), (2, Some("s")));
    assert!(mistake.text.starts_with("the closing quote of this value is missing"));
    let readable: Vec<_> = document.sections.iter().map(|section| section.readable).collect();
    assert_eq!((readable, document.cut), (vec![false, true], false));
    // A key with several lines is a valid value.
    let key = "'-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----'";
    assert!(value_of(key).is_some());
}

#[test]
fn no_message_about_an_invalid_line_quotes_a_password() {
    for (secret, line) in [
        ("s3cr3t-pa55", "option password='s3cr3t-pa55'"),
        ("s3cr3t-pa55", "option password=s3cr3t-pa55"),
        ("s3cr3t-pa55", "option password= 's3cr3t-pa55'"),
        ("s3cr3t-pa55", "option password = 's3cr3t-pa55'"),
        ("s3cr3t-pa55", "option password: 's3cr3t-pa55'"),
        ("s3cr3t-pa55", "option password:s3cr3t-pa55"),
        ("s3cr3t-pa55", "option password's3cr3t-pa55'"),
        ("s3cr3tpa55", "option password's3cr3tpa55' 'x'"),
        ("s3cr3t-pa55", "option 's3cr3t-pa55'"),
        ("s3cr3t-pa55", "option s3cr3t-pa55 password"),
        ("geheim", "option geheim password"),
        ("geheim", "option geheim"),
        ("geheim", "list geheim"),
        ("Geheim", "option Geheim x"),
        ("s3cr3t", "option s3cr3t x"),
        ("s3cr3t-pa55", "s3cr3t-pa55"),
        ("geheim", "geheim"),
        ("geheim", "'geheim'"),
        ("s3cr3t-pa55", "password 's3cr3t-pa55'"),
        ("s3cr3t-pa55", "password='s3cr3t-pa55'"),
        ("s3cr3t-pa55", "password:s3cr3t-pa55"),
        ("s3cr3t-pa55", "opton password s3cr3t-pa55"),
        ("s3cr3t-pa55", "optionpassword s3cr3t-pa55"),
        ("s3cr3t-pa55", "option\u{a0}password s3cr3t-pa55"),
        ("s3cr3t-pa55", "option password\u{a0}s3cr3t-pa55"),
        ("s3cr3t-pa55", "option password 's3cr3t-pa55"),
        ("s3cr3t-pa55", "option password \"s3cr3t-pa55"),
        ("s3cr3t-pa55", "option password s3cr3t-pa55'"),
        ("pa55", "option password 's3cr3t'pa55'"),
        ("pa55", "option password s3cr3t pa55"),
        ("pa55", "option password 's3cr3t' pa55"),
        ("pa55", "option password s3cr3t ; pa55"),
        ("pa55", "option password 's3cr3t';pa55"),
        ("pa55", "option password 's3cr3t\npa55'"),
        ("pa55", "option password \\\ns3cr3t\\\n pa55"),
        ("s3cr3t-pa55", "config password s3cr3t-pa55"),
        ("geheim", "config password geheim"),
        ("geheim", "config geheim"),
        ("s3cr3t-pa55", "package s3cr3t-pa55"),
        ("s3cr3t-pa55", "option option password s3cr3t-pa55"),
        ("s3cr3t-pa55", "# x\n;s3cr3t-pa55"),
        ("s3cr3t-pa55", "option password_file s3cr3t-pa55"),
        ("S3CR3T", "option update_url 'http://me:[S3CR3T]@a.example/'"),
        ("s3cr3t-pa55", "option username 'bob\noption password s3cr3t-pa55\noption domain 'x'"),
        ("s3cr3t-pa55", "list domain 'x.example\n\toption password 's3cr3t-pa55'\noption y 'z'"),
        ("s3cr3t=", "option service_name rfc2136\noption username s3cr3t="),
    ] {
        let before = "config service s\n\toption enabled 1\n\toption domain a.example.com\n\t";
        let after = "\n\toption use_syslog 1\nconfig service t\n";
        let file = format!("{before}{line}{after}");
        let checked = check::load("ddns", file.as_bytes(), &NoFiles);
        for mistake in &checked.mistakes {
            assert!(!mistake.to_string().contains(secret), "{line}: {mistake}");
        }
        for (name, why) in &checked.config.broken {
            assert!(!name.contains(secret) && !why.contains(secret), "{line}: {name} {why}");
        }
    }
}

#[test]
fn a_mistyped_keyword_gets_a_hint() {
    for (line, hint) in [
        ("opton password x", "is it 'option'?"),
        ("lsit domain x", "is it 'list'?"),
        ("confg service t", "is it 'config'?"),
        ("password 'x'", "'option' is missing before 'password'"),
        ("option password='x'", "the name of option 'password' ends with a blank"),
    ] {
        let all = mistakes(&format!("config service s\n{line}\n"));
        assert!(all.len() == 1 && all[0].1.contains(hint), "{line}: {all:?}");
    }
}

#[test]
fn mistakes_over_the_limit_are_counted_in_one_line() {
    let garbage = "x y\n".repeat(100_000);
    let (document, mistakes) = parse(garbage.as_bytes());
    assert!(document.cut);
    assert_eq!(mistakes.len(), mistake::LIMIT + 1);
    let last = mistakes.last().unwrap();
    assert_eq!(
        (last.line, last.text.as_str()),
        (51, "99950 more mistakes from here on are not listed")
    );
}

#[test]
fn after_the_largest_number_of_entries_the_rest_of_the_file_is_ignored() {
    for line in ["c a\n", "c a b\n", "o a b\n"] {
        let file = format!("config service s\n{}", line.repeat(MAX_ENTRIES + 10));
        let (document, mistakes) = parse(file.as_bytes());
        assert!(document.cut && document.sections.len() <= MAX_ENTRIES + 2, "{line}");
        let rest_ignored = "the rest of the file is ignored";
        assert!(mistakes.iter().any(|mistake| mistake.text.ends_with(rest_ignored)), "{line}");
    }
}

/// A system without any file.
struct NoFiles;

impl check::Environment for NoFiles {
    fn definition(&self, _: check::DefinitionDirectory, _: &str) -> Option<Result<String, String>> {
        None
    }

    fn read_secret(&self, path: &Path) -> Result<String, String> {
        Err(format!("{} does not exist", path.display()))
    }

    fn path_kind(&self, _: &Path) -> check::PathKind {
        check::PathKind::Missing
    }

    fn executable(&self, _: &Path) -> bool {
        false
    }

    fn default_statedir(&self) -> PathBuf {
        "/state".into()
    }
}

#[test]
fn a_carriage_return_before_a_line_feed_is_ignored() {
    let file = "config service 's'\r\n\toption a 'b'\r\n\r\n";
    assert_eq!(mistakes(file), []);
    assert_eq!(sections(file)[0].options[0].values[0].0, "b");
}

#[test]
fn the_time_to_parse_grows_linearly_with_the_file() {
    let mut file = String::from("config service s\n");
    for number in 0..60_000 {
        file += &format!("option o{number} 1\nlist l {number}\nconfig service s\n");
    }
    let sections = sections(&file);
    assert_eq!(sections[0].options.len(), 60_001);
    assert_eq!(sections[0].options[1].values.len(), 60_000);
}

#[test]
fn debug_shows_names_and_lines_only() {
    let file = "config service 'home'\n\toption password 's3cret'\n\tlist domain s3cret\n";
    let (document, _) = parse(file.as_bytes());
    let shown = format!("{document:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("RawOption(\"password\", [2])") && shown.contains("home"), "{shown}");
}

proptest! {
    #[test]
    fn parse_reads_what_quote_writes(value in "[^\0]+") {
        prop_assert_eq!(value_of(&quote(&value)), Some(value));
    }

    #[test]
    fn parse_never_panics_and_line_numbers_are_those_of_the_file(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (_, mistakes) = parse(&bytes);
        let lines = bytes.split(|&byte| byte == b'\n').count();
        prop_assert!(mistakes.iter().all(|mistake| (1..=lines).contains(&mistake.line)));
    }

    #[test]
    fn parse_never_panics_on_text_like_uci(text in "([colp ]|onfig |ption |ist |a|'|\"|\\\\|;|#|\n|\r|\t){0,60}") {
        parse(text.as_bytes());
    }
}

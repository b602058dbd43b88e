//! Internationalised names in ASCII: labels in Punycode (RFC 3492) behind `xn--` (RFC 5890 section
//! 2.3.2.1).
//!
//! Only encodes. Letters are made lower case; the rest of IDNA's mapping (UTS 46) is left out.

/// Begins a label whose rest is Punycode.
const PREFIX: &str = "xn--";
/// Labels with more characters than this are not encoded. DNS allows 63 octets in a label (RFC 1035
/// section 2.3.4), so they are invalid anyway.
const LONGEST_LABEL: usize = 64;
/// Characters that end a label in `host@zone`.
const LABEL_ENDS: [char; 2] = ['.', '@'];

/// Parameters of Punycode (RFC 3492 section 5).
const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_N: u32 = 128;

/// `name` (or `host@zone`) in lower case, with each label that is not ASCII in Punycode. Labels that
/// are too long for DNS stay as they are.
pub(crate) fn ascii(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let mut ascii = String::new();
    for part in name.split_inclusive(LABEL_ENDS) {
        push_label(&mut ascii, part);
    }
    ascii
}

/// Appends one label with the character that ends it.
fn push_label(ascii: &mut String, part: &str) {
    let (written, end) = part.split_at(part.trim_end_matches(LABEL_ENDS).len());
    let mut label = String::new();
    for c in written.chars() {
        // Characters are converted one by one: `str::to_lowercase` gives a sigma at the end of a word another form,
        // and DNS does not.
        label.extend(c.to_lowercase());
    }
    if !label.is_ascii() && label.chars().count() <= LONGEST_LABEL {
        ascii.push_str(PREFIX);
        label = encode(&label);
    }
    ascii.push_str(&label);
    ascii.push_str(end);
}

/// A label in Punycode (RFC 3492 section 6.3).
fn encode(label: &str) -> String {
    let mut out = String::new();
    let mut points = Vec::new();
    for c in label.chars() {
        points.push(u32::from(c));
        if c.is_ascii() {
            out.push(c);
        }
    }
    let basic = u32::try_from(out.len()).unwrap_or_default();
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias, mut handled) = (INITIAL_N, 0, INITIAL_BIAS, basic);
    while let Some(next) = points.iter().copied().filter(|point| *point >= n).min() {
        // With at most `LONGEST_LABEL` characters, `delta` stays below 2^27, so the sums cannot overflow.
        delta += (next - n) * (handled + 1);
        n = next;
        for &point in &points {
            if point < n {
                delta += 1;
            }
            if point == n {
                push_number(&mut out, delta, bias);
                bias = adapt(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta += 1;
        n += 1;
    }
    out
}

/// Appends a variable-length integer (RFC 3492 section 3.3).
fn push_number(out: &mut String, mut delta: u32, bias: u32) {
    let mut position = BASE;
    loop {
        let threshold = position.saturating_sub(bias).clamp(T_MIN, T_MAX);
        if delta < threshold {
            return out.push(digit(delta));
        }
        let rest = delta - threshold;
        out.push(digit(threshold + rest % (BASE - threshold)));
        delta = rest / (BASE - threshold);
        position += BASE;
    }
}

/// The bias for the next number (RFC 3492 section 6.1).
fn adapt(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = delta / if first { DAMP } else { 2 };
    delta += delta / points;
    let mut steps = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        steps += BASE;
    }
    steps + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

/// The digit of a value below 36: `a` to `z`, then `0` to `9`.
fn digit(value: u32) -> char {
    let first = if value < 26 { 'a' } else { '0' };
    char::from_u32(u32::from(first) + value % 26).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn samples_of_rfc_3492() {
        for (label, code) in [
            ("ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn"),
            ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
            ("他們爲什麽不說中文", "ihqwctvzc91f659drss3x8bo0yb"),
            ("Pročprostěnemluvíčesky", "Proprostnemluvesky-uyb24dma41a"),
            ("למההםפשוטלאמדבריםעברית", "4dbcagdahymbxekheh6e0a7fei0b"),
            ("यहलोगहिन्दीक्योंनहींबोलसकतेहैं", "i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd"),
            ("なぜみんな日本語を話してくれないのか", "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa"),
            ("почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"),
            (
                "PorquénopuedensimplementehablarenEspañol",
                "PorqunopuedensimplementehablarenEspaol-fmd56a",
            ),
            ("TạisaohọkhôngthểchỉnóitiếngViệt", "TisaohkhngthchnitingVit-kjcr8268qyxafd2f1b9g"),
            ("3年B組金八先生", "3B-ww4c5e180e575a65lsy2b"),
            ("安室奈美恵-with-SUPER-MONKEYS", "-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n"),
            ("Hello-Another-Way-それぞれの場所", "Hello-Another-Way--fc4qua05auwb3674vfr0b"),
            ("ひとつ屋根の下2", "2-u9tlzr9756bt3uc0v"),
            ("MajiでKoiする5秒前", "MajiKoi5-783gue6qz075azm5e"),
            ("パフィーdeルンバ", "de-jg4avhby1noc0d"),
            ("そのスピードで", "d9juau41awczczp"),
            ("-> $1.00 <-", "-> $1.00 <--"),
        ] {
            assert_eq!(encode(label), code);
        }
    }

    #[test]
    fn labels_that_are_not_ascii_are_encoded() {
        for (name, in_dns) in [
            ("Home.Example.COM", "home.example.com"),
            ("münchen.example", "xn--mnchen-3ya.example"),
            ("MÜNCHEN.example", "xn--mnchen-3ya.example"),
            ("a.bücher.例え.テスト", "a.xn--bcher-kva.xn--r8jz45g.xn--zckzah"),
            ("ä@ö.ü.", "xn--4ca@xn--nda.xn--tda."),
            // Sigma has one lower-case form, also at the end of a word (UTS 46 section 4).
            ("ΣΣ.example", "xn--4xaa.example"),
            ("", ""),
        ] {
            assert_eq!(ascii(name), in_dns);
        }
        let long = "ü".repeat(65);
        assert_eq!(ascii(&long), long);
    }

    proptest! {
        #[test]
        fn encoding_never_panics(name in "\\PC*", scale in 1usize..40) {
            let _ = ascii(&name.repeat(scale));
        }

        #[test]
        fn different_labels_have_different_encodings(
            a in "[a-z0-9\u{e0}-\u{f6}\u{4e00}-\u{9fa5}\u{1f600}-\u{1f64f}]{1,64}",
            b in "[a-z0-9\u{e0}-\u{f6}\u{4e00}-\u{9fa5}\u{1f600}-\u{1f64f}]{1,64}",
        ) {
            prop_assert!(ascii(&a).is_ascii());
            prop_assert_eq!(ascii(&a) == ascii(&b), a == b);
        }
    }
}

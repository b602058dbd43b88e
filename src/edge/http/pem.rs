//! Certificates in PEM (RFC 7468). Pure.

use crate::text::base64;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificates in `text`, in DER. Text between them says what they are, as `ca-bundle` has it;
/// a broken one is left out.
pub(super) fn certificates(text: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut body: Option<String> = None;
    for line in String::from_utf8_lossy(text).lines().map(str::trim_ascii) {
        if line == BEGIN {
            body = Some(String::new());
        } else if line == END {
            found.extend(body.take().and_then(|body| base64::decode(&body)));
        } else if let Some(body) = &mut body {
            body.push_str(line);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    use super::*;

    fn pem(der: &[u8], width: usize, end_of_line: &str) -> String {
        let body = base64::encode(der);
        let lines: Vec<&str> =
            body.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
        [&[BEGIN], lines.as_slice(), &[END], &[""]].concat().join(end_of_line)
    }

    #[test]
    fn what_is_around_a_certificate_does_not_matter() {
        let text = format!(
            "# Authority\n=====\n{}\n-----BEGIN PRIVATE KEY-----\nZm9v\n-----END PRIVATE KEY-----\n\
             {}{BEGIN}\nbro-ken\n{END}\n{END}\n{BEGIN}\nZm9v\n",
            pem(b"one", 64, "\n"),
            pem(b"two", 3, "\r\n"),
        );
        assert_eq!(certificates(text.as_bytes()), [b"one", b"two"]);
    }

    proptest! {
        #[test]
        fn as_rustls_reads_them(
            certificates in proptest::collection::vec(
                proptest::collection::vec(any::<u8>(), 1..200), 0..4),
            width in 1..80_usize,
        ) {
            let text: String = certificates.iter().map(|der| pem(der, width, "\n")).collect();
            prop_assert_eq!(&super::certificates(text.as_bytes()), &certificates);
            let theirs = CertificateDer::pem_slice_iter(text.as_bytes());
            let theirs: Vec<Vec<u8>> = theirs.map(|der| der.unwrap().to_vec()).collect();
            prop_assert_eq!(theirs, certificates);
        }

        #[test]
        fn nothing_is_too_strange(text in proptest::collection::vec(any::<u8>(), 0..300)) {
            super::certificates(&text);
        }
    }
}

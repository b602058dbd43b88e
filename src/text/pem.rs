//! Certificates and keys as text (RFC 7468).

use super::base64;

/// The sections of `text`, each with its label and its bytes in DER. Text between sections is skipped,
/// and so is a section that is broken or has no end.
pub(crate) fn sections(text: &str) -> impl Iterator<Item = (&str, Vec<u8>)> {
    text.split_inclusive("-----END ").filter_map(|part| {
        // The last BEGIN counts, so that a section without an end does not take the next one with it.
        let (_, section) = part.strip_suffix("-----END ")?.rsplit_once("-----BEGIN ")?;
        let (label, body) = section.split_once("-----")?;
        Some((label, base64::decode(body)?))
    })
}

/// The certificates in `text`, in DER.
pub(crate) fn certificates(text: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(text);
    let mut certificates = Vec::new();
    for (label, der) in sections(&text) {
        if label == "CERTIFICATE" {
            certificates.push(der);
        }
    }
    certificates
}

/// The first private key in `text`, in DER.
pub(crate) fn private_key(text: &str) -> Option<Vec<u8>> {
    sections(text).find(|(label, _)| label.ends_with("PRIVATE KEY")).map(|(_, der)| der)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    use super::*;

    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";

    fn pem(der: &[u8], width: usize, end_of_line: &str) -> String {
        let body = base64::encode(der);
        let lines: Vec<&str> =
            body.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
        [&[BEGIN], lines.as_slice(), &[END], &[""]].concat().join(end_of_line)
    }

    #[test]
    fn text_between_sections_is_skipped() {
        let text = format!(
            "# Authority\n=====\n{}\n-----BEGIN PRIVATE KEY-----\nZm9v\n-----END PRIVATE KEY-----\n\
             {}{BEGIN}\nbro-ken\n{END}\n{END}\n{BEGIN}\nZm9v\n",
            pem(b"one", 64, "\n"),
            pem(b"two", 3, "\r\n"),
        );
        assert_eq!(certificates(text.as_bytes()), [b"one", b"two"]);
        assert_eq!(private_key(&text).unwrap(), b"foo");
    }

    proptest! {
        #[test]
        fn certificates_are_those_that_rustls_finds(
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
        fn parsing_never_panics(text in proptest::collection::vec(any::<u8>(), 0..300)) {
            super::certificates(&text);
        }
    }
}

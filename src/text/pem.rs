//! Certificates and keys as text (RFC 7468).

use super::base64;

/// The sections of `text`: what each is labelled, and its bytes in DER. Other text between them is
/// skipped, as is a section that is broken or has no end.
pub(crate) fn sections(text: &str) -> impl Iterator<Item = (&str, Vec<u8>)> {
    text.split_inclusive("-----END ").filter_map(|part| {
        let (_, section) = part.strip_suffix("-----END ")?.rsplit_once("-----BEGIN ")?;
        let (label, body) = section.split_once("-----")?;
        Some((label, base64::decode(body)?))
    })
}

/// The certificates in `text`, in DER.
pub(crate) fn certificates(text: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(text);
    let certificates = sections(&text).filter(|(label, _)| *label == "CERTIFICATE");
    certificates.map(|(_, der)| der).collect()
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
    fn what_is_around_a_certificate_does_not_matter() {
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

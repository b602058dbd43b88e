//! Warns about mistakes in the file of `cacert` before a request fails because of them.

use rustls::pki_types::CertificateDer;
use webpki::{EndEntityCert, anchor_from_trusted_cert};

use super::authorities::is_authority;
use crate::text::pem;
use crate::time::UnixSeconds;
use crate::time::calendar::Moment;

/// Other content that a file may have in place of certificates: a PEM label, or a part of it, and the
/// warning.
const OTHER_CONTENT: [(&str, &str); 6] = [
    ("PRIVATE KEY-----", "the file holds a private key and no certificate"),
    (
        "CERTIFICATE REQUEST-----",
        "the file holds a request for a certificate, which nobody has signed",
    ),
    ("PUBLIC KEY-----", "the file holds a public key and no certificate"),
    ("X509 CRL-----", "the file holds a list of revoked certificates"),
    ("BEGIN CERTIFICATE-----", "the certificate in the file is damaged"),
    ("TRUSTED CERTIFICATE-----", "'openssl x509 -in FILE' makes a plain certificate of this one"),
];

/// The warning about a file of certificates with this content; `None` if no mistake is found.
pub(crate) fn warning(bytes: &[u8], now: UnixSeconds) -> Option<String> {
    let mut certificates = pem::certificates(bytes);
    certificates.retain(|der| is_certificate(der));
    if certificates.is_empty() {
        let content = other_content(bytes);
        return Some(format!("{content}, so no https server is trusted and requests to them fail"));
    }
    if let Some(text) = expiry_warning(&certificates, now) {
        return Some(text);
    }
    if certificates.iter().all(|der| !is_authority(der) && !is_self_signed(der)) {
        let text = "no certificate in the file is that of an authority, so only a server that shows one of \
                    them is trusted, and no more when it has a new one; name the authority's certificate";
        return Some(text.into());
    }
    None
}

fn is_certificate(der: &[u8]) -> bool {
    anchor_from_trusted_cert(&CertificateDer::from(der)).is_ok()
}

/// The warning if all certificates have expired.
fn expiry_warning(certificates: &[Vec<u8>], now: UnixSeconds) -> Option<String> {
    let moment = Moment::at(now.try_into().unwrap_or(i64::MAX));
    let now = format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second
    );
    let mut ends = Vec::new();
    for der in certificates {
        if let Some(end) = end(der) {
            ends.push(end);
        }
    }
    let last = ends.iter().max()?;
    if ends.len() < certificates.len() || *last >= now {
        return None;
    }
    let what = if ends.len() == 1 { "the certificate" } else { "the last certificate" };
    let (year, month, day) = (last.get(..4)?, last.get(4..6)?, last.get(6..8)?);
    Some(format!(
        "{what} in the file expired on {year}-{month}-{day}, so requests to https servers fail"
    ))
}

/// The content of a file that has no certificate, for the warning.
fn other_content(bytes: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(bytes);
    if let Some((_, content)) = OTHER_CONTENT.iter().find(|(label, _)| text.contains(label)) {
        return content;
    }
    if is_certificate(bytes) {
        return "the certificate is in DER; 'openssl x509 -inform der -in FILE' writes it in PEM";
    }
    "there is no '-----BEGIN CERTIFICATE-----' in the file"
}

/// The end of the validity of `certificate` (RFC 5280 section 4.1.2.5) as `20260131235959`. It is in the
/// first DER sequence of two times.
fn end(certificate: &[u8]) -> Option<String> {
    (0..certificate.len()).find_map(|start| {
        let [0x30, 0x1c..=0x22, rest @ ..] = certificate.get(start..)? else {
            return None;
        };
        let (_not_before, rest) = time(rest)?;
        let (not_after, _) = time(rest)?;
        Some(not_after)
    })
}

/// The time at the beginning of `der`, a UTCTime or a GeneralizedTime, and the bytes after it.
fn time(der: &[u8]) -> Option<(String, &[u8])> {
    let (digits, rest) = match der {
        [0x17, 13, rest @ ..] => rest.split_at_checked(13)?,
        [0x18, 15, rest @ ..] => rest.split_at_checked(15)?,
        _ => return None,
    };
    let digits = str::from_utf8(digits.strip_suffix(b"Z")?).ok()?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // A UTCTime has two digits for the year, of 1950 to 2049.
    let century = match digits.len() {
        14 => "",
        _ if digits < "50" => "20",
        _ => "19",
    };
    Some((format!("{century}{digits}"), rest))
}

fn is_self_signed(certificate: &[u8]) -> bool {
    let der = CertificateDer::from(certificate);
    EndEntityCert::try_from(&der).is_ok_and(|parsed| parsed.issuer() == parsed.subject())
}

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
    };

    use super::*;

    /// 2026-06-01.
    const NOW: UnixSeconds = 1_780_272_000;

    fn params(name: &str, end: i32) -> CertificateParams {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(end, 1, 2);
        params
    }

    fn authority(end: i32) -> CertifiedIssuer<'static, KeyPair> {
        let mut params = params("authority", end);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    fn warning_now(text: impl AsRef<[u8]>) -> String {
        warning(text.as_ref(), NOW).unwrap_or_default()
    }

    #[test]
    fn a_file_without_a_certificate_gets_a_warning_that_names_its_content() {
        let key = KeyPair::generate().unwrap();
        let request = params("a.example", 2030).serialize_request(&key).unwrap();
        let authority = authority(2030);
        for (bytes, expected) in [
            (
                key.serialize_pem().into_bytes(),
                "the file holds a private key and no certificate, so",
            ),
            (
                request.pem().unwrap().into_bytes(),
                "the file holds a request for a certificate, which",
            ),
            (key.public_key_pem().into_bytes(), "the file holds a public key and no certificate"),
            (authority.der().to_vec(), "the certificate is in DER; 'openssl x509 -inform der"),
            (
                b"-----BEGIN CERTIFICATE-----\n%%\n-----END".to_vec(),
                "the certificate in the file is damaged",
            ),
            (
                b"-----BEGIN CERTIFICATE-----\nZm9v\n-----END CERTIFICATE-----\n".to_vec(),
                "the certificate in the file is damaged",
            ),
            (b"hello".to_vec(), "there is no '-----BEGIN CERTIFICATE-----' in the file, so"),
            (Vec::new(), "there is no '-----BEGIN CERTIFICATE-----' in the file"),
        ] {
            let text = warning_now(&bytes);
            assert!(text.starts_with(expected), "{text}");
            let consequence = ", so no https server is trusted and requests to them fail";
            assert!(text.ends_with(consequence), "{text}");
        }
    }

    #[test]
    fn a_file_gets_a_warning_if_all_of_its_certificates_have_expired() {
        let (old, older, good) = (authority(2026), authority(2025), authority(2030));
        assert_eq!(
            warning_now(old.pem()),
            "the certificate in the file expired on 2026-01-02, so requests to https servers fail"
        );
        assert_eq!(
            warning_now(format!("{}{}", older.pem(), old.pem())),
            "the last certificate in the file expired on 2026-01-02, so requests to https servers fail"
        );
        assert_eq!(warning_now(format!("{}{}", good.pem(), old.pem())), "");
        assert_eq!(warning_now(authority(2050).pem()), "");
        // On a router whose clock is not set, the certificate is valid.
        assert_eq!(warning(old.pem().as_bytes(), 0), None);
    }

    #[test]
    fn a_certificate_of_no_authority_gets_a_warning_unless_it_is_self_signed() {
        let authority = authority(2030);
        let key = KeyPair::generate().unwrap();
        let leaf = params("a.example", 2030).signed_by(&key, &authority).unwrap().pem();
        assert!(
            warning_now(&leaf).starts_with("no certificate in the file is that of an authority")
        );
        assert_eq!(warning_now(format!("{leaf}{}", authority.pem())), "");
        assert_eq!(warning_now(authority.pem()), "");
        assert_eq!(warning_now(params("a.example", 2030).self_signed(&key).unwrap().pem()), "");
    }

    #[test]
    fn the_bundle_of_the_system_gets_no_warning() {
        if let Ok(bundle) = std::fs::read("/etc/ssl/certs/ca-certificates.crt") {
            assert_eq!(warning_now(bundle), "");
        }
    }
}

//! Signatures and hashes of requests. Everything here is pure, because the algorithms need no random
//! numbers.

use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair};

use crate::model::secret::Secret;
use crate::model::sorted::Map;
use crate::text::percent::{decode, encode_upper};
use crate::text::{base64, pem};
use crate::time::UnixSeconds;
use crate::time::calendar::Moment;

/// HMAC (RFC 2104) with SHA-256.
pub fn hmac_sha256(key: &[u8], data: &str) -> Vec<u8> {
    mac(HMAC_SHA256, key, data)
}

/// HMAC with SHA-1, for providers that support nothing newer.
pub fn hmac_sha1(key: &[u8], data: &str) -> Vec<u8> {
    mac(HMAC_SHA1_FOR_LEGACY_USE_ONLY, key, data)
}

fn mac(algorithm: hmac::Algorithm, key: &[u8], data: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, key), data.as_bytes()).as_ref().to_vec()
}

/// SHA-256 (FIPS 180-4) in hexadecimal digits.
pub fn sha256(data: &str) -> String {
    hash(&SHA256, data)
}

/// SHA-1 in hexadecimal digits, for providers that support nothing newer.
pub fn sha1(data: &str) -> String {
    hash(&SHA1_FOR_LEGACY_USE_ONLY, data)
}

fn hash(algorithm: &'static Algorithm, data: &str) -> String {
    hex(digest(algorithm, data.as_bytes()).as_ref())
}

/// `bytes` in hexadecimal digits, in lower case.
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// RSASSA-PKCS1-v1_5 with SHA-256 (`RS256` of RFC 7518) by a private key in PEM, PKCS #8 or PKCS #1.
/// Line ends may be written as `\n`, as in JSON. `None` if `pem` is no key.
pub fn rs256(pem: &str, data: &str) -> Option<Vec<u8>> {
    rsa(&RSA_PKCS1_SHA256, pem, data)
}

/// The same with SHA-512 (`RS512`).
pub fn rs512(pem: &str, data: &str) -> Option<Vec<u8>> {
    rsa(&RSA_PKCS1_SHA512, pem, data)
}

fn rsa(padding: &'static dyn RsaEncoding, pem: &str, data: &str) -> Option<Vec<u8>> {
    let der = pem::private_key(&pem.replace("\\n", ""))?;
    let key = RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der)).ok()?;
    let mut signature = vec![0; key.public().modulus_len()];
    // The padding is fixed, so ring does not use the random numbers that the function takes.
    let random = SystemRandom::new();
    key.sign(padding, &random, data.as_bytes(), &mut signature).ok()?;
    Some(signature)
}

/// `2015-08-30T12:36:00Z` (ISO 8601, UTC).
pub fn timestamp(time: UnixSeconds) -> String {
    let Moment { year, month, day, hour, minute, second, .. } =
        Moment::at(i64::try_from(time).unwrap_or_default());
    let [month, day, hour, minute, second] = [month, day, hour, minute, second].map(two_digits);
    format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z")
}

fn two_digits(number: u8) -> String {
    format!("{number:02}")
}

/// `20150830T123600Z` (ISO 8601, UTC, without punctuation).
pub fn short_timestamp(time: UnixSeconds) -> String {
    timestamp(time).replace(['-', ':'], "")
}

/// The parameters of a request, sorted by name.
pub type Parameters<'a> = Map<&'a str, String>;

/// The parameters of a query. Those without a value are left out.
pub fn parameters(query: &str) -> Parameters<'_> {
    let mut parameters = Map::new();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        if !value.is_empty() {
            parameters.insert(name, decode(value).unwrap_or_default());
        }
    }
    parameters
}

/// `parameters` as a query, encoded as signatures want it (RFC 3986, with digits in upper case).
pub fn query(parameters: &Parameters<'_>) -> String {
    let pairs = parameters.iter().map(|(name, value)| format!("{name}={}", encode_upper(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// `parameters` as a query with a signature of Alibaba Cloud, which other providers use, too
/// (<https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>).
pub fn signed_query(parameters: &Parameters<'_>, method: &str, secret: &Secret) -> String {
    let query = query(parameters);
    let text = format!("{method}&%2F&{}", encode_upper(&query));
    let key = format!("{}&", secret.expose());
    let signature = base64::encode(&hmac_sha1(key.as_bytes(), &text));
    format!("{query}&Signature={}", encode_upper(&signature))
}

/// A signature over a canonical request, with a key that is derived for a day and a service: Signature
/// Version 4 of AWS (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>) and the
/// signatures of other providers that follow it.
#[derive(Debug)]
pub struct Canonical<'a> {
    /// The algorithm, as `AWS4-HMAC-SHA256`.
    pub algorithm: &'a str,
    /// The text in front of the secret in the first key, as `AWS4`.
    pub prefix: &'a str,
    /// The texts that the key is derived with, as date, region, service and `aws4_request`. If there are
    /// none, the key is the secret.
    pub scope: &'a [&'a str],
    /// The time, in the provider's format.
    pub time: &'a str,
    /// The signed headers: names in lower case, sorted, with their values.
    pub headers: &'a [(&'a str, &'a str)],
}

impl Canonical<'_> {
    /// The value of `Authorization`. `path` and `query` are encoded as they are sent, and the parameters
    /// of the query are sorted by name.
    pub fn authorization(
        &self,
        (id, secret): (&str, &Secret),
        method: &str,
        (path, query): (&str, &str),
        body: &str,
    ) -> Secret {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let lines: String =
            self.headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let body = sha256(body);
        let request = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{body}");
        let (algorithm, time) = (self.algorithm, self.time);
        let mut text = format!("{algorithm}\n{time}\n");
        let mut credential = ["Access=", id].concat();
        if !self.scope.is_empty() {
            let scope = self.scope.join("/");
            text = format!("{text}{scope}\n");
            credential = format!("Credential={id}/{scope}");
        }
        text.push_str(&sha256(&request));
        let key = format!("{}{}", self.prefix, secret.expose()).into_bytes();
        let key = self.scope.iter().fold(key, |key, part| hmac_sha256(&key, part));
        let signature = hex(&hmac_sha256(&key, &text));
        Secret::new(format!(
            "{algorithm} {credential}, SignedHeaders={names}, Signature={signature}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = include_str!("../../tests/data/rfc7515.pem");

    /// Test case 2 of RFC 4231 and of RFC 2202.
    #[test]
    fn hmac_matches_test_vectors() {
        let data = "what do ya want for nothing?";
        assert_eq!(
            hex(&hmac_sha256(b"Jefe", data)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(hex(&hmac_sha1(b"Jefe", data)), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }

    /// Examples of NIST for FIPS 180-4.
    #[test]
    fn sha_matches_test_vectors() {
        assert_eq!(
            sha256("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(sha1("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }

    /// Appendix A.2 of RFC 7515.
    #[test]
    fn rs256_matches_example_of_rfc_7515() {
        let text = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly\
                    9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let expected = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0\
                        Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTy\
                        WzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwus\
                        C-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXL\
                        IhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        let pkcs1 = base64::encode(&pem::private_key(KEY).unwrap()[26..]);
        let pkcs1 =
            format!("-----BEGIN RSA PRIVATE KEY-----\n{pkcs1}\n-----END RSA PRIVATE KEY-----");
        for key in [KEY, &KEY.replace('\n', "\\n"), &pkcs1] {
            let signature = rs256(key, text).unwrap();
            assert_eq!(base64::encode_url(&signature), expected);
        }
        for bad in ["", "hunter2", "-----BEGIN X-----\nAAAA\n-----END X-----", &KEY[..400]] {
            assert_eq!(rs256(bad, text), None);
        }
    }

    #[test]
    fn rs512_can_be_verified_with_the_public_key() {
        use ring::signature::{RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey};
        let key = RsaKeyPair::from_pkcs8(&pem::private_key(KEY).unwrap()).unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA512, key.public().as_ref());
        let signature = rs512(KEY, "a request").unwrap();
        assert!(public.verify(b"a request", &signature).is_ok());
        assert!(public.verify(b"another", &signature).is_err());
    }

    #[test]
    fn timestamps_are_in_utc() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp(1_440_938_160), "2015-08-30T12:36:00Z");
        assert_eq!(timestamp(u64::MAX), "1970-01-01T00:00:00Z");
    }

    /// `get-vanilla` of the test suite of AWS.
    #[test]
    fn authorization_matches_example_of_aws() {
        let canonical = Canonical {
            algorithm: "AWS4-HMAC-SHA256",
            prefix: "AWS4",
            scope: &["20150830", "us-east-1", "service", "aws4_request"],
            time: "20150830T123600Z",
            headers: &[("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")],
        };
        let secret = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let value = canonical.authorization(("AKIDEXAMPLE", &secret), "GET", ("/", ""), "");
        assert_eq!(
            value.expose(),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
    }
}

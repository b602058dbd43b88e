//! Signatures and hashes of requests. Everything here is pure, because the algorithms need no random
//! numbers.

use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair};

use super::conversation::{ApiResult, Conversation};
use super::{Account, Request};
use crate::model::Url;
use crate::model::secret::Secret;
use crate::model::sorted::Map;
use crate::text::percent::{decode, encode_upper};
use crate::text::{base64, hex, pem};
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

/// SHA-256 in Base64.
pub fn sha256_base64(data: &str) -> String {
    base64::encode(digest(&SHA256, data.as_bytes()).as_ref())
}

/// SHA-1 in hexadecimal digits, for providers that support nothing newer.
pub fn sha1(data: &str) -> String {
    hash(&SHA1_FOR_LEGACY_USE_ONLY, data)
}

fn hash(algorithm: &'static Algorithm, data: &str) -> String {
    hex(digest(algorithm, data.as_bytes()).as_ref())
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
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `20150830T123600Z` (ISO 8601, UTC, without punctuation).
pub fn short_timestamp(time: UnixSeconds) -> String {
    timestamp(time).replace(['-', ':'], "")
}

/// A text that no other request of the account has, for providers that take such a text only once.
pub fn nonce(talk: &Conversation<'_>, time: &str) -> String {
    sha1(&format!("{time} {} {}", talk.job.seed, talk.requests()))
}

/// Adds the parameters `further` to the query of `request`, sorts all parameters by name, and encodes them as
/// signatures want it (RFC 3986, with digits in upper case). Leaves out parameters without a value. Returns
/// the query.
pub fn sort_query(request: &mut Request, further: &[(&str, &str)]) -> String {
    let target = request.url.target().to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut parameters: Map<String, String> = Map::new();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        parameters.insert(name.into(), decode(value).unwrap_or_default());
    }
    for (name, value) in further {
        parameters.insert((*name).into(), (*value).into());
    }
    let mut sorted = String::new();
    // A parameter whose value is not known, such as the line of a new record, is empty here.
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        let separator = if sorted.is_empty() { "" } else { "&" };
        for part in [separator, name, "=", &encode_upper(value)] {
            sorted.push_str(part);
        }
    }
    if !sorted.is_empty() {
        request.url = Url::https(&[request.url.host(), path, "?", &sorted].concat());
    }
    sorted
}

/// Signs the query of `request`, with the parameters `own`, as Alibaba Cloud wants it, and other providers, too
/// (<https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>).
///
/// # Errors
/// If the clock is not set.
pub fn sign_query(
    talk: &Conversation<'_>,
    request: &mut Request,
    own: &[(&str, &str)],
) -> ApiResult<()> {
    let time = timestamp(talk.wall()?);
    let nonce = nonce(talk, &time);
    let common =
        [("SignatureMethod", "HMAC-SHA1"), ("SignatureNonce", &*nonce), ("Timestamp", &*time)];
    add_signature(request, &talk.account.password, &[own, &common].concat());
    Ok(())
}

/// Adds `parameters` and the signature to the query of `request`.
pub(super) fn add_signature(request: &mut Request, secret: &Secret, parameters: &[(&str, &str)]) {
    let query = sort_query(request, parameters);
    let text = format!("{}&%2F&{}", request.method.name(), encode_upper(&query));
    let key = format!("{}&", secret.expose());
    let signature = encode_upper(&base64::encode(&hmac_sha1(key.as_bytes(), &text)));
    request.url = request.url.below(&["&Signature=", &signature].concat());
}

/// A signature over a canonical request: Signature Version 4 of AWS
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>) and the signatures of other providers
/// that follow it.
#[derive(Debug)]
pub struct Canonical<'a> {
    /// The algorithm, as `AWS4-HMAC-SHA256`.
    pub algorithm: &'a str,
    /// What the request is signed with.
    pub key: Key<'a>,
    /// The header with the time.
    pub time_header: &'static str,
    /// The time, in the provider's format.
    pub time: &'a str,
    /// The names of the signed headers, in lower case and sorted.
    pub signed: &'a [&'a str],
    /// What the signed path has behind the path that is sent.
    pub path_end: &'a str,
}

/// What a request is signed with.
#[derive(Debug)]
pub enum Key<'a> {
    /// The secret itself (Huawei Cloud).
    Secret,
    /// A key that is derived from the secret for a day and a service (AWS, Tencent Cloud, Volcengine).
    Derived {
        /// The text in front of the secret in the first key, as `AWS4`.
        prefix: &'a str,
        /// The texts that the key is derived with, as date, region, service and `aws4_request`.
        scope: &'a [&'a str],
    },
}

impl Canonical<'_> {
    /// Sorts the query of `request`, and adds the headers for the time and the signature.
    pub fn sign(&self, account: &Account, request: &mut Request) {
        let query = sort_query(request, &[]);
        request.add_header(self.time_header, self.time.to_owned());
        let names = self.signed.join(";");
        let (algorithm, time, id) = (self.algorithm, self.time, &account.username);
        let mut text = format!("{algorithm}\n{time}\n");
        let mut credential = ["Access=", id].concat();
        let mut key = account.password.expose().as_bytes().to_vec();
        if let Key::Derived { prefix, scope } = self.key {
            let path = scope.join("/");
            text = format!("{text}{path}\n");
            credential = format!("Credential={id}/{path}");
            key = derived_key([prefix.as_bytes(), &key].concat(), scope);
        }
        text.push_str(&sha256(&self.canonical(request, &query, &names)));
        let signature = hex(&hmac_sha256(&key, &text));
        let value =
            format!("{algorithm} {credential}, SignedHeaders={names}, Signature={signature}");
        request.add_header("Authorization", value);
    }

    /// The canonical form of `request`: what of it is signed. `names` are those of the signed headers.
    fn canonical(&self, request: &Request, query: &str, names: &str) -> String {
        let (method, path, end) = (request.method.name(), request.url.path(), self.path_end);
        let mut canonical = format!("{method}\n{path}{end}\n{query}\n");
        for name in self.signed {
            let of_name =
                request.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
            // Only `host` is not among the headers, because the HTTP client adds it.
            let value = of_name.map_or(request.url.host(), |(_, value)| value.expose());
            canonical = format!("{canonical}{name}:{value}\n");
        }
        let body = sha256(request.body_text());
        format!("{canonical}\n{names}\n{body}")
    }
}

/// The key that `first` becomes with each text of `scope`.
fn derived_key(first: Vec<u8>, scope: &[&str]) -> Vec<u8> {
    let mut key = first;
    for part in scope {
        key = hmac_sha256(&key, part);
    }
    key
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
            key: Key::Derived {
                prefix: "AWS4",
                scope: &["20150830", "us-east-1", "service", "aws4_request"],
            },
            time_header: "X-Amz-Date",
            time: "20150830T123600Z",
            signed: &["host", "x-amz-date"],
            path_end: "",
        };
        let account = Account {
            username: "AKIDEXAMPLE".into(),
            password: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            ..Account::default()
        };
        let url = Url::https("example.amazonaws.com");
        let mut request = Request::get(url, String::new(), Vec::new());
        canonical.sign(&account, &mut request);
        assert_eq!(
            crate::provider::testing::request_text(&request),
            "GET https://example.amazonaws.com/\n\
             X-Amz-Date: 20150830T123600Z\n\
             Authorization: AWS4-HMAC-SHA256 \
             Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
    }
}

//! A server whose own certificate the owner has named in `cacert`, as `openssl req -x509` makes it.

use rcgen::{CustomExtension, ExtendedKeyUsagePurpose, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::*;

/// What `openssl req -x509` writes, whatever it is asked for: CA:TRUE.
fn plain(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn named(name: &str, pem: &str) -> Transport {
    let file = folder("pinned").join(name);
    std::fs::write(&file, pem).unwrap();
    Transport { trust: Trust::File(file), ..transport() }
}

fn trusting(name: &str, certificate: &rcgen::Certificate) -> Transport {
    named(name, &certificate.pem())
}

/// A server that shows `certificate`, whatever it is, and uses `key`.
fn showing(certificate: &rcgen::Certificate, key: &KeyPair) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let shown = rustls::sign::CertifiedKey::new(vec![certificate.der().clone()], key);
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(shown)));
    Arc::new(config)
}

/// The failure of a request to a server with `own`, which is named as `cacert`.
fn refused(name: &str, own: CertificateParams, key: &KeyPair) -> Failure {
    let own = own.self_signed(key).unwrap();
    let transport = trusting(name, &own);
    let server = Server::tls(server_config(own, key), OK);
    let failure = send_over(&transport, &get(&https(&server))).unwrap_err();
    assert!(!failure.sent && server.seen().is_empty(), "{failure:?}");
    failure
}

#[test]
fn a_named_certificate_needs_no_authority_even_if_it_is_marked_as_one() {
    for (key, name) in [
        (KeyPair::generate().unwrap(), "p256.pem"),
        (KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap(), "p384.pem"),
    ] {
        let own = plain("localhost").self_signed(&key).unwrap();
        let transport = trusting(name, &own);
        let server = Server::tls(server_config(own, &key), OK);
        assert_eq!(send_over(&transport, &get(&https(&server))).unwrap().body, "good");
    }
}

#[test]
fn openssls_own_certificates_are_taken() {
    let key = include_bytes!("../data/tls/rsa.key");
    for (name, pem, hosts) in [
        ("rsa.pem", include_str!("../data/tls/rsa.pem"), &["localhost", "127.0.0.1"][..]),
        // It has no subjectAltName, but the common name says the same.
        ("rsa-cn.pem", include_str!("../data/tls/rsa-cn.pem"), &["localhost"]),
    ] {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key).unwrap(),
            )
            .unwrap();
        let server = Server::tls(Arc::new(config), OK);
        for host in hosts {
            let url = format!("https://{host}:{}/", server.address.port());
            let answer = send_over(&named(name, pem), &get(&url));
            assert_eq!(answer.unwrap().body, "good", "{name}, {host}");
        }
    }
    let server = Server::tls(signed(params("localhost")), OK);
    let pem = include_str!("../data/tls/rsa.pem");
    let failure = send_over(&named("rsa.pem", pem), &get(&https(&server))).unwrap_err();
    assert!(failure.text.contains("not trusted"), "{}", failure.text);
}

#[test]
fn a_directory_of_named_certificates_and_one_signed_by_somebody_else() {
    let key = KeyPair::generate().unwrap();
    let own = plain("localhost").self_signed(&key).unwrap();
    let folder = folder("pinned-directory");
    std::fs::write(folder.join("0-other.pem"), authority().issuer.pem()).unwrap();
    std::fs::write(folder.join("1-own.pem"), own.pem()).unwrap();
    let transport = Transport { trust: Trust::Directory(folder), ..transport() };
    let server = Server::tls(server_config(own, &key), OK);
    assert_eq!(send_over(&transport, &get(&https(&server))).unwrap().body, "good");
    // The owner names the server's certificate and not the authority behind it.
    let leaf = params("localhost").signed_by(&key, &authority().issuer).unwrap();
    let transport = trusting("leaf.pem", &leaf);
    let server = Server::tls(server_config(leaf, &key), OK);
    assert_eq!(send_over(&transport, &get(&https(&server))).unwrap().body, "good");
}

#[test]
fn a_named_certificate_has_its_dates_its_names_and_its_purpose() {
    let key = KeyPair::generate().unwrap();
    let mut expired = plain("localhost");
    expired.not_before = date_time_ymd(2001, 1, 1);
    expired.not_after = date_time_ymd(2002, 1, 1);
    let failure = refused("expired.pem", expired, &key);
    assert_eq!(failure.text, "localhost: the certificate has expired");

    let mut early = plain("localhost");
    early.not_before = date_time_ymd(3000, 1, 1);
    early.not_after = date_time_ymd(3001, 1, 1);
    let failure = refused("early.pem", early, &key);
    assert_eq!(failure.kind, FailureKind::ClockBehind, "{}", failure.text);

    let mut other = plain("other.example");
    other.distinguished_name.push(rcgen::DnType::CommonName, "localhost");
    let failure = refused("other.pem", other, &key);
    assert!(failure.text.ends_with("it is for other.example"), "{}", failure.text);

    let mut nameless = CertificateParams::new(vec![]).unwrap();
    nameless.distinguished_name = DistinguishedName::new();
    nameless.distinguished_name.push(rcgen::DnType::CommonName, "other.example");
    nameless.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let failure = refused("nameless.pem", nameless, &key);
    assert!(failure.text.contains("has no subjectAltName"), "{}", failure.text);

    let mut client = params("localhost");
    client.is_ca = IsCa::ExplicitNoCa;
    client.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
    let failure = refused("client.pem", client, &key);
    assert!(failure.text.contains("not for servers"), "{}", failure.text);
}

#[test]
fn a_named_certificate_proves_nothing_without_its_key() {
    let own = plain("localhost").self_signed(&KeyPair::generate().unwrap()).unwrap();
    let transport = trusting("stolen.pem", &own);
    let server = Server::tls(showing(&own, &KeyPair::generate().unwrap()), OK);
    let failure = send_over(&transport, &get(&https(&server))).unwrap_err();
    assert!(failure.text.contains("does not verify"), "{}", failure.text);
    assert!(server.seen().is_empty());
}

#[test]
fn a_named_certificate_signs_no_other_unless_it_is_an_authority() {
    for (is_ca, name, taken) in [
        (IsCa::NoCa, "unmarked.pem", false),
        (IsCa::ExplicitNoCa, "marked.pem", false),
        (IsCa::Ca(BasicConstraints::Unconstrained), "authority.pem", true),
        (IsCa::Ca(BasicConstraints::Constrained(0)), "constrained.pem", true),
    ] {
        let mut own = params("other.example");
        own.is_ca = is_ca;
        let own = CertifiedIssuer::self_signed(own, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = params("localhost").signed_by(&key, &own).unwrap();
        let server = Server::tls(server_config(leaf, &key), OK);
        let answer = send_over(&named(name, &own.pem()), &get(&https(&server)));
        assert_eq!(answer.is_ok(), taken, "{name}: {answer:?}");
    }
}

#[test]
fn a_certificate_that_is_not_named_is_judged_as_before() {
    // The one in the file is another of the same name.
    let old = plain("localhost").self_signed(&KeyPair::generate().unwrap()).unwrap();
    let transport = trusting("old.pem", &old);
    let key = KeyPair::generate().unwrap();
    let mut new = plain("localhost");
    new.is_ca = IsCa::ExplicitNoCa;
    let server = Server::tls(server_config(new.self_signed(&key).unwrap(), &key), OK);
    let failure = send_over(&transport, &get(&https(&server))).unwrap_err();
    assert!(failure.text.contains("'cacert' may hold another certificate"), "{}", failure.text);
    // CA:TRUE and named by nobody.
    let server =
        Server::tls(server_config(plain("localhost").self_signed(&key).unwrap(), &key), OK);
    let failure = send_over(&transport, &get(&https(&server))).unwrap_err();
    assert!(failure.text.contains("marked as an authority (CA:TRUE)"), "{}", failure.text);
    assert!(failure.text.contains("name its file in 'cacert'"), "{}", failure.text);
}

#[test]
fn what_is_wrong_with_a_certificate_is_said() {
    let key = KeyPair::generate().unwrap();
    let mut critical = params("localhost");
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 1], vec![5, 0]);
    extension.set_criticality(true);
    critical.custom_extensions.push(extension);
    let critical = critical.signed_by(&key, &authority().issuer).unwrap();
    let mut constrained = params("localhost");
    constrained.is_ca = IsCa::ExplicitNoCa;
    let mut authority = CertificateParams::new(vec![]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.name_constraints = Some(rcgen::NameConstraints {
        permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("example.com".into())],
        excluded_subtrees: vec![],
    });
    let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let constrained = constrained.signed_by(&key, &issuer).unwrap();
    let narrow = named("narrow.pem", &issuer.pem());
    for (transport, config, text) in [
        (transport(), showing(&critical, &key), "critical and not known"),
        (narrow, server_config(constrained, &key), "name constraints"),
    ] {
        let server = Server::tls(config, OK);
        let failure = send_over(&transport, &get(&https(&server))).unwrap_err();
        assert!(failure.text.contains(text), "{}", failure.text);
    }
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let own = plain("localhost").self_signed(&key).unwrap();
    let transport = trusting("ed25519.pem", &own);
    let server = Server::tls(server_config(own, &key), OK);
    let failure = send_over(&transport, &get(&https(&server))).unwrap_err();
    assert!(failure.text.contains("supported are RSA, P-256 and P-384"), "{}", failure.text);
}

//! `cacert` holds the server's own certificate, as `openssl req -x509` makes one.

use rcgen::{CustomExtension, ExtendedKeyUsagePurpose, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::*;

/// A certificate for `name` with CA:TRUE, which `openssl req -x509` always sets.
fn marked_as_authority(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// A transport that trusts this PEM file alone.
fn trusting_pem(name: &str, pem: &str) -> Transport {
    let file = folder("pinned").join(name);
    std::fs::write(&file, pem).unwrap();
    Transport { trust: Trust::File(file), ..transport() }
}

fn trusting(name: &str, certificate: &rcgen::Certificate) -> Transport {
    trusting_pem(name, &certificate.pem())
}

/// The configuration of a server that presents `certificate` and signs with `key`, even if they do
/// not belong together.
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

/// The failure of a request to a server with the certificate `own`, which is also in `cacert`.
fn failure_with(name: &str, own: CertificateParams, key: &KeyPair) -> Failure {
    let own = own.self_signed(key).unwrap();
    let transport = trusting(name, &own);
    let server = Server::tls(server_config(own, key), OK);
    let failure = send_over(&transport, &get(&https(&server))).unwrap_err();
    assert!(!failure.sent && server.seen().is_empty(), "{failure:?}");
    failure
}

#[test]
fn a_pinned_certificate_may_be_marked_as_an_authority() {
    for (key, name) in [
        (KeyPair::generate().unwrap(), "p256.pem"),
        (KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap(), "p384.pem"),
    ] {
        let own = marked_as_authority("localhost").self_signed(&key).unwrap();
        let transport = trusting(name, &own);
        let server = Server::tls(server_config(own, &key), OK);
        assert_eq!(send_over(&transport, &get(&https(&server))).unwrap().body, "good");
    }
}

#[test]
fn a_pinned_certificate_made_by_openssl_is_accepted() {
    let key = include_bytes!("../data/tls/rsa.key");
    for (name, pem, hosts) in [
        ("rsa.pem", include_str!("../data/tls/rsa.pem"), &["localhost", "127.0.0.1"][..]),
        // Without subjectAltName the common name counts.
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
            let answer = send_over(&trusting_pem(name, pem), &get(&url));
            assert_eq!(answer.unwrap().body, "good", "{name}, {host}");
        }
    }
    let server = Server::tls(signed(params("localhost")), OK);
    let pem = include_str!("../data/tls/rsa.pem");
    let failure = send_over(&trusting_pem("rsa.pem", pem), &get(&https(&server))).unwrap_err();
    assert!(failure.text.contains("not trusted"), "{}", failure.text);
}

#[test]
fn a_pinned_certificate_may_lie_in_a_directory_or_be_signed() {
    let key = KeyPair::generate().unwrap();
    let own = marked_as_authority("localhost").self_signed(&key).unwrap();
    let folder = folder("pinned-directory");
    std::fs::write(folder.join("0-other.pem"), authority().issuer.pem()).unwrap();
    std::fs::write(folder.join("1-own.pem"), own.pem()).unwrap();
    let transport = Transport { trust: Trust::Directory(folder), ..transport() };
    let server = Server::tls(server_config(own, &key), OK);
    assert_eq!(send_over(&transport, &get(&https(&server))).unwrap().body, "good");
    // `cacert` holds the server's certificate, but not that of its authority.
    let leaf = params("localhost").signed_by(&key, &authority().issuer).unwrap();
    let transport = trusting("leaf.pem", &leaf);
    let server = Server::tls(server_config(leaf, &key), OK);
    assert_eq!(send_over(&transport, &get(&https(&server))).unwrap().body, "good");
}

#[test]
fn dates_names_and_purpose_of_a_pinned_certificate_are_checked() {
    let key = KeyPair::generate().unwrap();
    let mut expired = marked_as_authority("localhost");
    expired.not_before = date_time_ymd(2001, 1, 1);
    expired.not_after = date_time_ymd(2002, 1, 1);
    let failure = failure_with("expired.pem", expired, &key);
    assert_eq!(failure.text, "localhost: the certificate has expired");

    let mut early = marked_as_authority("localhost");
    early.not_before = date_time_ymd(3000, 1, 1);
    early.not_after = date_time_ymd(3001, 1, 1);
    let failure = failure_with("early.pem", early, &key);
    assert_eq!(failure.kind, FailureKind::ClockBehind, "{}", failure.text);

    let mut other = marked_as_authority("other.example");
    other.distinguished_name.push(rcgen::DnType::CommonName, "localhost");
    let failure = failure_with("other.pem", other, &key);
    assert!(failure.text.ends_with("it is for other.example"), "{}", failure.text);

    let mut nameless = CertificateParams::new(vec![]).unwrap();
    nameless.distinguished_name = DistinguishedName::new();
    nameless.distinguished_name.push(rcgen::DnType::CommonName, "other.example");
    nameless.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let failure = failure_with("nameless.pem", nameless, &key);
    assert!(failure.text.contains("has no subjectAltName"), "{}", failure.text);

    let mut client = params("localhost");
    client.is_ca = IsCa::ExplicitNoCa;
    client.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
    let failure = failure_with("client.pem", client, &key);
    assert!(failure.text.contains("not for servers"), "{}", failure.text);
}

#[test]
fn a_server_needs_the_key_of_the_pinned_certificate() {
    let own = marked_as_authority("localhost").self_signed(&KeyPair::generate().unwrap()).unwrap();
    let transport = trusting("stolen.pem", &own);
    let server = Server::tls(showing(&own, &KeyPair::generate().unwrap()), OK);
    let failure = send_over(&transport, &get(&https(&server))).unwrap_err();
    assert!(failure.text.contains("does not verify"), "{}", failure.text);
    assert!(server.seen().is_empty());
}

#[test]
fn a_pinned_certificate_signs_others_only_if_it_is_an_authority() {
    for (is_ca, name, accepted) in [
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
        let answer = send_over(&trusting_pem(name, &own.pem()), &get(&https(&server)));
        assert_eq!(answer.is_ok(), accepted, "{name}: {answer:?}");
    }
}

#[test]
fn a_certificate_that_is_not_pinned_is_verified_as_usual() {
    // The file holds another certificate with the same name.
    let old = marked_as_authority("localhost").self_signed(&KeyPair::generate().unwrap()).unwrap();
    let transport = trusting("old.pem", &old);
    let key = KeyPair::generate().unwrap();
    let mut new = marked_as_authority("localhost");
    new.is_ca = IsCa::ExplicitNoCa;
    let server = Server::tls(server_config(new.self_signed(&key).unwrap(), &key), OK);
    let failure = send_over(&transport, &get(&https(&server))).unwrap_err();
    assert!(failure.text.contains("'cacert' may hold another certificate"), "{}", failure.text);
    // A certificate with CA:TRUE that is not in the file.
    let server = Server::tls(
        server_config(marked_as_authority("localhost").self_signed(&key).unwrap(), &key),
        OK,
    );
    let failure = send_over(&transport, &get(&https(&server))).unwrap_err();
    assert!(failure.text.contains("marked as an authority (CA:TRUE)"), "{}", failure.text);
    assert!(failure.text.contains("name its file in 'cacert'"), "{}", failure.text);
}

#[test]
fn an_unsupported_extension_or_algorithm_of_a_certificate_is_named() {
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
    let narrow = trusting_pem("narrow.pem", &issuer.pem());
    for (transport, config, text) in [
        (transport(), showing(&critical, &key), "critical and not known"),
        (narrow, server_config(constrained, &key), "name constraints"),
    ] {
        let server = Server::tls(config, OK);
        let failure = send_over(&transport, &get(&https(&server))).unwrap_err();
        assert!(failure.text.contains(text), "{}", failure.text);
    }
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let own = marked_as_authority("localhost").self_signed(&key).unwrap();
    let transport = trusting("ed25519.pem", &own);
    let server = Server::tls(server_config(own, &key), OK);
    let failure = send_over(&transport, &get(&https(&server))).unwrap_err();
    assert!(failure.text.contains("supported are RSA, P-256 and P-384"), "{}", failure.text);
}

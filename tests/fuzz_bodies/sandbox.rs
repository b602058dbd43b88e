//! A machine with a few files, on which tests check configurations.

use std::path::{Path, PathBuf};

use ddns_netlink::config::check::{DefinitionDirectory, Environment, PathKind};

pub(crate) struct Sandbox;

impl Environment for Sandbox {
    fn definition(
        &self,
        whose: DefinitionDirectory,
        service_name: &str,
    ) -> Option<Result<String, String>> {
        if whose == DefinitionDirectory::Own {
            return match service_name {
                "namecheap.com" | "joker.com" => Some(Ok(OWN.into())),
                "servercow.de" => Some(Ok(WITHOUT_SCRIPT.into())),
                _ => None,
            };
        }
        let json = match service_name {
            "stock.example" => STOCK,
            "v4.example" => V4_ONLY,
            "v6.example" => V6_ONLY,
            "cloudflare.example" => PLAIN,
            // Never read, because the built-in provider ranks above this definition.
            "dyndns.org" => "broken",
            "script.example" => SCRIPT,
            "own-script.example" => MINE,
            "mixed.example" => MIXED,
            "path.example" => r#"{"ipv4": {"url": "../mine.sh"}}"#,
            "answer.example" => r#"{"ipv4": {"url": "http://a.example/", "answer": "(good"}}"#,
            "port.example" => r#"{"ipv4": {"url": "http://a.example:0/"}}"#,
            "slip.example" => r#"{"ipv4": {"url": "http://a.example/?[ip]"}}"#,
            "broken.example" => "{\"ipv4\": [}",
            "unreadable.example" => return Some(Err("permission denied".into())),
            _ => return None,
        };
        Some(Ok(json.into()))
    }

    fn read_secret(&self, path: &Path) -> Result<String, String> {
        match path.to_str() {
            Some("/etc/secret" | "/etc/ddns/home.password") => {
                Ok("first line\nsecond line\n".into())
            }
            Some("/etc/ddns/home.key") => Ok("c2VjcmV0\n".into()),
            Some("/etc/ddns/key.json") => Ok("{\n}\n".into()),
            Some("/etc/tsig.key") => {
                Ok("key \"home\" {\n\talgorithm hmac-sha256;\n\tsecret \"c2VjcmV0\";\n};\n".into())
            }
            Some("/etc/empty") => Ok("\n".into()),
            Some("/run/credentials/ddns/home.token" | "/run/credentials/ddns/home.password") => {
                Ok("from systemd\n".into())
            }
            Some("/run/credentials/ddns/proxy") => Ok("me:hidden@proxy.example:3128\n".into()),
            _ => Err("no such file".into()),
        }
    }

    fn credentials_directory(&self) -> Option<PathBuf> {
        Some("/run/credentials/ddns".into())
    }

    fn script_warning(&self, path: &Path) -> Option<String> {
        path.ends_with("update_y.sh").then(|| "anybody can change it".into())
    }

    fn certificate_warning(&self, path: &Path) -> Option<String> {
        let text = "there is no '-----BEGIN CERTIFICATE-----' in the file";
        (path == Path::new("/etc/ssl/key.pem")).then(|| text.into())
    }

    fn path_kind(&self, path: &Path) -> PathKind {
        match path.to_str() {
            Some(
                "/etc/ddns/ns.pem"
                | "/etc/ssl/ca.pem"
                | "/etc/ssl/key.pem"
                | "/usr/lib/ddns/mine.sh"
                | "/usr/lib/ddns/update_y.sh",
            ) => PathKind::File,
            Some("/etc/ssl/certs") => PathKind::Directory,
            _ => PathKind::Missing,
        }
    }

    fn executable(&self, path: &Path) -> bool {
        path == Path::new("/bin/address") || path == Path::new("/bin/ash")
    }

    fn default_statedir(&self) -> PathBuf {
        "/state".into()
    }
}

const STOCK: &str = r#"{
    "name": "stock.example",
    "ipv4": {
        "url": "http://[USERNAME]:[PASSWORD]@stock.example/update?hostname=[DOMAIN]&myip=[IP]",
        "answer": "good|nochg"
    },
    "ipv6": {
        "url": "http://[USERNAME]:[PASSWORD]@stock.example/update?hostname=[DOMAIN]&myip=[IP]",
        "answer": "good|nochg"
    }
}"#;

/// An owner's definition of a built-in provider.
const OWN: &str = r#"{"name": "own", "ipv4": {"url": "http://own.example/?[DOMAIN]"}}"#;

/// A downloaded definition whose script is missing.
const WITHOUT_SCRIPT: &str = r#"{"ipv4": {"url": "update_servercow_de.sh"}}"#;

const PLAIN: &str = r#"{"name": "plain", "ipv4": {"url": "http://plain.example/?[DOMAIN]"}}"#;
const V4_ONLY: &str = r#"{"name": "v4", "ipv4": {"url": "http://v4.example/?h=[DOMAIN]"}}"#;
const V6_ONLY: &str = r#"{"name": "v6", "ipv6": {"url": "http://v6.example/?h=[DOMAIN]"}}"#;
const MINE: &str = r#"{"ipv4": {"url": "mine.sh"}, "ipv6": {"url": "mine.sh"}}"#;
const MIXED: &str = r#"{"ipv4": {"url": "mine.sh"}, "ipv6": {"url": "http://v6.example/"}}"#;
const SCRIPT: &str = r#"{"ipv4": {"url": "update_x.sh"}, "ipv6": {"url": "update_x.sh"}}"#;

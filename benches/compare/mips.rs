//! One update on a router's CPU: this project's program beside Debian's curl, both under the same emulator.
//!
//! qemu-user translates the instructions, so its CPU time follows their number; the time of a real CPU is another
//! one. What both programs need before they do anything is measured by `--version` and subtracted.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::client::{Client, Task};
use crate::measure::{cpu, wait_for_end};
use crate::process::run;
use crate::router::{file, has};
use crate::scene::{HOST, PLAIN, Scene, without_resumption};
use crate::{Samples, number};

const EMULATOR: &str = "qemu-mipsel-static";
const PATIENCE: Duration = Duration::from_secs(60);
/// A first port without resumption; the one after the last of these resumes sessions.
const FIRST_PORT: u16 = 4430;
const CHAINS: [&str; 3] = ["ECDSA P-256", "ECDSA P-384", "RSA 2048"];
/// The bundle of authorities that Debian and OpenWrt install.
const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Measures `ours`, a program for mipsel, and curl below `tools`.
pub fn measure(scene: &mut Scene, ours: &Path, script: &Path, tools: &Path) {
    println!("\n## On a router's CPU: mipsel under {EMULATOR}\n");
    if !has(EMULATOR) {
        println!("Missing: {EMULATOR} is not installed.");
        return;
    }
    let rounds = number("COMPARE_MIPS_ROUNDS", 30);
    let curl = tools.join("mipsel/usr/bin/curl");
    let places = places(scene);
    scene.change();
    println!("User and system CPU time of one update, median (lowest to highest) of {rounds}.\n");
    println!("| | {} |", places.iter().map(|p| p.title.as_str()).collect::<Vec<_>>().join(" | "));
    println!("|---{}|", "|---".repeat(places.len()));
    if curl.exists() {
        let words = |place: &Place| curl_words(&curl, tools, place);
        table("curl", scene, &places, rounds, &words, curl_version(&curl, tools));
    } else {
        println!("| curl for mipsel | missing |");
    }
    match Client::find(script, ours.to_str().unwrap(), EMULATOR, tools) {
        Ok(client) => {
            let words = |place: &Place| {
                let config = client.configure(&place.task()).join("ddns");
                [EMULATOR, ours.to_str().unwrap(), "once", "-c", config.to_str().unwrap()]
                    .map(str::to_owned)
                    .to_vec()
            };
            let version = vec![EMULATOR.into(), ours.display().to_string(), "--version".into()];
            table(&format!("{} once", client.version), scene, &places, rounds, &words, version);
            daemon(scene, &client, &places, rounds);
        }
        Err(reason) => println!("| ddns-netlink for mipsel | missing: {reason} |"),
    }
}

/// A server, and the file of authorities with which it is checked.
struct Place {
    title: String,
    port: u16,
    cacert: PathBuf,
}

impl Place {
    fn task(&self) -> Task {
        Task { cacert: self.cacert.clone(), ..Task::new(self.port, 1) }
    }
}

/// HTTP, and HTTPS with each kind of certificate; the first kind also with the authorities of the system, and with
/// sessions that are resumed.
fn places(scene: &mut Scene) -> Vec<Place> {
    let mut places = vec![Place { title: "HTTP".into(), port: PLAIN, cacert: file("ca.pem") }];
    for (kind, port) in CHAINS.into_iter().zip(FIRST_PORT..) {
        let cacert = file(&format!("authority-{port}.pem"));
        let config = server(kind, &cacert);
        scene.listen_tls(port, without_resumption(&config));
        places.push(Place { title: kind.into(), port, cacert: cacert.clone() });
        let Ok(bundle) = std::fs::read_to_string(BUNDLE) else { continue };
        if kind == CHAINS[0] {
            let all = file("bundle.pem");
            std::fs::write(&all, bundle + &std::fs::read_to_string(&cacert).unwrap()).unwrap();
            let title = format!("{kind}, all authorities of the system");
            places.push(Place { title, port, cacert: all });
            scene.listen_tls(FIRST_PORT - 1, config);
        }
    }
    places
}

fn curl_version(curl: &Path, tools: &Path) -> Vec<String> {
    let root = tools.join("mipsel").display().to_string();
    // qemu-user does not show all directories below its root to the dynamic linker.
    let libraries = ["lib", "usr/lib"].map(|lib| format!("{root}/{lib}/mipsel-linux-gnu"));
    let libraries = format!("LD_LIBRARY_PATH={}", libraries.join(":"));
    let curl = curl.to_str().unwrap();
    [EMULATOR, "-L", &root, "-E", &libraries, curl, "--version"].map(str::to_owned).to_vec()
}

fn curl_words(curl: &Path, tools: &Path, place: &Place) -> Vec<String> {
    let mut words = curl_version(curl, tools);
    words.pop();
    let task = place.task();
    let url = format!(
        "{}://{HOST}:{}/nic/update?hostname=n0.example.com&myip=203.0.113.1",
        task.scheme, task.port
    );
    let cacert = place.cacert.display().to_string();
    words.extend(["-fsS", "--cacert", &cacert, "-u", "user:secret", &url].map(str::to_owned));
    words
}

/// One row: the CPU time of a program that does one update and ends.
fn table(
    title: &str,
    scene: &Scene,
    places: &[Place],
    rounds: u64,
    words: &dyn Fn(&Place) -> Vec<String>,
    version: Vec<String>,
) {
    let base = program(rounds, || version.clone());
    let mut row = format!("| {title} |");
    for place in places {
        let before = scene.counts().0;
        let times = program(rounds, || words(place));
        let requests = scene.counts().0 - before;
        let failed = rounds.saturating_sub(u64::try_from(requests).unwrap());
        row += &format!(" {}", times.minus(base.median()).show());
        row += &if failed > 0 { format!(" ({failed} failed) |") } else { " |".to_owned() };
    }
    println!("{row}");
    println!("| … `--version`, subtracted | {} |", base.show());
}

/// The CPU time of a program that is started `rounds` times.
fn program(rounds: u64, words: impl Fn() -> Vec<String>) -> Samples {
    let times = (0..rounds).map(|_| {
        let words = words();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        wait_for_end(child.id());
        let spent = cpu(child.id());
        child.wait().unwrap();
        spent
    });
    Samples(times.collect())
}

/// One row: the CPU time that the running daemon needs for one change of the address. The second one shows what a
/// resumed session saves.
fn daemon(scene: &mut Scene, client: &Client, places: &[Place], rounds: u64) {
    let mut row = format!("| {} run, each change |", client.version);
    let resuming =
        Place { title: String::new(), port: FIRST_PORT - 1, cacert: places[1].cacert.clone() };
    for place in places.iter().chain([&resuming]) {
        let task = place.task();
        let running = client.start(scene, &task);
        let mut times = Vec::new();
        if running.wait_start(scene, &task) {
            for _ in 0..rounds {
                let before = running.cpu();
                running.update(scene, &task, PATIENCE);
                times.push(running.cpu().saturating_sub(before));
            }
        }
        row += &format!(" {} |", Samples(times).show());
    }
    println!("{row}");
    println!("\nThe last value is of sessions with {} that are resumed.", CHAINS[0]);
}

/// A server whose certificate is of an intermediate authority, all with keys of this kind. The root's certificate is
/// written to `cacert`.
fn server(kind: &str, cacert: &Path) -> Arc<ServerConfig> {
    let key = || match kind {
        "ECDSA P-256" => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
        "ECDSA P-384" => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap(),
        _ => {
            let words = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
            KeyPair::from_pem(&run(Command::new("openssl").args(words))).unwrap()
        }
    };
    let authority = |name: &str| {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let root = CertifiedIssuer::self_signed(authority("root"), key()).unwrap();
    std::fs::write(cacert, root.pem()).unwrap();
    let middle = CertifiedIssuer::signed_by(authority("intermediate"), key(), &root).unwrap();
    let own = key();
    let leaf = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&own, &middle).unwrap();
    let chain = vec![leaf.der().clone(), middle.der().clone()];
    let own = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, own)
        .unwrap();
    Arc::new(config)
}

use serde_json::{Value, json};

use crate::model::Url;
use crate::model::secret::Secret;
use crate::provider::testing::{account, change, job, outcomes, removal};
use crate::provider::{Provider, testing};

const ZONES: &str = "https://akab-x.luna.akamaiapis.net/config-dns/v2/zones";

fn me() -> Provider {
    account("akamai").with(|account| {
        account.base = Some(Url::https("akab-x.luna.akamaiapis.net"));
        account.param_enc = Secret::new("access");
    })
}

fn path(name: &str, kind: &str) -> String {
    format!("{ZONES}/example.com/names/{name}/types/{kind}")
}

fn set(name: &str, kind: &str, rdata: &[&str], ttl: u32) -> Value {
    json!({"name": name, "type": kind, "ttl": ttl, "rdata": rdata})
}

/// The signature was computed with Python's `hmac`, as the documentation of `EdgeGrid` describes it.
#[test]
fn requests_are_signed() {
    let mut job = job(vec![change("home@example.com", "192.0.2.9")]);
    job.wall = Some(1_440_938_160);
    let request = testing::first_request(&me(), &job).unwrap();
    let text = testing::request_text(&request);
    let line = text.lines().find(|line| line.starts_with("Authorization")).unwrap();
    let expected = "Authorization: EG1-HMAC-SHA256 client_token=me;access_token=access;\
                    timestamp=20150830T12:36:00+0000;nonce=f07f4f3bc64a243bf85aad78bf7d8ddddf5bec92;\
                    signature=wluy4spwXIX1SV1XteGktKDLt+zwFXcX7nPQhdtigZs=";
    assert_eq!(line, expected);
}

#[test]
fn sets_are_changed_added_and_removed() {
    let zones = format!("GET {ZONES}?showAll=true&types=primary");
    let listed =
        r#"{"metadata":{"totalElements":1},"zones":[{"zone":"example.com","type":"PRIMARY"}]}"#;
    let home = path("home.example.com", "A");
    let found = set("home.example.com", "A", &["192.0.2.1", "192.0.2.77"], 60).to_string();
    let put = set("home.example.com", "A", &["192.0.2.9", "192.0.2.77"], 60);
    let apex = path("example.com", "AAAA");
    let post = set("example.com", "AAAA", &["2001:db8::9"], 300);
    let missing = r#"{"type":"x","title":"Not Found","detail":"No such set","status":404}"#;
    let script = [
        (&*zones, 200, listed),
        (&*format!("GET {home}"), 200, &*found),
        (&*format!("PUT {home}\n{put}"), 200, &*put.to_string()),
        (&*format!("GET {apex}"), 404, missing),
        (&*format!("POST {apex}\n{post}"), 201, &*post.to_string()),
    ];
    let mut ours = change("home.example.com", "192.0.2.9");
    ours.previous = Some("192.0.2.1".parse().unwrap());
    let changes = [ours, change("example.com", "2001:db8::9")];
    assert_eq!(outcomes(&me(), &changes, &[], &script), ["updated", "updated"]);

    let only = set("home.example.com", "A", &["192.0.2.1"], 60).to_string();
    let script = [(&*format!("GET {home}"), 200, &*only), (&*format!("DELETE {home}"), 204, "")];
    let ours = [removal("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me(), &ours, &[], &script), ["updated"]);
    let others = [removal("home@example.com", "192.0.2.5")];
    assert_eq!(outcomes(&me(), &others, &[], &script[..1]), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let new = [change("new@example.com", "192.0.2.9")];
    let get = format!("GET {}", path("new.example.com", "A"));
    let said = |status: u16, detail: &str| {
        let body = json!({"type": "x", "title": "No", "detail": detail, "status": status});
        outcomes(&me(), &new, &[], &[(&get, status, &body.to_string())]).remove(0)
    };
    assert!(
        said(401, "Inactive client token").starts_with(
            "all: no: Akamai Edge DNS does not accept the credentials: Inactive client"
        )
    );
    assert!(said(403, "no").starts_with("no: Akamai Edge DNS does not allow the request: no"));
    assert!(said(429, "slow").starts_with("all: again in 300 s: Akamai Edge DNS limits requests"));
    let post = format!("POST {}", path("new.example.com", "A"));
    let script = [
        (&*get, 404, "{}"),
        (&*post, 409, r#"{"title":"Conflict","detail":"A CNAME record exists at this name"}"#),
    ];
    let said = outcomes(&me(), &new, &[], &script).remove(0);
    assert!(
        said.ends_with("delete the CNAME record of this name, or choose another name"),
        "{said}"
    );
}

use crate::provider::testing::{account, change, outcomes, removal};

const FOUND: &str = r#"{"code":1000,"msg":"Command completed successfully","resData":{"domain":"example.com",
    "count":3,"record":[
    {"id":"11","name":"home.example.com","type":"A","content":"192.0.2.1","ttl":3600,"prio":0},
    {"id":"12","name":"example.com","type":"AAAA","content":"2001:db8::1","ttl":300,"prio":0},
    {"id":"13","name":"example.com","type":"NS","content":"ns.inwx.de","ttl":86400,"prio":0}]}}"#;
const DONE: &str = r#"{"code":1000,"msg":"Command completed successfully"}"#;

fn call(method: &str, domain: &str, more: &str) -> String {
    format!(
        "POST https://api.domrobot.com/jsonrpc/\n\
         {{\"method\":\"nameserver.{method}\",\"params\":{{{domain}\"pass\":\"hunter2\",{more}\"user\":\"me\"}}}}"
    )
}

fn info() -> String {
    call("info", r#""domain":"example.com","#, "")
}

#[test]
fn records_are_changed_by_their_ids_and_added() {
    let me = account("inwx");
    let zones = call("list", "", "")
        .replace(r#""params":{"pass""#, r#""params":{"page":1,"pagelimit":100,"pass""#);
    let update = call("updateRecord", r#""content":"192.0.2.9","id":"11","#, "");
    let create = call(
        "createRecord",
        r#""content":"2001:db8::9","domain":"example.com","name":"*.example.com","#,
        r#""ttl":300,"type":"AAAA","#,
    );
    let script = [
        (
            &*zones,
            200,
            r#"{"code":1000,"resData":{"count":1,"domains":[{"domain":"example.com","type":"MASTER"}]}}"#,
        ),
        (&*info(), 200, FOUND),
        (&*update, 200, DONE),
        (&*create, 200, r#"{"code":1000,"resData":{"id":"14"}}"#),
    ];
    let changes = [
        change("home.example.com", "192.0.2.9"),
        change("example.com", "2001:db8::1"),
        change("*.example.com", "2001:db8::9"),
    ];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "unchanged", "updated"]);
}

#[test]
fn only_our_record_is_removed() {
    let me = account("inwx.com-api");
    let delete = call("deleteRecord", r#""id":"11","#, "");
    let gone = [removal("home@example.com", "192.0.2.1")];
    let script = [(&*info(), 200, FOUND), (&*delete, 200, DONE)];
    assert_eq!(outcomes(&me, &gone, &[], &script), ["updated"]);
    let other = [removal("home@example.com", "192.0.2.77")];
    assert_eq!(outcomes(&me, &other, &[], &script[..1]), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("inwx");
    let home = [change("home@example.com", "192.0.2.9")];
    let said =
        |status: u16, body: &str| outcomes(&me, &home, &[], &[(&info(), status, body)]).remove(0);
    let wrong = said(200, r#"{"code":2200,"msg":"Authentication error"}"#);
    assert!(
        wrong.starts_with("all: no: INWX does not accept the credentials: Authentication error"),
        "{wrong}"
    );
    let none = said(200, r#"{"code":2303,"msg":"Object does not exist"}"#);
    assert!(none.starts_with("no: INWX does not know the zone or the record"), "{none}");
    assert!(
        said(200, r#"{"code":2201,"msg":"Authorization error"}"#)
            .starts_with("no: INWX does not allow")
    );
    assert!(
        said(200, r#"{"code":2400,"msg":"Command failed"}"#)
            .starts_with("all: again: INWX has a problem")
    );
    assert!(
        said(429, "Retry-After: 90\n{}").starts_with("all: again in 90 s: INWX limits requests")
    );
    assert!(said(200, "{}").starts_with("again: INWX sends what is not understood"));
    assert!(said(403, "{}").starts_with("no: INWX does not allow the request"));
    let update = call("updateRecord", r#""content":"192.0.2.9","id":"11","#, "");
    let bad = r#"{"code":2005,"msg":"Parameter value syntax error","reason":"ttl"}"#;
    let script = [(&*info(), 200, FOUND), (&*update, 200, bad)];
    let refused = outcomes(&me, &home, &[], &script);
    assert!(refused[0].starts_with("no: INWX refuses the request: Parameter value"), "{refused:?}");
}

//! Answers that report a failure, and answers that only have words for failure.

use proptest::prelude::*;

use super::*;

#[test]
fn each_name_in_the_lists_of_neighbours_stands_for_a_list() {
    for list in FAILURE_IN_CONTEXT.lines().chain(REQUESTS.lines()).flat_map(|line| line.split('|'))
    {
        if list.contains(|c: char| c.is_ascii_uppercase()) {
            // A list that is taken as it stands has each of its words.
            let mut words = list.split_whitespace();
            assert!(words.all(|word| !is_in(list, word)), "{list}");
        }
    }
}

#[test]
fn words_for_failure_report_it() {
    for body in [
        "ERROR",
        "  err 5",
        "\u{feff}fail.",
        "failure; 192.0.2.1",
        "'invalid' token",
        "[denied] 192.0.2.1",
        "KO",
        "nok\nagain",
        "Bad request. Again",
        "badpass",
        "Not found",
        "404 Not Found",
        "Wrong password",
        "Access denied",
        "Error: no such host",
        "the token is invalid",
        "Login failed",
        "update failed!",
        "HTTP code 404",
        "Couldn't find any matching DNS records for this token",
        "could not be updated",
        "Host does not exist",
        "host has not been found",
        "no such host",
        "Unknown host",
        "user unknown",
        "missing parameter",
        "too many requests",
        "Authentication required",
        "error-record-invalid",
        "auth_failed",
        "result: badauth",
        "1 error",
        "updated 0, errors: 2",
        "error code 5",
        "errors 3",
        "Success: false, error: bad token",
        "<error>ERROR: Invalid api_key</error>",
        "<ERROR CODE=\"703\" TEXT=\"x\">",
        "<?xml version=\"1.0\"?><interface-response><ErrCount>1</ErrCount><errors><Err1>Passwords do not \
         match</Err1></errors></interface-response>",
        "error=no such name",
        "unsuccessful",
        "Update unsuccessful.",
        "no good",
        "success: false",
        "success=false&ip=192.0.2.1",
        "success=0",
        "ok=false",
        "<result><success>false</success></result>",
        "false",
        "[RESPONSE]\ncode = 531\ndescription = Authorization x\n",
    ] {
        assert!(complains(body), "{body}");
    }
}

#[test]
fn request_to_client_reports_failure() {
    for body in [
        "Please log in",
        "Please login first.",
        "please sign in to continue",
        "Log in to continue",
        "You must log in",
        "You need to log in first",
        "You are not logged in",
        "Login",
        "Sign in",
        "login required",
        "Login is required",
        "hostname is required",
        "API key required",
        "authentication is needed",
        "Your session has ended, please log in again",
        "Please try again later",
        "try again in 5 minutes",
        "Please provide a host name",
        "please renew your subscription",
        "<p>Please log in</p>",
        "No hostname supplied",
        "hostname not specified",
        "no token given",
        "you must wait 10 minutes",
        "Captcha required",
        "payment required",
        "verify your email",
        "Confirm your account.",
    ] {
        assert!(complains(body), "{body}");
    }
}

#[test]
fn reached_limit_reports_failure() {
    for body in [
        "quota reached",
        "Quota has been reached.",
        "update limit reached",
        "Daily limit was reached",
        "limit of 5 updates reached",
        "over quota",
        "rate limited",
        "rate-limited",
        "rate limit",
        "Maximum number of updates reached",
        "quota exhausted",
        "too frequent updates",
        "too fast",
        "slow down",
        "insufficient credit",
        "out of credits",
    ] {
        assert!(complains(body), "{body}");
    }
}

#[test]
fn missing_update_reports_failure() {
    for body in [
        "not updated",
        "Record was not updated.",
        "record not saved",
        "updated: false",
        "updated=no",
        "<updated>false</updated>",
        "no records found",
        "0 hosts found",
        "no zone matched",
        "none found",
        "account disabled",
        "Your account is locked",
        "user inactive",
        "token revoked",
        "Sorry",
        "fatal",
        "request declined",
        "transaction aborted",
        "timed out",
        "server is busy",
        "down for maintenance",
        "403",
        "500\n",
        "-1",
        "Update disabled",
        "host disabled",
        "Zone is locked",
        "user not active",
        "no account",
        "no host",
        "NO",
        "nope",
        "empty hostname",
        "password empty",
        "Domain does not belong to you",
        "not your host",
        "Host not in your account",
        "You do not have permission",
        "You don't have access",
        "access restricted",
        "Not implemented",
        "timeout",
        "NXDOMAIN",
        "SERVFAIL",
        "Traceback (most recent call last):",
        "exit 1",
        "rc=2",
        "return code 1",
        "Zugriff abgelehnt",
        "Passwort falsch",
        "Ungültiger Benutzername",
        "Contraseña incorrecta",
        "Benutzer gesperrt",
    ] {
        assert!(complains(body), "{body}");
    }
}

#[test]
fn other_wordings_of_success_report_no_failure() {
    for body in [
        "Updated. Please allow 5 minutes for the change to propagate",
        "Thank you, please enjoy the service",
        "logged in as home, updated 203.0.113.10",
        "Login: ok",
        "login ok, record updated",
        "no update required",
        "No changes are required",
        "update not needed",
        "nothing to update",
        "not updated, address has not changed",
        "IP not updated: already 203.0.113.10",
        "not modified",
        "updated=0 unchanged=1",
        "0 changes",
        "no changes found",
        "no difference found",
        "myip not specified, using 203.0.113.10",
        "no address given, using yours: 203.0.113.10",
        "rate limit: 60, remaining: 59",
        "quota: 5 of 100 used",
        "updated, 95 updates left of your limit",
        "1 record updated",
        "found host home, updated",
        "updated: true",
        "200",
        "0",
        "account home.example.com updated",
        "wildcard disabled, address updated",
        "your account was updated",
        "processed in 0.403 s",
        "IPv6 disabled for this host, IPv4 updated",
        "wildcard is disabled, updated",
        "no host changes",
        "no domain change",
        "access granted",
        "Your account has access",
        "no longer in use",
        "exit 0",
        "rc=0",
        "return code 0",
        "timeout=30 updated=1",
        "no, it was there already",
    ] {
        assert!(!complains(body), "{body}");
    }
}

#[test]
fn denied_failures_report_none() {
    for body in [
        "",
        "OK",
        "=> Update IP to 203.0.113.10",
        "good morning",
        "0 errors",
        "no error",
        "updated without errors",
        "errors: none",
        "Error: none",
        "error=0",
        "error=&ip=192.0.2.1",
        "error_count=0",
        "error code: 0",
        "error code 200",
        "ok: failed 0",
        "failed: 0, updated: 1",
        "0 failed, 1 updated",
        "\"errors\":[] and nothing else",
        "<error>0</error>",
        "<error></error>",
        "<errors/>",
        "<ErrCount>0</ErrCount><errors /><Done>true</Done>",
        "code=0",
        "success=true",
        "success, 0 errors",
        "success: 1 updated, 0 errors",
        "success 0 errors",
        "no changes",
        "ok 0",
        "code: 200",
        "The address has not changed",
        "not needed",
        "fail.example.com updated",
        "bad-homburg.example.com updated",
        "badger.example.com 192.0.2.1",
        "updated 2001:db8::bad",
        "updated 2001:db8::bad/128",
        "see https://example.com/error/invalid",
        "me@error.example updated",
        "kobold",
        "true",
        "1",
    ] {
        assert!(!complains(body), "{body}");
    }
}

#[test]
fn members_of_json_report_failure() {
    for body in [
        r#"{"error": "no such host"}"#,
        "{\n  \"error\": {\"code\": 5}}",
        r#"{"id":1,"success": false}"#,
        r#"{"status":"failed"}"#,
        r#"{"status":"fail"}"#,
        r#"{"status":"ko"}"#,
        r#"{"result":"error"}"#,
        r#"{"code":2,"message":"x"}"#,
        r#"{"code":"401"}"#,
        r#"{"status":403}"#,
        r#"{"errors":[{"code":9109}],"success":false}"#,
        r#"{"errors":["x"]}"#,
        r#"{"ok":false}"#,
        r#"{"ok":0}"#,
        r#"{"success":"false"}"#,
        r#"{"result":false}"#,
        r#"{"message":"Invalid token"}"#,
        r#"{"detail":"Not found."}"#,
        r#"{"error_code":5}"#,
        r#"{"errorCode":"E17"}"#,
        r#"{"response":{"status":"error"}}"#,
        r#"[{"host":"a","status":"good"},{"host":"b","error":"x"}]"#,
        r#"{"status":"nohost"}"#,
        r#""Access denied""#,
    ] {
        assert!(complains(body), "{body}");
    }
}

#[test]
fn members_of_json_that_deny_update_report_failure() {
    for body in [
        r#"{"updated":false}"#,
        r#"{"updated":"false"}"#,
        r#"{"updated":"no"}"#,
        r#"{"updated":0}"#,
        r#"{"update":false,"ip":"192.0.2.1"}"#,
        r#"{"saved":false}"#,
        r#"{"accepted":false}"#,
        r#"{"authorized":false}"#,
        r#"{"authenticated":false}"#,
        r#"{"logged_in":false}"#,
        r#"{"loggedIn":false}"#,
        r#"{"valid":false}"#,
        r#"{"found":false}"#,
        r#"{"done":false}"#,
        r#"{"data":{"updated":false}}"#,
        r#"{"data":[{"host":"a","updated":false}]}"#,
        r#"[{"updated":false}]"#,
        r#"{"status":200,"result":{"updated":false}}"#,
        r#"{"changed":false,"reason":"login required"}"#,
        r#"{"changed":false,"error":"quota"}"#,
        r#"{"message":"Please log in"}"#,
        r#"{"msg":"quota reached"}"#,
        r#"{"result":"not updated"}"#,
        r#"{"status":"rate_limited"}"#,
        r#"{"status":"login_required"}"#,
        r#"{"result":null,"ok":null}"#,
        r#"{"ret":-1}"#,
        r#"{"auth":false}"#,
        r#"{"is_ok":false}"#,
        r#"{"isValid":false}"#,
        r#"{"hasError":true}"#,
        r#"{"has_error":true}"#,
        r#"{"is_error":1}"#,
        r#"{"denied":true}"#,
        r#"{"rejected":1}"#,
        r#"{"limit_reached":true}"#,
        r#"{"quota_exceeded":true}"#,
        r#"{"login_required":true}"#,
        r#"{"rc":-5}"#,
        r#"{"success":"no"}"#,
        r#"{"result":{"ok":false}}"#,
        r#"{"response":{"result":{"success":0}}}"#,
        r#""not updated""#,
        "403",
        "-1",
    ] {
        assert!(complains(body), "{body}");
    }
}

#[test]
fn denial_beside_success_reports_no_failure() {
    for body in [
        r#"{"success":true,"updated":false}"#,
        r#"{"status":"ok","updated":false}"#,
        r#"{"status":"unchanged","updated":false}"#,
        r#"{"updated":false,"unchanged":true}"#,
        r#"{"updated":false,"reason":"address has not changed"}"#,
        r#"{"updated":0,"unchanged":1}"#,
        r#"{"updated":["a.example.com"]}"#,
        r#"{"updated":"2024-05-01T10:00:00Z"}"#,
        r#"{"updated":1714557600}"#,
        r#"{"updated":true,"found":true}"#,
        r#"{"changed":0}"#,
        r#"{"changed":false,"ip":"192.0.2.1"}"#,
        r#"{"result":{"updated":true}}"#,
        r#"{"result":0}"#,
        r#"{"ret":0}"#,
        r#"{"has_error":false}"#,
        r#"{"is_error":0}"#,
        r#"{"rejected":0,"blocked":false}"#,
        r#"{"limit_reached":false}"#,
        r#"{"hash":"abc","isp":"x","is_new":false}"#,
        r#"{"no":1,"timeout":30,"max_errors":5}"#,
        r#"{"login":true,"timeout":true,"no":true}"#,
        r#"{"host":{"active":true,"updated":"now"},"proxied":false}"#,
        "200",
    ] {
        assert!(!complains(body), "{body}");
    }
}

#[test]
fn empty_members_of_json_report_no_failure() {
    for body in [
        r#"{"error_code":0,"error_msg":"success"}"#,
        r#"{"err_no":0}"#,
        r#"{"error":"0"}"#,
        r#"{"error":"none"}"#,
        "{\"error\":\nfalse}",
        r#"{"error":{"code":0,"text":""}}"#,
        r#"{"ok":true,"other":{"success":false}}"#,
        r#"{"error":[],"success":true}"#,
        r#"{"errors":[],"result":"ok"}"#,
        r#"{"error":null}"#,
        r#"{"error":""}"#,
        r#"{"code":0}"#,
        r#"{"code":1,"message":"Action completed successful"}"#,
        r#"{"code":200,"msg":"OK"}"#,
        r#"{"code":"0"}"#,
        r#"{"status":"success"}"#,
        r#"{"status":1}"#,
        r#"{"hostname":"fail","ip":"192.0.2.1"}"#,
        r#"{"domain":"invalid.example.com","status":"ok"}"#,
        r#"{"failed":0,"updated":1}"#,
        r#"{"changed":false}"#,
        "[]",
        "{}",
        "null",
    ] {
        assert!(!complains(body), "{body}");
    }
}

proptest! {
    #[test]
    fn reading_never_panics(body in "(?s)(error|no|0|<|>|/|=|:|\\.|\"|\\{|\\}|\\[|\\]|not|found| |.){0,30}") {
        complains(&body);
    }
}

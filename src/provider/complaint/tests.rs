//! Answers that report a failure, and such that only look like it.

use proptest::prelude::*;

use super::*;

#[test]
fn words_of_failure_are_found() {
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
fn words_that_deny_a_failure_report_none() {
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
fn members_of_json_report_failures() {
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
fn members_of_json_that_are_empty_report_none() {
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
    fn any_body_is_read(body in "(?s)(error|no|0|<|>|/|=|:|\\.|\"|\\{|\\}|\\[|\\]|not|found| |.){0,30}") {
        complains(&body);
    }
}

use crate::model::secret::Secret;
use crate::model::{Family, Target};
use crate::provider::testing::{account, change, job, play, removal};
use crate::provider::{Change, FailureKind, Job, LearnedValues, Outcome, Scope, Verdict};

const URL: &str = "https://route53.amazonaws.com/2013-04-01/hostedzone";
const ASK_ZONES: &str = "GET https://route53.amazonaws.com/2013-04-01/hostedzone?maxitems=100\n";
const WRITE: &str = "POST https://route53.amazonaws.com/2013-04-01/hostedzone/Z1D633PJN98FT9/rrset/
    Content-Type: application/xml\n";
/// An answer as in AWS's reference, with a private zone of the same name before the public one.
const ZONES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
    <ListHostedZonesResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><HostedZones>
    <HostedZone><Id>/hostedzone/ZPRIVATE</Id><Name>example.com.</Name>
    <CallerReference>a</CallerReference><Config><PrivateZone>true</PrivateZone></Config>
    <ResourceRecordSetCount>2</ResourceRecordSetCount></HostedZone>
    <HostedZone><Id>/hostedzone/Z1D633PJN98FT9</Id><Name>example.com.</Name>
    <CallerReference>b</CallerReference><Config><PrivateZone>false</PrivateZone></Config>
    <ResourceRecordSetCount>3</ResourceRecordSetCount></HostedZone></HostedZones>
    <IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesResponse>";
const DONE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
    <ChangeResourceRecordSetsResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">
    <ChangeInfo><Id>/change/C2682N5HXP0BZ4</Id><Status>PENDING</Status>
    <SubmittedAt>2026-09-10T01:36:41.958Z</SubmittedAt></ChangeInfo>
    </ChangeResourceRecordSetsResponse>";

fn sets(sets: &str) -> String {
    format!(
        "<ListResourceRecordSetsResponse><ResourceRecordSets>{sets}</ResourceRecordSets>\
         <IsTruncated>false</IsTruncated><MaxItems>1</MaxItems></ListResourceRecordSetsResponse>"
    )
}

fn set(name: &str, kind: &str, ttl: u32, values: &[&str]) -> String {
    let values: String = values
        .iter()
        .map(|value| format!("<ResourceRecord><Value>{value}</Value></ResourceRecord>"))
        .collect();
    format!(
        "<ResourceRecordSet><Name>{name}.</Name><Type>{kind}</Type><TTL>{ttl}</TTL>\
         <ResourceRecords>{values}</ResourceRecords></ResourceRecordSet>"
    )
}

fn upsert(name: &str, kind: &str, ttl: u32, values: &[&str]) -> String {
    format!("<Change><Action>UPSERT</Action>{}</Change>", set(name, kind, ttl, values))
}

/// The request that writes these changes.
fn write(changes: &[String]) -> String {
    format!(
        "{WRITE}<ChangeResourceRecordSetsRequest \
         xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Changes>{}</Changes>\
         </ChangeBatch></ChangeResourceRecordSetsRequest>",
        changes.concat()
    )
}

fn ask(name: &str, kind: &str) -> String {
    format!("GET {URL}/Z1D633PJN98FT9/rrset?maxitems=1&name={name}.&type={kind}")
}

fn error(code: &str, message: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"https://route53.amazonaws.com/doc/\">\
         <Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>b25f48e8-84fd-11e6-80d9-574e0c4664cb</RequestId></ErrorResponse>"
    )
}

fn me() -> crate::provider::Provider {
    account("route53")
}

/// The id of the zone is learned.
fn within(changes: Vec<Change>) -> Job {
    let learned = [("zone example.com".into(), "Z1D633PJN98FT9".into())];
    Job { learned: LearnedValues::from_iter(learned), ..job(changes) }
}

fn reason(verdict: &Verdict) -> &str {
    let (Outcome::Refused { reason, .. } | Outcome::Retry { reason, .. }) = &verdict.outcome else {
        panic!("{verdict:?}");
    };
    reason
}

#[test]
fn a_zone_is_learned_and_values_added_by_others_are_kept() {
    let there = sets(&set("home.example.com", "A", 60, &["192.0.2.1"]));
    let write_9 = write(&[upsert("home.example.com", "A", 60, &["192.0.2.9"])]);
    let ask = ask("home.example.com", "A");
    let script = [(ASK_ZONES, 200, ZONES), (&*ask, 200, &*there), (&*write_9, 200, DONE)];
    let (verdicts, learned) =
        play(&me(), job(vec![change("home.example.com", "192.0.2.9")]), &script);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    let learned: LearnedValues =
        learned.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();

    let mut next = Job { learned, ..job(vec![change("home.example.com", "192.0.2.10")]) };
    next.changes[0].previous = Some("192.0.2.9".parse().unwrap());
    let there = sets(&set("home.example.com", "A", 60, &["192.0.2.9", "192.0.2.77"]));
    let write_10 = write(&[upsert("home.example.com", "A", 60, &["192.0.2.10", "192.0.2.77"])]);
    let script = [(&*ask, 200, &*there), (&*write_10, 200, DONE)];
    assert_eq!(play(&me(), next, &script).0, [Outcome::Updated.into()]);
}

#[test]
fn a_request_has_the_signature_of_the_reference_implementation() {
    let mut me = me();
    me.account.username = "AKIDEXAMPLE".into();
    me.account.password = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    let mut job = within(vec![change("*@example.com", "2001:db8::1")]);
    job.wall = Some(1_440_938_160);
    // The signature of botocore.
    let ask = "GET https://route53.amazonaws.com/2013-04-01/hostedzone/Z1D633PJN98FT9/rrset\
        ?maxitems=1&name=%2A.example.com.&type=AAAA
        X-Amz-Date: 20150830T123600Z
        Authorization: AWS4-HMAC-SHA256 \
        Credential=AKIDEXAMPLE/20150830/us-east-1/route53/aws4_request, \
        SignedHeaders=host;x-amz-date, \
        Signature=0ef6668eac554b585593c6a964c01473f0e44e11dd2c3634093735ab4b6a90b2";
    let there = sets(&set("\\052.example.com", "AAAA", 300, &["2001:db8:0:0::1"]));
    let (verdicts, _) = play(&me, job, &[(ask, 200, &there)]);
    assert_eq!(verdicts, [Outcome::Unchanged.into()]);
}

#[test]
fn a_missing_name_the_apex_and_both_families_are_one_request() {
    let mut v6 = change("@example.com", "2001:db8::9");
    v6.record.ttl = Some(60);
    let two = within(vec![change("@example.com", "192.0.2.9"), v6]);
    let after = sets(&set("a.example.com", "A", 60, &["192.0.2.77"]));
    let write = write(&[
        upsert("example.com", "A", 300, &["192.0.2.9"]),
        upsert("example.com", "AAAA", 60, &["2001:db8::9"]),
    ]);
    let (ask_4, ask_6) = (ask("example.com", "A"), ask("example.com", "AAAA"));
    let script = [(&*ask_4, 200, &*after), (&*ask_6, 200, &*sets("")), (&*write, 200, DONE)];
    assert_eq!(play(&me(), two, &script).0, [Outcome::Updated.into(), Outcome::Updated.into()]);
}

#[test]
fn of_several_addresses_only_ours_is_replaced() {
    let there = sets(&set("home.example.com", "A", 60, &["192.0.2.1", "192.0.2.2"]));
    let ask = ask("home.example.com", "A");
    let mut ours = change("home.example.com", "192.0.2.9");
    let (verdicts, _) = play(
        &me(),
        within(vec![ours.clone()]),
        // Refused with a learned zone, so the zone is looked up again.
        &[(&ask, 200, &there), (ASK_ZONES, 200, ZONES), (&ask, 200, &there)],
    );
    assert_eq!(
        reason(&verdicts[0]),
        "home.example.com has 2 A records, and none holds what was published last"
    );
    ours.previous = Some("192.0.2.2".parse().unwrap());
    let write = write(&[upsert("home.example.com", "A", 60, &["192.0.2.1", "192.0.2.9"])]);
    let (verdicts, learned) =
        play(&me(), within(vec![ours]), &[(&ask, 200, &there), (&write, 200, DONE)]);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    assert_eq!(learned, [], "what others have a part in is never taken for granted");
}

#[test]
fn many_names_are_read_by_listing_the_zone_and_written_at_once() {
    let names: Vec<String> = (0..200).map(|i| format!("h{i}.example.com")).collect();
    let changes = names.iter().map(|name| change(name, "192.0.2.9")).collect();
    let page = |from: usize, to: usize, more: &str| {
        let here = names[from..to].iter().map(|name| set(name, "A", 60, &["192.0.2.1"]));
        sets(&here.collect::<String>()).replace("<IsTruncated>false</IsTruncated>", more)
    };
    let first = page(
        0,
        150,
        "<IsTruncated>true</IsTruncated>\
        <NextRecordName>h150.example.com.</NextRecordName><NextRecordType>A</NextRecordType>",
    );
    let second = page(150, 199, "<IsTruncated>false</IsTruncated>");
    let path = format!("{URL}/Z1D633PJN98FT9/rrset?maxitems=300");
    let ask_first = format!("GET {path}");
    let ask_second = format!("GET {path}&name=h150.example.com.&type=A");
    let mut upserts: Vec<_> =
        names.iter().map(|name| upsert(name, "A", 60, &["192.0.2.9"])).collect();
    upserts[199] = upsert("h199.example.com", "A", 300, &["192.0.2.9"]);
    let write = write(&upserts);
    let script = [(&*ask_first, 200, &*first), (&*ask_second, 200, &*second), (&*write, 200, DONE)];
    let (verdicts, _) = play(&me(), within(changes), &script);
    assert!(
        verdicts.len() == 200 && verdicts.iter().all(|verdict| verdict.outcome == Outcome::Updated)
    );
}

#[test]
fn only_the_bad_record_of_a_refused_batch_fails() {
    let two =
        within(vec![change("a.example.com", "192.0.2.9"), change("b.example.com", "192.0.2.9")]);
    let no = "<?xml version=\"1.0\"?><InvalidChangeBatch xmlns=\"https://x/\"><Messages><Message>\
        RRSet of type A with DNS name b.example.com. is not permitted as it conflicts with other \
        records with the same DNS name in zone example.com.</Message></Messages>\
        </InvalidChangeBatch>";
    let (up_a, up_b) = (
        upsert("a.example.com", "A", 60, &["192.0.2.9"]),
        upsert("b.example.com", "A", 60, &["192.0.2.9"]),
    );
    let new_b = upsert("b.example.com", "A", 300, &["192.0.2.9"]);
    let both = write(&[up_a.clone(), up_b.clone()]);
    let (a, b, again) = (write(&[up_a]), write(&[up_b]), write(&[new_b]));
    let (ask_a, ask_b) = (ask("a.example.com", "A"), ask("b.example.com", "A"));
    let there = |name: &str| sets(&set(name, "A", 60, &["192.0.2.1"]));
    let (there_a, there_b) = (there("a.example.com"), there("b.example.com"));
    let script = [
        (&*ask_a, 200, &*there_a),
        (&*ask_b, 200, &*there_b),
        (&*both, 400, no),
        (&*a, 200, DONE),
        (&*b, 400, no),
        // A learned id may be wrong, so the failed change begins again.
        (ASK_ZONES, 200, ZONES),
        (&*ask_b, 200, &*sets("")),
        (&*again, 400, no),
    ];
    let (verdicts, _) = play(&me(), two, &script);
    assert_eq!(verdicts[0].outcome, Outcome::Updated);
    assert!(reason(&verdicts[1]).contains("is not permitted as it conflicts"), "{verdicts:?}");
}

#[test]
fn a_key_without_the_right_to_read_can_write() {
    let mut one = job(vec![change("home.example.com", "192.0.2.9")]);
    one.changes[0].record.zone_id = Some("/hostedzone/Z1D633PJN98FT9".into());
    let no = error("AccessDenied", "User: arn:aws:iam::123456789012:user/ddns is not authorized");
    let ask = ask("home.example.com", "A");
    let write = write(&[upsert("home.example.com", "A", 300, &["192.0.2.9"])]);
    let script = [(&*ask, 403, &*no), (&*write, 200, DONE)];
    assert_eq!(play(&me(), one.clone(), &script).0, [Outcome::Updated.into()]);
    // With several names, the first answer that the key may not read is enough.
    let mut two = Job { changes: vec![one.changes[0].clone(); 2], ..one.clone() };
    two.changes[1] = Change { family: Family::V6, ..two.changes[1].clone() };
    two.changes[1].target = Target::Address("2001:db8::9".parse().unwrap());
    let both = write.replace(
        "</Changes>",
        &format!("{}</Changes>", upsert("home.example.com", "AAAA", 300, &["2001:db8::9"])),
    );
    let script = [(&*ask, 403, &*no), (&*both, 200, DONE)];
    assert!(play(&me(), two, &script).0.iter().all(Verdict::is_success));
    let (verdicts, _) = play(&me(), one, &[(&ask, 403, &no), (&write, 403, &no)]);
    assert!(matches!(&verdicts[0].outcome, Outcome::Refused { reason, advice }
        if reason.starts_with("Route 53 does not allow the request: User: arn")
            && advice.contains("route53:ChangeResourceRecordSets")));
    let (verdicts, _) =
        play(&me(), job(vec![change("home.example.com", "192.0.2.9")]), &[(ASK_ZONES, 403, &no)]);
    assert!(reason(&verdicts[0]).contains("does not let the key list"), "{verdicts:?}");
}

#[test]
fn without_a_set_clock_no_request_is_made() {
    let mut one = within(vec![change("home.example.com", "192.0.2.9")]);
    one.wall = None;
    let behind = |verdict: &Verdict| {
        matches!(verdict.outcome, Outcome::Retry { kind: FailureKind::ClockBehind, .. })
            && verdict.scope == Scope::Account
    };
    assert!(behind(&play(&me(), one.clone(), &[]).0[0]));
    one.wall = Some(1_440_938_160);
    let ask = ask("home.example.com", "A");
    for (status, code, message) in [
        (
            403,
            "SignatureDoesNotMatch",
            "Signature expired: 20150830T123600Z is now earlier than 20261124T000000Z",
        ),
        (
            403,
            "SignatureDoesNotMatch",
            "Signature not yet current: 20150830T123600Z is still later",
        ),
        (400, "RequestExpired", "Request has expired."),
    ] {
        let (verdicts, _) = play(&me(), one.clone(), &[(&ask, status, &error(code, message))]);
        assert!(behind(&verdicts[0]), "{verdicts:?}");
    }
}

#[test]
fn provider_errors_map_to_verdicts() {
    let ask = ask("home.example.com", "A");
    let said = |status: u16, body: &str| {
        let mut one = job(vec![change("home.example.com", "192.0.2.9")]);
        one.changes[0].record.zone_id = Some("Z1D633PJN98FT9".into());
        play(&me(), one, &[(&ask, status, body)]).0.remove(0)
    };
    for code in ["SignatureDoesNotMatch", "InvalidClientTokenId"] {
        let verdict = said(403, &error(code, "The security token is invalid."));
        assert!(reason(&verdict).starts_with("Route 53 does not accept the credentials: The sec"));
        assert!(matches!(verdict.outcome, Outcome::Refused { .. }));
    }
    let throttled = said(400, &error("Throttling", "Rate exceeded"));
    assert!(matches!(throttled.outcome, Outcome::Retry { after: Some(_), .. }), "{throttled:?}");
    assert!(reason(&throttled).contains("Rate exceeded"), "{throttled:?}");
    for (status, body) in [(200, "<html>"), (200, ""), (302, ""), (503, "busy")] {
        let verdict = said(status, body);
        assert!(matches!(verdict.outcome, Outcome::Retry { .. }), "{verdict:?}");
    }
    // A write with any other answer is not a success.
    let write = write(&[upsert("home.example.com", "A", 300, &["192.0.2.9"])]);
    let one = within(vec![change("home.example.com", "192.0.2.9")]);
    let (verdicts, _) = play(&me(), one, &[(&ask, 200, &sets("")), (&write, 200, "<ok/>")]);
    assert!(reason(&verdicts[0]).contains("not understood"), "{verdicts:?}");
}

#[test]
fn a_missing_zone_is_a_refusal() {
    let (verdicts, _) =
        play(&me(), job(vec![change("home.example.org", "192.0.2.9")]), &[(ASK_ZONES, 200, ZONES)]);
    assert_eq!(reason(&verdicts[0]), "Route 53 has no zone for home.example.org in this account");
    let mut odd = job(vec![change("home.example.com", "192.0.2.9")]);
    odd.changes[0].record.zone_id = Some("Z1?x=".into());
    assert!(reason(&play(&me(), odd.clone(), &[]).0[0]).contains("cannot be the id"));
    odd.changes[0].record.zone_id = Some("ZGONE".into());
    let no = error("NoSuchHostedZone", "No hosted zone found with ID: ZGONE");
    let ask = format!("GET {URL}/ZGONE/rrset?maxitems=1&name=home.example.com.&type=A");
    let (verdicts, _) = play(&me(), odd, &[(&ask, 404, &no)]);
    assert!(reason(&verdicts[0]).contains("No hosted zone found"), "{verdicts:?}");
}

#[test]
fn aliases_and_routing_policies_are_not_written() {
    let alias = "<ResourceRecordSet><Name>home.example.com.</Name><Type>A</Type><AliasTarget>\
        <HostedZoneId>Z2</HostedZoneId><DNSName>x.example.net.</DNSName></AliasTarget>\
        </ResourceRecordSet>";
    let weighted = set("home.example.com", "A", 60, &["192.0.2.1"])
        .replace("</Type>", "</Type><SetIdentifier>a</SetIdentifier><Weight>1</Weight>");
    for body in [alias, &weighted] {
        let mut one = job(vec![change("home.example.com", "192.0.2.9")]);
        one.changes[0].record.zone_id = Some("Z1D633PJN98FT9".into());
        let (verdicts, _) = play(&me(), one, &[(&ask("home.example.com", "A"), 200, &sets(body))]);
        assert!(reason(&verdicts[0]).contains("no simple record"), "{verdicts:?}");
    }
}

#[test]
fn a_removal_repeats_the_present_set_and_needs_the_right_to_read() {
    let delete = |set: String| format!("<Change><Action>DELETE</Action>{set}</Change>");
    let home = set("home.example.com", "A", 60, &["192.0.2.1"]);
    let made = write(&[upsert("home.example.com", "AAAA", 300, &["2001:db8::9"])]);
    let alone = write(&[delete(home.clone())]);
    let two =
        vec![removal("home.example.com", "192.0.2.1"), change("home.example.com", "2001:db8::9")];
    let (ask_4, ask_6) = (ask("home.example.com", "A"), ask("home.example.com", "AAAA"));
    let script = [
        (&*ask_4, 200, &*sets(&home)),
        (&*ask_6, 200, &*sets("")),
        (&*made, 200, DONE),
        (&*alone, 200, DONE),
    ];
    assert!(play(&me(), within(two), &script).0.iter().all(Verdict::is_success));
    let one = within(vec![removal("home.example.com", "192.0.2.1")]);
    // The next record does not take over the TTL of the present one.
    let mut timed = one.clone();
    timed.changes[0].record.ttl = Some(30);
    let script = [(&*ask_4, 200, &*sets(&home)), (&*alone, 200, DONE)];
    assert_eq!(play(&me(), timed, &script).0, [Outcome::Updated.into()]);
    // Values of others are kept.
    let two = set("home.example.com", "A", 60, &["192.0.2.1", "192.0.2.7"]);
    let left = write(&[upsert("home.example.com", "A", 60, &["192.0.2.7"])]);
    let script = [(&*ask_4, 200, &*sets(&two)), (&*left, 200, DONE)];
    assert_eq!(play(&me(), one.clone(), &script).0, [Outcome::Updated.into()]);
    let no = error("AccessDenied", "User: arn:aws:iam::123456789012:user/ddns is not authorized");
    let mut blind = one;
    blind.changes[0].record.zone_id = Some("Z1D633PJN98FT9".into());
    let (verdicts, _) = play(&me(), blind, &[(&ask_4, 403, &no)]);
    assert!(reason(&verdicts[0]).ends_with("and so none is removed"), "{verdicts:?}");
}

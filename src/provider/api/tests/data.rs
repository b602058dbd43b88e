//! What the types cannot check about the data of interfaces.

use serde_json::Value;

use crate::provider::api::interface::{
    Calls, Interface, List, Reading, Removal, Shows, Writing, ZoneSource,
};
use crate::provider::api::{ALL, Publishing};
use crate::provider::testing::{account, change, job, verdicts_of};
use crate::provider::{Answer, Method};

/// The placeholders of `call.rs`.
const PLACEHOLDERS: [&str; 23] = [
    "username",
    "password",
    "param_enc",
    "param_opt",
    "zone",
    "domain",
    "type",
    "fqdn",
    "host",
    "proxied",
    "id",
    "address",
    "ttl",
    "set_ttl",
    "value",
    "values",
    "one_or_values",
    "page",
    "session",
    "changes",
    "updates",
    "creates",
    "removals",
];

/// All interfaces that are data, with the names of their providers.
fn interfaces() -> impl Iterator<Item = (&'static str, &'static Interface)> {
    ALL.iter().filter_map(|api| match api.publish {
        Publishing::Interface(interface) | Publishing::Code(_, interface) => {
            Some((api.name, interface))
        }
        Publishing::CodeTogether(_) => None,
    })
}

fn lists(interface: &Interface) -> Vec<List> {
    let mut lists = match interface.read {
        Reading::Zone(list) | Reading::Name(list) => vec![list],
        Reading::Set { call, at } => vec![List::whole(call, at)],
        Reading::NameOrZone { name, zone, .. } => vec![name, zone],
        Reading::Code(_) | Reading::CodeForName(_) => vec![],
    };
    if let ZoneSource::List { list, .. } | ZoneSource::Probe(list) = interface.zones {
        lists.push(list);
    }
    lists
}

/// The calls of `interface`, and its JSON for one record.
fn templates(interface: &Interface) -> (Vec<&'static str>, Vec<&'static str>) {
    let each = |calls: Calls| vec![calls.create, calls.update, calls.remove];
    let (mut calls, mut json) = match interface.write {
        Writing::Each(calls) | Writing::Values(calls) => (each(calls), vec![]),
        Writing::Together { update, remove, one, alone } => {
            let mut calls = alone.map_or(vec![], each);
            let (Removal::OneRequest(remove) | Removal::PerValue(remove)) = remove;
            calls.extend([update, remove]);
            (calls, each(one))
        }
        Writing::Code(_) | Writing::CodeTogether(_) => (vec![], vec![]),
    };
    calls.extend(lists(interface).iter().map(|list| list.call));
    calls.retain(|call| !call.is_empty());
    json.push(interface.form.value);
    json.retain(|template| !template.is_empty());
    (calls, json)
}

/// The placeholders of a template.
fn placeholders(template: &str) -> Vec<&str> {
    let after = template.split('<').skip(1);
    after.map(|text| text.split_once('>').expect("a placeholder that ends").0).collect()
}

fn assert_json(template: &str, name: &str) {
    let mut text = template.to_owned();
    for placeholder in placeholders(template) {
        // Within quotation marks a number is text.
        text = text.replacen(&format!("<{placeholder}>"), "1", 1);
    }
    assert!(serde_json::from_str::<Value>(&text).is_ok(), "{name}: {template}");
}

#[test]
fn each_placeholder_is_known_and_each_body_is_json() {
    for (name, interface) in interfaces() {
        let (calls, json) = templates(interface);
        for template in calls.iter().chain(&json) {
            for placeholder in placeholders(template) {
                let bare = placeholder.split(['|', ':']).next().unwrap().trim_start_matches('%');
                let known = bare.starts_with('/') || PLACEHOLDERS.contains(&bare);
                assert!(known, "{name}: <{placeholder}>");
            }
        }
        for call in calls {
            let (method, target) = call.split_once(' ').unwrap_or((call, ""));
            assert!(Method::of(method).name() == method, "{name}: {call}");
            if let Some((_, body)) = target.split_once(' ')
                && body.starts_with(['{', '[', '<'])
            {
                assert_json(body, name);
            }
        }
        json.into_iter().for_each(|template| assert_json(template, name));
    }
}

#[test]
fn zones_are_probed_only_with_a_list() {
    for (name, interface) in interfaces() {
        if let ZoneSource::Probe(list) = interface.zones {
            assert!(!list.call.is_empty(), "{name}");
        }
    }
}

#[test]
fn records_with_ids_are_shown_by_the_answers_to_writes_that_learn_them() {
    use crate::provider::api::interface::RecordModel::ById;
    for (name, interface) in interfaces().filter(|(_, interface)| interface.model == ById) {
        if let Writing::Each(calls) | Writing::Together { one: calls, .. } = interface.write {
            assert!(matches!(calls.shows, Shows::Records(_) | Shows::Code(_)), "{name}");
        }
    }
}

#[test]
fn a_read_may_be_sent_again_and_an_addition_may_not() {
    let mut sent = Vec::new();
    verdicts_of(
        &account("porkbun"),
        &job(vec![change("home.example.com", "192.0.2.9")]),
        |request| {
            let url = request.url.expose();
            let body = match url.contains("listAll") {
                true => r#"{"status":"SUCCESS","domains":[{"domain":"example.com"}]}"#,
                false => r#"{"status":"SUCCESS","records":[]}"#,
            };
            sent.push((url.contains("/create/"), request.idempotent));
            Ok(Answer { status: 200, body: body.into(), ..Answer::default() })
        },
    );
    assert_eq!(sent, [(false, true), (false, true), (true, false)]);
}

#[test]
fn a_list_that_has_another_page_is_not_taken_for_the_whole() {
    let body = r#"{"domain_records":[],"links":{"pages":{"next":"https://x.example/2"}}}"#;
    let changes = vec![change("home@example.com", "192.0.2.9")];
    let mut requests = 0;
    let verdicts = verdicts_of(&account("digitalocean"), &job(changes), |_| {
        requests += 1;
        Ok(Answer { status: 200, body: body.into(), ..Answer::default() })
    });
    assert_eq!(requests, 1, "nothing is added: {verdicts:?}");
}

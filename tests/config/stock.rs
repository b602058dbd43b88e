//! Options that mean something of their own under the names of ddns-scripts' scripts.

use ddns_netlink::config::check;

use crate::sandbox::Sandbox;

/// What the section says of its record, or what is wrong with it.
fn record(lines: &str) -> String {
    let file = format!("config service 's'\noption enabled 1\noption password x\n{lines}\n");
    let checked = check::load("ddns", file.as_bytes(), &Sandbox);
    if let Some(mistake) = checked.mistakes.first() {
        return mistake.to_string();
    }
    let section = &checked.config.sections[0];
    let names: Vec<_> = section.names.iter().map(|name| name.as_str()).collect();
    let (record, provider) = (&section.record, &section.provider);
    let credentials = [provider.username.as_str(), provider.param_opt.expose()].concat();
    format!(
        "{} {} zone {} id {} ttl {} for {credentials}",
        names.join(" "),
        section.lookup.host,
        record.zone_id.as_deref().unwrap_or("-"),
        record.id.as_deref().unwrap_or("-"),
        record.ttl.map_or("-".into(), |ttl| ttl.to_string()),
    )
}

#[test]
fn the_ids_of_cloudflare_are_words_of_param_opt() {
    let lines = "option service_name cloudflare.com-v4\noption domain home@example.com\n\
                 option param_opt 'zone_id=abc dns_record_id=def'";
    assert_eq!(record(lines), "home@example.com home.example.com zone abc id def ttl - for ");
    let lines = lines.replace("dns_record", "record");
    assert_eq!(
        record(&lines),
        "ddns:6: option 'param_opt': only zone_id= and dns_record_id= are known"
    );
}

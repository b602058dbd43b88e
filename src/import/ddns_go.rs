//! `.ddns_go_config.yaml` of ddns-go 5 and 6, as its YAML library writes it: a key in each line, deeper ones
//! indented, `- ` before the entries of a list. Other forms of YAML are not read.

use super::block::Block;
use super::provider;
use super::remark::Remarks;
use super::section::{Draft, Origin, Records};

const FATES: &str = "\
dns.extparam =param_opt
dns.id =username
dns.name
dns.secret =password
httpinterface =bind_network
ipv4.cmd
ipv4.domains
ipv4.enable
ipv4.gettype
ipv4.netinterface
ipv4.url
ipv6.cmd
ipv6.domains
ipv6.enable
ipv6.gettype
ipv6.ipv6reg the program chooses the address by its rules, which 'ddns-netlink why' shows
ipv6.netinterface
ipv6.url
name
ttl";

const GLOBAL: &str = "\
lang
notallowwanaccess
user.password
user.username
webhook.webhookheaders
webhook.webhookrequestbody
webhook.webhookurl a hook tells other programs of changes, see ddns-netlink(8)";

/// The sections that do the same.
pub(super) fn drafts(text: &str, remarks: &mut Remarks) -> Vec<Draft> {
    let (global, blocks) = read(text);
    global.settle(GLOBAL, &mut Draft::new(1, Records::V4), remarks);
    let mut drafts = Vec::new();
    for block in blocks {
        for (records, prefix) in [(Records::V4, "ipv4"), (Records::V6, "ipv6")] {
            let Some(draft) = draft(&block, records, prefix, remarks) else { continue };
            let provider = block.get("dns.name");
            for mut draft in provider::split(provider, draft) {
                set_provider(&block, provider, &mut draft, remarks);
                drafts.push(draft);
            }
        }
    }
    drafts
}

/// The section of a block, but for its provider; `None` if it has none of these records.
fn draft(block: &Block, records: Records, prefix: &str, remarks: &mut Remarks) -> Option<Draft> {
    let own = block.below(prefix);
    if !own.is_on("enable") {
        return None;
    }
    let mut draft = Draft::new(own.line_of("enable"), records);
    block.settle(FATES, &mut draft, remarks);
    for name in own.all("domains") {
        add_name(&name, &mut draft, remarks);
    }
    if draft.names.is_empty() {
        return None;
    }
    if block.get("ttl").parse::<u32>().is_ok() {
        draft.set("ttl", block.get("ttl"));
    }
    set_origin(&own, &mut draft, remarks);
    Some(draft)
}

fn set_origin(block: &Block, draft: &mut Draft, remarks: &mut Remarks) {
    let origin = match block.get("gettype") {
        "netInterface" => Origin::Device(block.get("netinterface")),
        "cmd" => Origin::Command(block.get("cmd")),
        _ => Origin::Page(block.get("url").split(',').next().unwrap_or_default().trim()),
    };
    draft.set_origin(block.line_of("gettype"), origin, remarks);
}

/// Adds a name: `www.example.com`, or `www:example.com` with a colon before the zone, and `?key=value` for the
/// provider behind it.
fn add_name(text: &str, draft: &mut Draft, remarks: &mut Remarks) {
    let (name, parameters) = text.split_once('?').unwrap_or((text, ""));
    if !parameters.is_empty() {
        let why = "look at 'zone_id', 'record_id' and 'param_opt' in ddns-netlink(5)";
        remarks.lose_key(draft.line, "domains: name?parameters", why);
    }
    let name = name.trim();
    if let Some((label, zone)) = name.split_once(':') {
        draft.set("zone", zone);
        let dot = if label.is_empty() { "" } else { "." };
        draft.names.push([label, dot, zone].concat());
    } else if !name.is_empty() {
        draft.names.push(name.to_owned());
    }
}

fn set_provider(block: &Block, name: &str, draft: &mut Draft, remarks: &mut Remarks) {
    match name {
        "callback" => return set_callback(block, draft, remarks),
        "namecheap" => {
            let zone = zone(draft);
            draft.set("username", &zone);
            draft.set("zone", "");
        }
        "vercel" => {}
        _ => draft.set("param_opt", ""),
    }
    provider::choose(provider::DDNS_GO, name, draft, remarks);
}

/// The zone of the first name: that of `zone`, or its last two labels.
fn zone(draft: &Draft) -> String {
    let zone = draft.get("zone");
    if !zone.is_empty() {
        return zone.to_owned();
    }
    let name = draft.names.first().map_or("", String::as_str);
    let dots: Vec<_> = name.rmatch_indices('.').collect();
    dots.get(1).map_or(name, |(at, _)| &name[at + 1..]).to_owned()
}

/// The owner's own URL, which is called with GET, or with POST if there is a text to send.
fn set_callback(block: &Block, draft: &mut Draft, remarks: &mut Remarks) {
    if !block.get("dns.secret").is_empty() {
        draft.enabled = false;
        let why = "an update URL sends no text; write an 'update_script', then enabled '1'";
        remarks.lose_key(block.line_of("dns.secret"), "dns.secret", why);
    }
    let kind = if draft.records == Records::V4 { "A" } else { "AAAA" };
    let url = block.get("dns.id").replace("#{ip}", "[IP]").replace("#{domain}", "[DOMAIN]");
    let url = url.replace("#{recordType}", kind).replace("#{ttl}", block.get("ttl"));
    for option in ["username", "password", "param_opt"] {
        draft.set(option, "");
    }
    draft.set("update_url", &url);
}

/// The settings outside of `dnsconf`, and a block for each of its entries.
fn read(text: &str) -> (Block, Vec<Block>) {
    let mut reader = Reader::default();
    for (line, number) in text.lines().zip(1..) {
        reader.read(line, number);
    }
    (reader.global, reader.blocks)
}

#[derive(Default)]
struct Reader {
    global: Block,
    blocks: Vec<Block>,
    /// The keys around the current line, each with its indentation.
    keys: Vec<(usize, String)>,
    /// The indentation of a key with a text of several lines, which are deeper.
    text: Option<usize>,
}

impl Reader {
    fn read(&mut self, line: &str, number: usize) {
        let mut rest = line.trim_start();
        let mut indent = line.len() - rest.len();
        if rest.is_empty() || rest.starts_with('#') || self.text.is_some_and(|text| indent > text) {
            return;
        }
        self.text = None;
        let mut is_item = false;
        while let Some(inner) = rest.strip_prefix("- ") {
            self.keys.retain(|(at, _)| *at <= indent);
            let inner = inner.trim_start();
            indent += rest.len() - inner.len();
            rest = inner;
            is_item = true;
        }
        if is_item && self.is_in_list_of_blocks() {
            self.blocks.push(Block { line: number, ..Block::default() });
        }
        match key(rest) {
            Some((key, value)) => {
                self.keys.retain(|(at, _)| *at < indent);
                self.keys.push((indent, key.to_ascii_lowercase()));
                if value.starts_with(['|', '>']) {
                    self.text = Some(indent);
                }
                self.add(number, value);
            }
            None if is_item => self.add(number, rest),
            None => {}
        }
    }

    /// Whether an entry here is one of `dnsconf`.
    fn is_in_list_of_blocks(&self) -> bool {
        matches!(self.keys.as_slice(), [(_, key)] if key == "dnsconf")
    }

    /// Adds a value under the keys around it.
    fn add(&mut self, line: usize, value: &str) {
        let value = scalar(value);
        let mut keys = self.keys.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>();
        let block = match self.blocks.last_mut() {
            Some(block) if keys.first() == Some(&"dnsconf") => {
                keys.remove(0);
                block
            }
            Some(_) | None => &mut self.global,
        };
        if !value.is_empty() {
            block.push(line, &keys.join("."), &value);
        }
    }
}

/// `key: value`, or `key:`.
fn key(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once(':')?;
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric());
    if is_key && (value.is_empty() || value.starts_with(' ')) {
        Some((key, value.trim()))
    } else {
        None
    }
}

/// The value that a scalar stands for; empty for an empty list and for nothing.
fn scalar(text: &str) -> String {
    if let Some(inner) = text.strip_prefix('\'') {
        return inner.strip_suffix('\'').unwrap_or(inner).replace("''", "'");
    }
    if let Some(inner) = text.strip_prefix('"') {
        let mut value = String::new();
        let mut chars = inner.strip_suffix('"').unwrap_or(inner).chars();
        while let Some(c) = chars.next() {
            if c == '\\' { value.extend(chars.next()) } else { value.push(c) }
        }
        return value;
    }
    match text.split(" #").next().unwrap_or_default().trim_end() {
        "[]" | "{}" | "null" | "~" => String::new(),
        plain => plain.to_owned(),
    }
}

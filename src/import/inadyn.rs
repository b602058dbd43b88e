//! `inadyn.conf` of inadyn 2, as inadyn.conf(5) describes it. libconfuse is its grammar: `key = value`,
//! `key = { value, value }` and `provider name { … }`, with `#`, `//` and `/* */` before comments.

use std::iter::Peekable;
use std::str::Chars;

use super::block::Block;
use super::provider;
use super::remark::Remarks;
use super::section::{Draft, Origin, Records};

const GLOBAL: &str = "\
allow-ipv6
broken-rtc
cache-dir
ca-trust-file
fake-address an address that is not yours is never sent; force_interval repeats the real one
forced-update
iface
iterations 'ddns-netlink once' updates once and ends
period
secure-ssl
user-agent
verify-address";

const PROVIDER: &str = "\
append-myip
checkip-command
checkip-path
checkip-server
checkip-ssl
ddns-path
ddns-response the program judges the answer itself, see 'update_url' in ddns-netlink(5)
ddns-server
hostname
alias
iface
include write what is in that file here, and import again; or use 'password_file'
password =password
proxied
ssl
ttl
user-agent =user_agent
username =username
wildcard set the record for all names (*) at the provider";

const TUNNELBROKER: &str = "tunnelbroker.net";
const VARIABLE: &str =
    "the environment variable in this line is not read: write what it stands for into the section";

/// Whether a line opens a provider of inadyn.
pub(super) fn opens_provider(line: &str) -> bool {
    let begins = line.starts_with("provider ") || line.starts_with("custom ");
    begins && line.contains('{')
}

/// The sections that do the same.
pub(super) fn drafts(text: &str, remarks: &mut Remarks) -> Vec<Draft> {
    let (global, blocks) = read(text);
    global.settle(GLOBAL, &mut Draft::new(1, Records::V4), remarks);
    if global.is_off("secure-ssl") {
        let why = "certificates are checked; cacert 'IGNORE' switches that off for a section";
        remarks.lose_key(global.line_of("secure-ssl"), "secure-ssl", why);
    }
    let mut drafts = Vec::new();
    for block in blocks {
        let name = provider(&block);
        for mut draft in provider::split(name, draft(&global, &block, remarks)) {
            if name.is_empty() {
                draft.set("update_url", &update_url(&block));
            } else {
                provider::choose(provider::INADYN, name, &mut draft, remarks);
            }
            drafts.push(draft);
        }
    }
    drafts
}

/// The provider of a block, without what stands before `@` and behind `:`; empty if the block has a server of
/// its own.
fn provider(block: &Block) -> &str {
    match block.get("ddns-server") {
        // A tunnel for IPv6, whose IPv4 end is updated.
        "" if block.title.starts_with("ipv6@he.net") => TUNNELBROKER,
        "" => {
            let name = block.title.split(':').next().unwrap_or_default();
            name.split_once('@').map_or(name, |(_, name)| name)
        }
        "dynamicdns.park-your-domain.com" => "namecheap.com",
        _ => "",
    }
}

/// The section of a block, but for its provider.
fn draft(global: &Block, block: &Block, remarks: &mut Remarks) -> Draft {
    let v6 = block.title.starts_with("ipv6@") && provider(block) != TUNNELBROKER;
    let mut draft = Draft::new(block.line, if v6 { Records::V6 } else { Records::V4 });
    draft.names = block.all("hostname");
    draft.names.extend(block.all("alias"));
    if draft.names.is_empty() && block.get("username").contains('.') {
        draft.names.push(block.get("username").to_owned());
    }
    draft.set("user_agent", global.get("user-agent"));
    draft.set("cacert", global.get("ca-trust-file"));
    block.settle(PROVIDER, &mut draft, remarks);
    for setting in &block.settings {
        if setting.value.contains("${") {
            remarks.lose(setting.line, VARIABLE);
        }
    }
    if block.get("ttl").parse().is_ok_and(|ttl: u32| ttl > 1) {
        draft.set("ttl", block.get("ttl"));
    }
    if block.is_on("proxied") {
        draft.set("proxied", "1");
    }
    draft.set_interval("force_interval", "force_unit", global.get("forced-update").parse().ok());
    set_origin(global, block, &mut draft, remarks);
    draft
}

fn set_origin(global: &Block, block: &Block, draft: &mut Draft, remarks: &mut Remarks) {
    let command = block.get("checkip-command");
    let device =
        [block, global].map(|of| of.get("iface")).into_iter().find(|name| !name.is_empty());
    if !command.is_empty() {
        draft.set_origin(block.line_of("checkip-command"), Origin::Command(command), remarks);
    } else if let Some(device) = device {
        draft.set_origin(block.line, Origin::Device(device), remarks);
        if global.is_on("allow-ipv6") && !block.title.contains('@') {
            draft.records = Records::Both;
        }
        return;
    } else {
        draft.set_origin(block.line_of("checkip-server"), Origin::Page(&page(block)), remarks);
    }
    let period = global.get("period").parse().ok();
    draft.set_interval("check_interval", "check_unit", period.map(|period: u64| period.max(300)));
}

/// The page that shows the address; empty for the usual one.
fn page(block: &Block) -> String {
    let server = block.get("checkip-server");
    if matches!(server, "" | "default") {
        return String::new();
    }
    let scheme = if block.is_off("checkip-ssl") { "http://" } else { "https://" };
    [scheme, server, block.get("checkip-path")].concat()
}

/// The update URL of a `custom` block.
fn update_url(block: &Block) -> String {
    let path = block.get("ddns-path");
    let has_user = !block.get("username").is_empty() && !path.contains("%p");
    let end = if path.contains('%') {
        ""
    } else if block.is_on("append-myip") {
        "[IP]"
    } else {
        "[DOMAIN]"
    };
    let path = path.replace("%u", "[USERNAME]").replace("%p", "[PASSWORD]");
    let path = path.replace("%h", "[DOMAIN]").replace("%i", "[IP]").replace("%%", "%");
    let scheme = if block.is_off("ssl") { "http://" } else { "https://" };
    let user = if has_user { "[USERNAME]:[PASSWORD]@" } else { "" };
    [scheme, user, block.get("ddns-server"), &path, end].concat()
}

/// The settings outside of blocks, and the blocks of providers.
fn read(text: &str) -> (Block, Vec<Block>) {
    let mut reader = Reader { chars: text.chars().peekable(), line: 1 };
    let mut global = Block { line: 1, ..Block::default() };
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let mut words: Vec<String> = Vec::new();
    while let Some(token) = reader.next() {
        let line = reader.line;
        match token {
            Token::Word(word) => words.push(word),
            Token::Sign('=') => {
                let block = open.as_mut().unwrap_or(&mut global);
                let key = words.pop().unwrap_or_default();
                for value in reader.values() {
                    block.push(line, &key, &value);
                }
                words.clear();
            }
            Token::Sign('{') => {
                blocks.extend(open.take());
                let title = words.pop().unwrap_or_default();
                open = Some(Block { line, title, ..Block::default() });
                words.clear();
            }
            Token::Sign('}') => {
                blocks.extend(open.take());
                words.clear();
            }
            Token::Sign('(') => {
                let key = words.pop().unwrap_or_default();
                open.as_mut().unwrap_or(&mut global).push(line, &key, "file");
                while !matches!(reader.next(), None | Some(Token::Sign(')'))) {}
            }
            Token::Sign(_) => {}
        }
    }
    blocks.extend(open);
    (global, blocks)
}

enum Token {
    Word(String),
    Sign(char),
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    line: usize,
}

const SIGNS: &str = "={}(),+";
/// What ends a word beside a sign and a space, as in the lexer of libconfuse.
const BREAKS: &str = "#\"'";

impl Reader<'_> {
    fn next(&mut self) -> Option<Token> {
        loop {
            match self.take()? {
                c if c.is_whitespace() => {}
                '#' => self.skip_line(),
                '/' if self.chars.peek() == Some(&'/') => self.skip_line(),
                '/' if self.chars.peek() == Some(&'*') => self.skip_comment(),
                quote @ ('"' | '\'') => return Some(Token::Word(self.quoted(quote))),
                sign if SIGNS.contains(sign) => return Some(Token::Sign(sign)),
                first => return Some(Token::Word(self.word(first))),
            }
        }
    }

    fn take(&mut self) -> Option<char> {
        let next = self.chars.next()?;
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn skip_line(&mut self) {
        while self.chars.peek().is_some_and(|&c| c != '\n') {
            self.take();
        }
    }

    fn skip_comment(&mut self) {
        let mut before = ' ';
        while let Some(c) = self.take() {
            if before == '*' && c == '/' {
                return;
            }
            before = c;
        }
    }

    fn quoted(&mut self, quote: char) -> String {
        let mut text = String::new();
        while let Some(c) = self.take() {
            match c {
                '\\' if quote == '"' || matches!(self.chars.peek(), Some('\\' | '\'')) => {
                    text.extend(self.take());
                }
                c if c == quote => break,
                c => text.push(c),
            }
        }
        text
    }

    fn word(&mut self, first: char) -> String {
        let mut text = String::from(first);
        let is_variable = first == '$' && self.chars.peek() == Some(&'{');
        while let Some(&c) = self.chars.peek() {
            let ends = c.is_whitespace() || SIGNS.contains(c) || BREAKS.contains(c);
            if ends && !is_variable || text.ends_with('}') {
                break;
            }
            text.extend(self.take());
        }
        text
    }

    /// The value behind `=`, or the values of a list.
    fn values(&mut self) -> Vec<String> {
        let mut values = Vec::new();
        match self.next() {
            Some(Token::Word(word)) => values.push(word),
            Some(Token::Sign('{')) => {
                while let Some(token) = self.next() {
                    match token {
                        Token::Word(word) => values.push(word),
                        Token::Sign(',') => {}
                        Token::Sign(_) => break,
                    }
                }
            }
            Some(Token::Sign(_)) | None => {}
        }
        values
    }
}

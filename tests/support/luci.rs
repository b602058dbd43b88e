//! A small web server in the place of uhttpd and rpcd: it serves the views of luci-app-ddns-netlink, and
//! speaks the JSON-RPC of `/ubus` that they use. Calls of `ddns` go to the daemon on the test's ubusd, as far
//! as the ACL of the package allows them. `uci` is a stand-in, which writes the daemon's configuration.
//!
//! The modules of LuCI are the stand-ins in `tests/luci`. With `DDNS_NETLINK_LUCI`, the path of a checkout of
//! LuCI, they are the real ones.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "test support"
)]

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use ddns_netlink::config::uci;
use ddns_netlink::proto::ubus::object;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Map, Value, json};

use super::ubus::Client;

const SESSION: &str = "0123456789abcdef0123456789abcdef";

// enum ubus_msg_status
const OK: u32 = 0;
const NOT_FOUND: u32 = 4;
const PERMISSION_DENIED: u32 = 6;

/// The running server.
pub struct Luci {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    config: PathBuf,
    daemon: u32,
    /// The sections of the configuration with the changes that are not applied yet, in order.
    sections: Mutex<Vec<Map<String, Value>>>,
    /// The methods of `ddns` that the package's ACL grants.
    granted: Vec<String>,
}

impl Luci {
    /// Serves the configuration file `config` of the daemon with the process id `daemon`.
    pub fn start(config: &Path, daemon: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            config: config.to_owned(),
            daemon,
            sections: Mutex::new(read(config)),
            granted: granted(),
        });
        let serving = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let serving = serving.clone();
                thread::spawn(move || serving.serve(stream.unwrap()));
            }
        });
        Self { port, shared }
    }

    /// The address of the page with this view.
    pub fn page(&self, view: &str) -> String {
        format!("http://127.0.0.1:{}/?{view}", self.port)
    }

    /// Whether the modules are the real ones.
    pub fn is_real() -> bool {
        real().is_some()
    }
}

/// The checkout of LuCI whose modules are used.
fn real() -> Option<PathBuf> {
    env::var_os("DDNS_NETLINK_LUCI").filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn package() -> PathBuf {
    root().join("openwrt/luci-app-ddns-netlink")
}

fn granted() -> Vec<String> {
    let file = package().join("root/usr/share/rpcd/acl.d/luci-app-ddns-netlink.json");
    let acl: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let group = &acl["luci-app-ddns-netlink"];
    let kinds = ["read", "write"].iter();
    let methods = kinds.flat_map(|kind| group[kind]["ubus"]["ddns"].as_array().unwrap());
    methods.map(|method| method.as_str().unwrap().to_owned()).collect()
}

/// The sections of a configuration, as `uci get` of rpcd shows them.
fn read(config: &Path) -> Vec<Map<String, Value>> {
    let (document, _) = uci::parse(&fs::read(config).unwrap());
    let sections = document.sections.iter().map(|section| {
        let mut values = Map::new();
        values.insert(".name".into(), section.name.as_str().into());
        values.insert(".type".into(), section.kind.as_str().into());
        values.insert(".anonymous".into(), section.anonymous.into());
        for option in &section.options {
            let mut texts = option.values.iter().map(|(text, _)| Value::from(text.as_str()));
            let value = if option.is_list { texts.collect() } else { texts.next_back().unwrap() };
            values.insert(option.name.clone(), value);
        }
        values
    });
    sections.collect()
}

/// The sections as a configuration file.
fn text(sections: &[Map<String, Value>]) -> String {
    let mut text = String::new();
    let quote = |value: &Value| uci::quote(value.as_str().unwrap());
    for section in sections {
        let kind = section[".type"].as_str().unwrap();
        text.push_str(&format!("config {kind} {}\n", quote(&section[".name"])));
        for (name, value) in section.iter().filter(|(name, _)| !name.starts_with('.')) {
            if let Some(values) = value.as_array() {
                for value in values {
                    text.push_str(&format!("\tlist {name} {}\n", quote(value)));
                }
            } else {
                text.push_str(&format!("\toption {name} {}\n", quote(value)));
            }
        }
    }
    text
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            head.push(line.trim().to_owned());
        }
        let header = |name: &str| {
            let mut lines = head.iter().filter_map(|line| line.split_once(": "));
            lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        let mut body = vec![0; header("Content-Length").map_or(0, |text| text.parse().unwrap())];
        reader.read_exact(&mut body).unwrap();
        let path = head[0].split(' ').nth(1).unwrap();
        if path.starts_with("/ubus/subscribe/ddns") {
            assert_eq!(header("Authorization"), Some(&*format!("Bearer {SESSION}")));
            return follow(stream);
        }
        let (status, kind, content) = self.answer(path, &body);
        let length = content.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
             Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        );
        let _ = stream.write_all(&[head.into_bytes(), content].concat());
    }

    fn answer(&self, path: &str, body: &[u8]) -> (&'static str, &'static str, Vec<u8>) {
        let (name, query) = path.split_once('?').unwrap_or((path, ""));
        if name == "/" {
            return ("200 OK", "text/html; charset=utf-8", page(query).into_bytes());
        }
        if name.starts_with("/ubus") {
            let requests: Value = serde_json::from_slice(body).unwrap();
            let answer = match requests.as_array() {
                Some(list) => list.iter().map(|request| self.rpc(request)).collect(),
                None => self.rpc(&requests),
            };
            return ("200 OK", "application/json", answer.to_string().into_bytes());
        }
        if name.contains("/admin/uci/apply") {
            self.apply();
            return ("204 No Content", "text/plain", Vec::new());
        }
        let kind = if name.ends_with(".css") { "text/css" } else { "text/javascript" };
        match file(name) {
            Some(content) => ("200 OK", kind, content),
            // LuCI runs programs there before it applies changes.
            None if name == "/favicon.ico" || name.starts_with("/cgi-bin/") => {
                ("200 OK", kind, Vec::new())
            }
            None => ("404 Not Found", kind, Vec::new()),
        }
    }

    /// Writes the configuration, and has the daemon read it, as procd does.
    fn apply(&self) {
        let new = self.config.with_extension("new");
        fs::write(&new, text(&self.sections.lock().unwrap())).unwrap();
        fs::rename(&new, &self.config).unwrap();
        kill(Pid::from_raw(self.daemon.try_into().unwrap()), Signal::SIGHUP).unwrap();
    }

    fn rpc(&self, request: &Value) -> Value {
        let params = &request["params"];
        let result = if request["method"] == "list" {
            self.list()
        } else {
            let (object, method) = (params[1].as_str().unwrap(), params[2].as_str().unwrap());
            match self.call(object, method, &params[3]) {
                Ok(data) => json!([OK, data]),
                Err(status) => json!([status]),
            }
        };
        json!({ "jsonrpc": "2.0", "id": request["id"], "result": result })
    }

    fn list(&self) -> Value {
        let methods: Value = serde_json::from_str(&object::signature().to_string()).unwrap();
        json!({ "ddns": methods })
    }

    fn call(&self, object: &str, method: &str, arguments: &Value) -> Result<Value, u32> {
        match object {
            "ddns" if !self.granted.iter().any(|known| known == method) => Err(PERMISSION_DENIED),
            "ddns" => Client::connect().call("ddns", method, arguments),
            "uci" => self.uci(method, arguments),
            "session" => Ok(json!({ "access": true })),
            "file" => Ok(json!({ "entries": [] })),
            _ => Ok(json!({})),
        }
    }

    fn uci(&self, method: &str, arguments: &Value) -> Result<Value, u32> {
        let mut sections = self.sections.lock().unwrap();
        let is_ours = arguments["config"] == "ddns";
        let named = |section: &Map<String, Value>| section[".name"] == arguments["section"];
        match method {
            "get" if is_ours => {
                let all = sections.iter().enumerate().map(|(index, section)| {
                    let mut section = section.clone();
                    section.insert(".index".into(), index.into());
                    (section[".name"].as_str().unwrap().to_owned(), Value::Object(section))
                });
                Ok(json!({ "values": all.collect::<Map<_, _>>() }))
            }
            "get" => Ok(json!({ "values": {} })),
            "changes" => Ok(json!({ "changes": {} })),
            "add" => {
                let mut section = Map::new();
                section.insert(".name".into(), arguments["name"].clone());
                section.insert(".type".into(), arguments["type"].clone());
                section.insert(".anonymous".into(), false.into());
                section.extend(arguments["values"].as_object().cloned().unwrap_or_default());
                sections.push(section);
                Ok(json!({ "section": arguments["name"] }))
            }
            "set" => {
                let section =
                    sections.iter_mut().find(|section| named(section)).ok_or(NOT_FOUND)?;
                section.extend(arguments["values"].as_object().unwrap().clone());
                Ok(json!({}))
            }
            "delete" if arguments["options"].is_null() => {
                sections.retain(|section| !named(section));
                Ok(json!({}))
            }
            "delete" => {
                let section =
                    sections.iter_mut().find(|section| named(section)).ok_or(NOT_FOUND)?;
                for option in arguments["options"].as_array().unwrap() {
                    section.remove(option.as_str().unwrap());
                }
                Ok(json!({}))
            }
            _ => Ok(json!({})),
        }
    }
}

/// Passes notifications of the daemon on, as uhttpd does.
fn follow(mut stream: TcpStream) {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    let _ = stream.write_all(head.as_bytes());
    let mut client = Client::connect();
    client.subscribe("ddns");
    while let Some((method, data)) = client.next_notification() {
        if stream.write_all(format!("event: {method}\ndata: {data}\n\n").as_bytes()).is_err() {
            return;
        }
    }
}

/// A file below `/luci-static/resources`: of the package, or else of LuCI.
fn file(name: &str) -> Option<Vec<u8>> {
    let name = name.strip_prefix("/luci-static/")?;
    let own = package().join("htdocs/luci-static").join(name);
    if let Ok(content) = fs::read(own) {
        return Some(content);
    }
    let Some(luci) = real() else {
        return fs::read(root().join("tests/luci").join(name.strip_prefix("resources/")?)).ok();
    };
    for htdocs in ["modules/luci-base/htdocs", "themes/luci-theme-bootstrap/htdocs"] {
        if let Ok(content) = fs::read(luci.join(htdocs).join("luci-static").join(name)) {
            return Some(content);
        }
    }
    None
}

/// The page that shows a view.
fn page(view: &str) -> String {
    let environment = json!({
        "sessionid": SESSION, "token": SESSION, "base_url": "/luci-static/resources",
        "resource": "/luci-static/resources", "media": "/luci-static/bootstrap",
        "scriptname": "/cgi-bin/luci", "documentroot": "/www", "ubuspath": "/ubus/",
        "pathinfo": "/admin/services/ddns-netlink", "requestpath": ["admin", "services", "ddns-netlink"],
        "dispatchpath": ["admin", "services", "ddns-netlink"], "nodespec": {}, "pollinterval": 1,
        "rpctimeout": 20, "apply_rollback": 90, "apply_holdoff": 4, "apply_timeout": 5,
        "apply_display": 1.5
    });
    let head = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
                <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>LuCI</title>";
    if real().is_none() {
        return format!(
            "{head}<link rel=\"stylesheet\" href=\"/luci-static/resources/style.css\"></head><body>\
             <div id=\"view\"></div><script>window.ENV = {environment};</script>\
             <script src=\"/luci-static/resources/luci.js\"></script>\
             <script>show('{}');</script></body></html>",
            view.replace('/', ".")
        );
    }
    let start = match view.contains("include") {
        false => {
            format!("L.require('ui').then(ui => ui.instantiateView('{}'))", &view["view/".len()..])
        }
        true => format!(
            "L.require('{}').then(part => part.load().then(data => \
             document.getElementById('view').replaceChildren(part.render(data))))",
            view.replace('/', ".")
        ),
    };
    format!(
        "{head}<link rel=\"stylesheet\" href=\"/luci-static/bootstrap/cascade.css\">\
         <script src=\"/luci-static/resources/cbi.js\"></script>\
         <script src=\"/luci-static/resources/luci.js\"></script></head>\
         <body class=\"lang_en\"><div id=\"maincontent\" class=\"container\"><div id=\"view\"></div></div>\
         <script>L = new LuCI({environment});</script><script>{start}</script></body></html>"
    )
}

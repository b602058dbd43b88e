//! A browser that shows pages and acts as an owner does: Chromium, driven by its WebDriver (W3C WebDriver).
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "test support")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::process::Process;

/// The programs that a test with a browser needs.
pub const TOOLS: [&str; 2] = ["chromium", "chromedriver"];

const LIMIT: Duration = Duration::from_secs(30);

/// How the driver names an element (W3C WebDriver, 11).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A running browser with one window; both end when this is dropped.
pub struct Browser {
    driver: Process,
    port: u16,
    session: String,
}

impl Browser {
    /// Starts one without a window on a screen.
    pub fn start() -> Self {
        // The test's own /usr/share has no fonts, and Chromium needs them.
        if !Path::new("/usr/share/fonts").exists() {
            assert!(Command::new("umount").arg("/usr/share").status().unwrap().success());
        }
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").env("HOME", "/run/t").env("LC_ALL", "C.UTF-8");
        let driver = Process::start(&mut command);
        let line = driver.lines.wait_line(LIMIT, |line| line.contains("successfully on port "));
        let port = line.rsplit_once("on port ").unwrap().1.trim_end_matches('.').parse().unwrap();
        let mut browser = Self { driver, port, session: String::new() };
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--lang=en-GB",
            "--window-size=1100,900",
            "--user-data-dir=/run/t/chromium",
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "script": 20_000, "pageLoad": 20_000 },
        } } });
        let answer = browser.request("POST", "/session", &wanted);
        browser.session = answer["sessionId"].as_str().unwrap().to_owned();
        browser
    }

    fn request(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).unwrap();
        let mut answer = Vec::new();
        // The driver may keep the connection, so its length says where the answer ends.
        let mut buffer = [0; 65536];
        loop {
            let text = String::from_utf8_lossy(&answer);
            if let Some((head, rest)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("content-length")
                        .then(|| value.trim().parse().ok())?
                });
                if rest.len() >= length.unwrap_or(0) {
                    let answer: Value = serde_json::from_str(rest).unwrap();
                    let value = answer["value"].clone();
                    assert!(value["error"].is_null(), "{method} {path} {body}: {value}");
                    return value;
                }
            }
            let read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "the driver ended its answer: {answer:?}");
            answer.extend(&buffer[..read]);
        }
    }

    fn post(&self, command: &str, body: &Value) -> Value {
        self.request("POST", &format!("/session/{}/{command}", self.session), body)
    }

    /// Opens a page.
    pub fn open(&self, url: &str) {
        self.post("url", &json!({ "url": url }));
    }

    /// The value of a JavaScript expression.
    pub fn value(&self, expression: &str) -> Value {
        let script = format!("return {expression};");
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits until a JavaScript expression has a true value, and returns that. It is looked at whenever the
    /// page changes.
    pub fn wait(&self, expression: &str) -> Value {
        let script = format!(
            "const done = arguments[0];
             const look = () => {{ try {{ return {expression}; }} catch (error) {{ return null; }} }};
             const value = look();
             if (value) return done(value);
             const observer = new MutationObserver(() => {{
                 const value = look();
                 if (value) {{ observer.disconnect(); done(value); }}
             }});
             observer.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
             setTimeout(() => {{ observer.disconnect(); done(null); }}, 15000);"
        );
        let value = self.post("execute/async", &json!({ "script": script, "args": [] }));
        if value.is_null() {
            let text = self.value("document.body.innerText");
            panic!("never true: {expression}\n{}\n{:?}", text.as_str().unwrap(), self.complaints());
        }
        value
    }

    /// Waits for the element of this CSS selector.
    fn find(&self, selector: &str) -> String {
        self.wait(&format!("document.querySelector({})", json!(selector)));
        let using = json!({ "using": "css selector", "value": selector });
        self.post("element", &using)[ELEMENT].as_str().unwrap().to_owned()
    }

    /// Clicks the element of this selector when it is there.
    pub fn click(&self, selector: &str) {
        self.click_on(&format!("document.querySelector({})", json!(selector)));
    }

    /// Clicks the button with this label, within the element of `scope`.
    pub fn press(&self, scope: &str, label: &str) {
        self.click_on(&format!(
            "[...document.querySelector({}).querySelectorAll('button, a')].find(button => \
             button.textContent.trim() == {} && !button.disabled)",
            json!(scope),
            json!(label)
        ));
    }

    /// Clicks the element that this expression finds. It is found and clicked at once: a refresh of the page may
    /// replace it at any time.
    fn click_on(&self, expression: &str) {
        self.wait(&format!(
            "(() => {{ const node = {expression}; if (node) node.click(); return !!node; }})()"
        ));
    }

    /// Replaces the text of an input field by typing.
    pub fn type_into(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.post(&format!("element/{element}/clear"), &json!({}));
        self.keys(&element, text);
        // As when the owner goes on to the next field.
        self.keys(&element, "\u{e004}");
    }

    fn keys(&self, element: &str, text: &str) {
        self.post(&format!("element/{element}/value"), &json!({ "text": text }));
    }

    /// Presses keys without naming an element: they reach the one that has the focus.
    pub fn keyboard(&self, keys: &str) {
        let mut actions = Vec::new();
        for key in keys.chars() {
            actions.push(json!({ "type": "keyDown", "value": key }));
            actions.push(json!({ "type": "keyUp", "value": key }));
        }
        let actions =
            json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] });
        self.post("actions", &actions);
    }

    /// The size of the window in pixels.
    pub fn resize(&self, width: u32, height: u32) {
        self.post("window/rect", &json!({ "width": width, "height": height }));
    }

    /// Whether the page is asked for in a dark style.
    pub fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
        let command =
            json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "features": features } });
        self.post("goog/cdp/execute", &command);
    }

    /// Writes a picture of the page.
    pub fn picture(&self, name: &str) -> PathBuf {
        let answer =
            self.request("GET", &format!("/session/{}/screenshot", self.session), &json!({}));
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("luci");
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join(format!("{name}.png"));
        fs::write(&path, base64(answer.as_str().unwrap())).unwrap();
        path
    }

    /// What the browser has complained about, such as an exception or a file that is not there.
    pub fn complaints(&self) -> Vec<String> {
        let entries = self.post("se/log", &json!({ "type": "browser" }));
        let severe = entries.as_array().unwrap().iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.request("DELETE", &format!("/session/{}", self.session), &json!({}));
        }
    }
}

/// The bytes of a text in base64.
fn base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.bytes() {
        let Some(value) = LETTERS.iter().position(|known| *known == letter) else { continue };
        bits = (bits << 6 | u32::try_from(value).unwrap()) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}

//! Chromium, driven as its own tools drive it: the DevTools protocol through a pipe, one JSON text after the other, each
//! ended by a NUL.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::kit::{Running, peer, program, scratch};

/// How long a browser may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A browser with one page.
pub(crate) struct Browser {
    process: Running,
    /// Kept as long as the browser uses it.
    _profile: TempDir,
    session: String,
    last: u64,
    /// What it said is wrong: scripts that failed, policies that were broken.
    complaints: Vec<String>,
}

impl Browser {
    /// Start it; `None` where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        let chromium = peer("chromium")?;
        let profile = scratch();
        let process = program(
            chromium,
            [
                "--headless",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-quic",
                "--no-first-run",
                "--no-proxy-server",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        );
        // It reads from descriptor 3 and writes to 4.
        let process = process
            .args([format!("--user-data-dir={}", profile.path().display())])
            .under(r#"exec "$0" "$@" 3<&0 4>&1 >&2 </dev/null"#)
            .piped()
            .deadline(PATIENCE)
            .start();
        let mut browser = Self {
            process,
            _profile: profile,
            session: String::new(),
            last: 0,
            complaints: Vec::new(),
        };
        let blank = json!({"url": "about:blank"});
        let target = browser.call("Target.createTarget", &blank)["targetId"].clone();
        let attach = json!({"targetId": target, "flatten": true});
        let session = browser.call("Target.attachToTarget", &attach)["sessionId"].clone();
        browser.session = session.as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log", "DOM"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    /// One call of the protocol, and its result.
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        self.process.write(format!("{message}\0"));
        loop {
            let mut said = self.hear();
            if said["id"] == self.last {
                assert!(said["error"].is_null(), "{method}: {}", said["error"]);
                return said["result"].take();
            }
        }
    }

    /// Load a page, to its load event.
    pub(crate) fn open(&mut self, url: &str) {
        self.call("Page.navigate", &json!({"url": url}));
        self.until_loaded();
    }

    /// Wait for the load event.
    pub(crate) fn until_loaded(&mut self) {
        while self.hear()["method"] != "Page.loadEventFired" {}
    }

    /// Choose files where a page asks for some.
    pub(crate) fn choose(&mut self, selector: &str, files: &[&Path]) {
        let root = self.call("DOM.getDocument", &json!({}))["root"]["nodeId"].clone();
        let query = json!({"nodeId": root, "selector": selector});
        let input = self.call("DOM.querySelector", &query)["nodeId"].clone();
        let files = json!({"files": files, "nodeId": input});
        self.call("DOM.setFileInputFiles", &files);
    }

    /// The value of an expression in the page; a promise is waited for.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let params = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true
        });
        let mut result = self.call("Runtime.evaluate", &params);
        let failed = &result["exceptionDetails"];
        assert!(failed.is_null(), "{expression}: {failed}");
        result["result"]["value"].take()
    }

    /// Press and release a key (`a`, `Enter`, `ArrowDown`).
    pub(crate) fn press(&mut self, key: &str) {
        let text = match key {
            "Enter" => "\r",
            key if key.len() == 1 => key,
            _ => "",
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let code = match key {
                "Enter" => 13,
                "Escape" => 27,
                _ => 0,
            };
            let event = json!({
                "type": kind, "key": key, "text": text, "windowsVirtualKeyCode": code
            });
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// Show a page on a phone and on a desk, in light and dark, each once it is `ready`: it fits, is no blank, has two
    /// looks and nothing to complain of.
    pub(crate) fn try_every_look(&mut self, url: &str, ready: impl Fn(&mut Self)) {
        let mut backgrounds = Vec::new();
        for (width, height, scheme) in [
            (390, 844, "light"),
            (390, 844, "dark"),
            (1280, 800, "light"),
            (1280, 800, "dark"),
        ] {
            let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
            self.call("Emulation.setDeviceMetricsOverride", &size);
            let scheme = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
            self.call("Emulation.setEmulatedMedia", &scheme);
            self.open(url);
            ready(self);
            // Nothing sticks out to the side, whatever its name.
            let wide = self.value("document.documentElement.scrollWidth");
            assert_eq!(wide, width, "{url}");
            let background = "[document.documentElement, document.body]
                .map(element => getComputedStyle(element).backgroundColor).join()";
            backgrounds.push(self.value(background));
            let picture = self.call("Page.captureScreenshot", &json!({}));
            assert!(picture["data"].as_str().unwrap().len() > 10_000, "{url}");
        }
        assert_eq!(backgrounds[0], backgrounds[2]);
        assert_ne!(backgrounds[0], backgrounds[1]);
        assert!(self.complaints.is_empty(), "{:?}", self.complaints);
    }

    /// What it said is wrong, so far.
    pub(crate) fn complaints(&self) -> &[String] {
        &self.complaints
    }

    fn hear(&mut self) -> Value {
        let mut message = Vec::new();
        loop {
            match self.process.read(1)[0] {
                0 => break,
                byte => message.push(byte),
            }
        }
        let said: Value = serde_json::from_slice(&message).unwrap();
        match said["method"].as_str() {
            Some("Log.entryAdded") if said["params"]["entry"]["level"] == "error" => {
                self.complaints.push(said["params"]["entry"].to_string());
            }
            Some("Runtime.exceptionThrown") => self.complaints.push(said["params"].to_string()),
            _ => {}
        }
        said
    }
}

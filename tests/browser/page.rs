//! A page as somebody has it before them: what it shows, says and fetches, and a mouse on it.

use crate::{driver::Driver, protocol};
use base64::{Engine, engine::general_purpose::STANDARD};
use fantoccini::{
    Client, Locator,
    actions::{InputSource, MouseActions, PointerAction},
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long a download may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Page {
    client: Client,
    driver: Driver,
}

/// The addresses that a page asked for, itself not counted.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Requests {
    pub(crate) outside: Vec<String>,
    /// `data:` and `blob:`, which are parts of the page; only their beginning.
    pub(crate) inside: Vec<String>,
}

#[derive(Clone, Copy)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

impl Page {
    /// A browser with an empty window of 1280 x 900.
    pub(crate) async fn new() -> Self {
        let driver = Driver::start();
        let client = driver.connect().await;
        let page = Self { client, driver };
        page.size(1280, 900).await;
        page
    }

    /// Opens the file as a double click on it does.
    pub(crate) async fn open(&self, path: &Path) {
        self.console().await;
        self.requests().await;
        let address = url::Url::from_file_path(path).unwrap();
        self.client.goto(address.as_str()).await.unwrap();
    }

    pub(crate) fn driver(&self) -> &Driver {
        &self.driver
    }

    /// The warnings and errors of the console since the last look, violations of the content policy among them.
    pub(crate) async fn console(&self) -> Vec<String> {
        let entries = protocol::log(&self.client, "browser").await.unwrap();
        let is_bad = |entry: &&Value| entry["level"] == "WARNING" || entry["level"] == "SEVERE";
        entries.iter().filter(is_bad).map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }

    /// What was asked for since the last look.
    pub(crate) async fn requests(&self) -> Requests {
        let mut requests = Requests::default();
        let mut own = self.client.current_url().await.unwrap();
        own.set_fragment(None);
        for entry in protocol::log(&self.client, "performance").await.unwrap() {
            let event: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            if event["message"]["method"] != "Network.requestWillBeSent" {
                continue;
            }
            let address = event["message"]["params"]["request"]["url"].as_str().unwrap();
            if address == own.as_str() {
                continue;
            }
            if address.starts_with("data:") || address.starts_with("blob:") {
                requests.inside.push(address.chars().take(80).collect());
            } else {
                requests.outside.push(address.to_owned());
            }
        }
        requests
    }

    /// The value of a script's `return`, or of the promise that it returns.
    pub(crate) async fn eval(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| {
            let beginning: String = script.chars().take(300).collect();
            panic!("{error} in: {beginning}")
        })
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        protocol::devtools(&self.client, command, parameters).await.unwrap()
    }

    /// The visible part, exactly: a window cannot be as narrow as a telephone, this can.
    pub(crate) async fn size(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// What the system's settings are said to prefer.
    pub(crate) async fn prefer(&self, scheme: Scheme) {
        let value = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// As paper asks for it: without what is for screens alone.
    pub(crate) async fn as_printed(&self) {
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
    }

    /// From the next `open` on, the page's own scripts do not run; `eval` does.
    pub(crate) async fn without_scripts(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    }

    /// Moves the mouse over the element, to these parts of its width and height.
    pub(crate) async fn hover(&self, selector: &str, across: f64, down: f64) {
        let place = self
            .client
            .execute(
                "const element = document.querySelector(arguments[0]);
                 element.scrollIntoView({ block: 'center', behavior: 'instant' });
                 const { x, y, width, height } = element.getBoundingClientRect();
                 return [x + width * arguments[1], y + height * arguments[2]].map(Math.round);",
                vec![json!(selector), json!(across), json!(down)],
            )
            .await
            .unwrap();
        let (x, y) = (place[0].as_f64().unwrap(), place[1].as_f64().unwrap());
        let moves =
            MouseActions::new("mouse".to_owned()).then(PointerAction::MoveTo { duration: None, x, y });
        self.client.perform_actions(moves).await.unwrap();
    }

    /// Clicks as a mouse does: an element that is hidden or covered fails.
    pub(crate) async fn click(&self, selector: &str) {
        self.client.find(Locator::Css(selector)).await.unwrap().click().await.unwrap();
    }

    /// What of the element can be read; what is hidden is not.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let script = "return document.querySelector(arguments[0]).innerText";
        let text = self.client.execute(script, vec![json!(selector)]).await.unwrap();
        text.as_str().unwrap().to_owned()
    }

    /// The whole page, also what is below the window's end.
    pub(crate) async fn screenshot(&self, path: &Path) {
        self.screenshot_of_top(path, u32::MAX).await;
    }

    /// The page's upper part, so many pixels high.
    pub(crate) async fn screenshot_of_top(&self, path: &Path, height: u32) {
        let layout = self.devtools("Page.getLayoutMetrics", json!({})).await;
        let mut clip = layout["cssContentSize"].clone();
        clip["scale"] = json!(1);
        clip["height"] = json!(f64::from(height).min(clip["height"].as_f64().unwrap()));
        let wanted = json!({ "captureBeyondViewport": true, "clip": clip });
        save(&self.devtools("Page.captureScreenshot", wanted).await, path);
    }

    /// As printed on A4.
    pub(crate) async fn print_pdf(&self, path: &Path) {
        let sheet = json!({ "paperWidth": 8.27, "paperHeight": 11.69, "printBackground": false });
        save(&self.devtools("Page.printToPDF", sheet).await, path);
    }

    /// Waits until a file of this name is downloaded.
    pub(crate) fn downloaded(&self, name: &str) -> PathBuf {
        let (path, start) = (self.driver.downloads().join(name), Instant::now());
        // Chromium reserves the name by an empty file before it moves there what has arrived.
        while std::fs::metadata(&path).map_or(0, |found| found.len()) == 0 {
            assert!(start.elapsed() < PATIENCE, "no {name} was downloaded");
            std::thread::sleep(Duration::from_millis(20));
        }
        path
    }
}

fn save(answer: &Value, path: &Path) {
    std::fs::write(path, STANDARD.decode(answer["data"].as_str().unwrap()).unwrap()).unwrap();
}

/// The first 24 bytes of a PNG file tell its size.
pub(crate) fn size_of(path: &Path) -> [u32; 2] {
    let bytes = std::fs::read(path).unwrap();
    assert!(bytes.starts_with(b"\x89PNG"), "{}", path.display());
    [16, 20].map(|at| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()))
}

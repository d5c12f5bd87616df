//! What chromedriver can do beyond WebDriver: its logs, and the commands of Chromium's DevTools.

use fantoccini::{Client, error::CmdError, wd::WebDriverCompatibleCommand};
use serde_json::{Value, json};

/// Ends chromedriver, as a whole HTTP request: whoever drops it cannot wait for a future.
pub(crate) const SHUTDOWN: &[u8] = b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

/// Of the log of this kind, what came since the last call.
pub(crate) async fn log(client: &Client, kind: &str) -> Result<Vec<Value>, CmdError> {
    let entries = client.issue_cmd(Extension { path: "se/log", body: json!({ "type": kind }) }).await?;
    Ok(entries.as_array().cloned().unwrap_or_default())
}

/// One command of the DevTools protocol.
pub(crate) async fn devtools(client: &Client, command: &str, parameters: Value) -> Result<Value, CmdError> {
    let body = json!({ "cmd": command, "params": parameters });
    client.issue_cmd(Extension { path: "goog/cdp/execute", body }).await
}

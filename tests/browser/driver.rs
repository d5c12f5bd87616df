//! A chromedriver of our own and the Chromium that it starts; both are gone when it is dropped.

use crate::protocol;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const MISSING: &str = "the browser tests need Chromium and a chromedriver of the same version; install them with:  \
                       scripts/setup.sh --browser";

/// The same as scripts/setup.sh looks for, in the same order.
const BROWSERS: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// Longer than any start or end takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Driver {
    process: Child,
    port: u16,
    /// Kept open, since whoever writes to a closed pipe is ended.
    _output: BufReader<ChildStdout>,
    /// The profile and the downloads.
    home: TempDir,
}

impl Driver {
    pub(crate) fn start() -> Self {
        assert!(browser().is_some(), "{MISSING}");
        // Port 0: it takes a free one and tells which, once it listens.
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect(MISSING);
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let port = announced_port(&mut output);
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("downloads")).unwrap();
        Self { process, port, _output: output, home }
    }

    /// Opens a window.
    pub(crate) async fn connect(&self) -> Client {
        let Value::Object(capabilities) = self.capabilities() else { unreachable!("an object, see there") };
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}/", self.port))
            .await
            .unwrap()
    }

    fn capabilities(&self) -> Value {
        let profile = self.profile();
        json!({
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            "goog:chromeOptions": {
                "binary": browser(),
                "args": [
                    "--headless=new",
                    // Neither root nor most containers can have the sandbox; only our own pages are opened.
                    "--no-sandbox",
                    "--disable-dev-shm-usage", // often tiny in a container
                    "--disable-gpu",
                    "--force-device-scale-factor=1",
                    "--window-size=1280,900",
                    "--lang=en-US",
                    format!("--user-data-dir={}", profile.display()),
                ],
                "excludeSwitches": ["hide-scrollbars"],
                "prefs": { "download.default_directory": self.downloads() },
            },
        })
    }

    pub(crate) fn profile(&self) -> PathBuf {
        self.home.path().join("profile")
    }

    pub(crate) fn downloads(&self) -> PathBuf {
        self.home.path().join("downloads")
    }

    /// Asks it to end; it ends its browsers first.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(protocol::SHUTDOWN)?;
        stream.read_to_end(&mut Vec::new()).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A test that failed comes here as well, so nothing may panic.
        let asked = Instant::now();
        if self.shut_down().is_ok() {
            while asked.elapsed() < PATIENCE && matches!(self.process.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        if matches!(self.process.try_wait(), Ok(None)) {
            let _ = killpg(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGKILL);
            let _ = self.process.wait();
        }
    }
}

fn announced_port(output: &mut impl BufRead) -> u16 {
    let mut said = String::new();
    while output.read_line(&mut said).unwrap() > 0 {
        let last = said.lines().last().unwrap_or_default();
        if let Some((_, port)) = last.split_once("successfully on port ") {
            return port.trim_end_matches('.').parse().unwrap();
        }
    }
    panic!("chromedriver did not start: {said}")
}

/// The first browser that the chromedriver can drive: one of the same major version.
fn browser() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            let wanted = major("chromedriver")?;
            let name = BROWSERS.iter().find(|name| major(name).as_ref() == Some(&wanted))?;
            let search = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&search).map(|place| place.join(name)).find(|path| path.is_file())
        })
        .as_deref()
}

/// `Chromium 156.0.8078.108 built on Debian` and the like: 156. A snap may not read the tests' files.
fn major(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|text| !text.trim_end().ends_with("snap"))?;
    text.split('.').next()?.split(' ').next_back().map(str::to_owned)
}

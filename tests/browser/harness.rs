//! That the browser and its tools are not blind: each thing that a report must not do is seen when a page does it.

use crate::{
    axe,
    page::{Page, Requests, Scheme},
};
use serde_json::json;
use std::process::Command;
use tempfile::TempDir;

/// Nothing but styles may be in the page, and nothing may be fetched.
const POLICY: &str = "<meta http-equiv='Content-Security-Policy' \
                      content=\"default-src 'none'; style-src 'unsafe-inline'\">";

/// A browser with this body in it, under a strict content policy or none.
async fn shown(policy: &str, body: &str) -> (Page, TempDir) {
    let page = Page::new().await;
    let directory = open(&page, policy, body).await;
    (page, directory)
}

async fn open(page: &Page, policy: &str, body: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a page.html");
    let head = format!("<meta charset=utf-8><title>A page</title>{policy}");
    let html =
        format!("<!doctype html><html lang=en><head>{head}</head><body><main>{body}</main></body></html>");
    std::fs::write(&file, html).unwrap();
    page.open(&file).await;
    directory
}

fn assert_one(messages: &[String], part: &str) {
    assert!(messages.len() == 1 && messages[0].contains(part), "{messages:?}");
}

#[tokio::test]
async fn a_clean_page_is_quiet() {
    let (page, _directory) = shown(POLICY, "<h1>Quiet</h1><p>Nothing to see.</p>").await;
    assert_eq!(page.text("h1").await, "Quiet");
    assert_eq!(page.console().await, [""; 0]);
    assert_eq!(page.requests().await, Requests::default());
    assert_eq!(axe::violations(&page).await, [""; 0]);
    assert_eq!(page.console().await, [""; 0], "axe itself breaks no policy");
}

#[tokio::test]
async fn what_the_content_policy_stops_is_in_the_console() {
    let (page, _directory) = shown(POLICY, "<button onclick='1'>inline</button>").await;
    assert_one(&page.console().await, "inline event handler");
    let _directory = open(&page, POLICY, "<script>document.title = 'stolen'</script>").await;
    assert_one(&page.console().await, "inline script");
    assert_eq!(page.eval("return document.title").await, "A page");
    let _directory = open(&page, POLICY, "<img alt='' src='http://127.0.0.1:1/x.png'>").await;
    assert_one(&page.console().await, "http://127.0.0.1:1/x.png");
}

#[tokio::test]
async fn requests_are_seen_and_those_inside_of_the_page_told_apart() {
    let inside = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
    let body = format!("<img alt='' src='http://127.0.0.1:1/x.png'><img alt='' src='{inside}'>");
    let (page, directory) = shown("", &body).await;
    let requests = page.requests().await;
    assert_eq!(requests.outside, ["http://127.0.0.1:1/x.png"]);
    assert_eq!(requests.inside, [inside]);
    assert_eq!(page.requests().await, Requests::default(), "since the last look");
    drop(directory);
    let _directory = open(&page, "", "<iframe title=f src='http://127.0.0.1:1/f.html'></iframe>").await;
    assert_eq!(page.requests().await.outside, ["http://127.0.0.1:1/f.html"]);
}

#[tokio::test]
async fn errors_and_warnings_are_seen_and_a_word_in_the_log_is_none() {
    let scripts = "<script>console.log('a word')</script><script>console.error('an error')</script>
        <script>console.warn('a warning')</script><script>undefinedFunction()</script>";
    let (page, _directory) = shown("", scripts).await;
    let console = page.console().await;
    assert_eq!(console.len(), 3, "{console:?}");
    for (message, part) in console.iter().zip(["an error", "a warning", "undefinedFunction is not defined"]) {
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn axe_finds_a_picture_without_words_and_pale_text() {
    let body = "<h1>Axe</h1><img src='data:,'><p style='color: #ccc; background: #fff'>pale</p>";
    let (page, _directory) = shown("", body).await;
    let violations = axe::violations(&page).await;
    assert_eq!(violations.len(), 2, "{violations:?}");
    assert!(violations.iter().any(|text| text.starts_with("image-alt: ")), "{violations:?}");
    assert!(violations.iter().any(|text| text.starts_with("color-contrast: ")), "{violations:?}");
}

#[tokio::test]
async fn a_telephone_is_360_wide() {
    let (page, _directory) = shown("", "<div style='width: 400px'>wide</div>").await;
    assert_eq!(page.eval("return [innerWidth, innerHeight]").await, json!([1280, 900]));
    assert_eq!(page.eval("return document.scrollingElement.scrollWidth").await, 1280);
    page.size(360, 640).await;
    assert_eq!(page.eval("return [innerWidth, innerHeight]").await, json!([360, 640]));
    let width = page.eval("return document.scrollingElement.scrollWidth").await;
    assert!(width.as_u64() > Some(400), "what is too wide can be told by it: {width}");
}

#[tokio::test]
async fn the_mouse_reaches_the_page_below_the_fold() {
    let body = "<div style='height: 3000px'></div><svg id=s width=200 height=100></svg><button>b</button>
        <script>
            s.onmousemove = ({ offsetX, offsetY }) => { document.title = `${offsetX} ${offsetY}`; };
            document.querySelector('button').onclick = () => { document.title = 'clicked'; };
        </script>";
    let (page, _directory) = shown("", body).await;
    page.hover("svg", 0.25, 0.5).await;
    assert_eq!(page.eval("return document.title").await, "50 50");
    page.click("button").await;
    assert_eq!(page.eval("return document.title").await, "clicked");
}

#[tokio::test]
async fn the_preferred_colours_are_those_that_are_asked_for() {
    let (page, _directory) = shown("", "").await;
    for (scheme, dark) in [(Scheme::Dark, true), (Scheme::Light, false)] {
        page.prefer(scheme).await;
        assert_eq!(page.eval("return matchMedia('(prefers-color-scheme: dark)').matches").await, dark);
    }
}

#[tokio::test]
async fn without_scripts_none_runs_and_the_page_can_still_be_looked_at() {
    let page = Page::new().await;
    page.without_scripts().await;
    let body = "<p>still</p><noscript><p>none</p></noscript><script>document.title = 'ran'</script>";
    let _directory = open(&page, "", body).await;
    assert_eq!(page.eval("return document.title").await, "A page");
    assert_eq!(page.text("main").await, "still\n\nnone");
}

#[tokio::test]
#[should_panic(expected = "unexpected alert open")]
async fn an_alert_stops_the_test() {
    let (page, _directory) = shown("", "<script>alert(1)</script>").await;
    page.console().await;
    page.eval("return 1").await;
}

#[tokio::test]
async fn downloads_arrive() {
    let body = "<a id=d download=a.txt href='data:text/plain,a'>data</a> <a id=b download=b.txt>blob</a>
        <script>b.href = URL.createObjectURL(new Blob(['b']));</script>";
    let (page, _directory) = shown("", body).await;
    for (link, name, text) in [("#d", "a.txt", "a"), ("#b", "b.txt", "b")] {
        page.click(link).await;
        assert_eq!(std::fs::read_to_string(page.downloaded(name)).unwrap(), text);
    }
    assert_eq!(page.requests().await.outside, [""; 0]);
}

#[tokio::test]
async fn a_picture_of_the_whole_page_and_a_print_can_be_kept() {
    let (page, directory) = shown("", "<div style='height: 3000px'></div>").await;
    let (png, pdf) = (directory.path().join("page.png"), directory.path().join("page.pdf"));
    page.screenshot(&png).await;
    // In the header of a PNG: width and height, four bytes each.
    let picture = std::fs::read(png).unwrap();
    let height = u32::from_be_bytes(picture[20..24].try_into().unwrap());
    assert!(picture.starts_with(b"\x89PNG") && height > 3000, "{height}");
    page.print_pdf(&pdf).await;
    assert!(std::fs::read(pdf).unwrap().starts_with(b"%PDF-"));
}

#[tokio::test]
async fn nothing_of_the_browser_stays_behind() {
    let page = Page::new().await;
    let profile = page.driver().profile();
    let is_used = || {
        let processes = Command::new("ps").args(["-A", "-o", "args"]).output().unwrap();
        String::from_utf8_lossy(&processes.stdout).contains(&*profile.to_string_lossy())
    };
    assert!(is_used());
    drop(page);
    assert!(!is_used(), "Chromium runs on");
    assert!(!profile.exists());
}

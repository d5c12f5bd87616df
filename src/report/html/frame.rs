//! The page around the sections: style, script, and the policy that lets nothing else in.

use super::parts::{Section, rendered};
use crate::report::{picture::palette::darkening, xml::harmless};
use askama::Template;
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::fmt::Write;

const STYLE: &str = include_str!("../../../templates/report/report.css");
const SCRIPT: &str = include_str!("../../../templates/report/report.js");

/// A page in parts; what stands in `head` and `sections` is HTML.
pub(super) struct Frame {
    pub(super) title: String,
    /// What stands above all sections.
    pub(super) head: String,
    pub(super) sections: Vec<Section>,
    /// Operations that can be switched off.
    pub(super) switches: usize,
    /// What stands below all sections.
    pub(super) foot: String,
}

#[derive(Template)]
#[template(path = "report/page.html")]
struct Page<'a> {
    frame: &'a Frame,
    policy: String,
    style: &'a str,
    script: &'a str,
}

impl Frame {
    /// The whole file.
    pub(super) fn page(&self) -> String {
        let style = self.style();
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
            digest(&style),
            digest(SCRIPT)
        );
        harmless(rendered(&Page { frame: self, policy, style: &style, script: SCRIPT }))
    }

    /// The style sheet, with a rule for each switch and the colours of pictures on a dark ground.
    fn style(&self) -> String {
        let mut style = STYLE.to_owned();
        // Writing to a String cannot fail.
        let _ = writeln!(
            style,
            "@media screen{{{}}}\n@media screen and (prefers-color-scheme:dark){{{}}}",
            darkening(":root[data-theme=dark] svg"),
            darkening(":root:not([data-theme=light]) svg"),
        );
        for index in 0..self.switches {
            let _ = writeln!(
                style,
                "body:has([data-switch=\"{index}\"]:not(:checked)) .canvas [data-operation=\"{index}\"]{{display:none}}"
            );
        }
        style
    }
}

/// As a Content-Security-Policy names what may be used.
fn digest(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

//! What the pages of comparisons, verdicts and A/A measurements share: their heads, and how they say how it was measured.

use super::parts::{Section, rendered};
use crate::report::{
    grid::{Grid, Tone},
    xml::escaped,
};
use askama::Template;

/// What stands above the fold.
#[derive(Template)]
#[template(path = "report/answer.html")]
pub(super) struct Head<'a> {
    /// What it is, for those who do not see it.
    pub(super) label: &'static str,
    pub(super) tone: Tone,
    pub(super) word: &'static str,
    pub(super) headline: String,
    pub(super) subject: String,
    pub(super) figures: Vec<Figure>,
    pub(super) cautions: &'a [String],
}

/// A number that stands out.
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) hint: String,
    pub(super) tone: Tone,
}

impl Figure {
    /// A count that is taken in its tone where it is not zero.
    pub(super) fn count(name: &'static str, count: usize, tone: Tone, hint: impl Into<String>) -> Self {
        let tone = if count == 0 { Tone::Plain } else { tone };
        let value = crate::text::grouped(count as u64);
        Self { name, value, hint: hint.into(), tone }
    }
}

#[derive(Template)]
#[template(path = "report/method.html")]
struct Method<'a> {
    facts: &'a [(&'static str, String)],
    paragraphs: &'a [String],
}

/// How it was measured and how it is to be read.
pub(super) fn method(facts: &[(&'static str, String)], paragraphs: &[String]) -> String {
    rendered(&Method { facts, paragraphs })
}

/// A section; an empty one is left out by [`kept`].
pub(super) fn section(id: &'static str, title: impl Into<String>, body: String) -> Section {
    Section { id, title: title.into(), body }
}

/// Sections that have something in them.
pub(super) fn kept(sections: impl IntoIterator<Item = Section>) -> Vec<Section> {
    sections.into_iter().filter(|section| !section.body.is_empty()).collect()
}

/// A paragraph and a table; nothing without rows.
pub(super) fn explained(words: &str, grid: &Grid, label: &str) -> String {
    if grid.rows.is_empty() {
        return String::new();
    }
    let words = if words.is_empty() { String::new() } else { format!("<p>{}</p>", escaped(words)) };
    format!("{words}{}", super::parts::grid(grid, label))
}

/// Sentences one below the other; nothing of none.
pub(super) fn list(lines: &[String]) -> String {
    let all: String = lines.iter().map(|line| format!("<li>{}</li>", escaped(line))).collect();
    if all.is_empty() { all } else { format!("<ul class=\"steps\">{all}</ul>") }
}

/// What stands below all sections.
pub(super) fn foot(tool_version: &str) -> String {
    format!("Made by loist-bench {}. Times are UTC.", escaped(tool_version))
}

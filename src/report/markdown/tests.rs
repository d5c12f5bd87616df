//! Comparisons, verdicts and A/A measurements as Markdown.

use super::{effects, false_alarms, fit::MOST_BYTES, gate};
use crate::{
    gate::Outcome,
    report::{fixture, mark},
};
use pulldown_cmark::{Event, Options, Parser, Tag};

#[test]
fn each_document_as_markdown() {
    fixture::snapshot("effects_as_markdown", &effects(&fixture::pairs()));
    fixture::snapshot("gate_as_markdown", &gate(&fixture::verdict(Outcome::Fail)));
    fixture::snapshot("false_alarms_as_markdown", &false_alarms(&fixture::alarms(60, 0)));
}

#[test]
fn the_first_line_that_shows_is_the_verdict() {
    for (outcome, heading) in [
        (Outcome::Pass, "## ✅ PASS: "),
        (Outcome::Fail, "## ❌ FAIL: "),
        (Outcome::Inconclusive, "## ⚠️ INCONCLUSIVE: "),
    ] {
        let text = gate(&fixture::verdict(outcome));
        let rest = text.strip_prefix(mark::GATE).unwrap();
        assert!(rest.starts_with(heading), "{text}");
        assert!(mark::is_ours(&text));
    }
    assert!(effects(&fixture::groups()).contains("too few for this confidence"));
    assert!(effects(&fixture::single()).contains("## ℹ️ New and base were run once each"));
}

/// Elements of HTML in the text, and whether there is a link or a picture.
fn markup(markdown: &str) -> (Vec<String>, bool) {
    let (mut html, mut links) = (Vec::new(), false);
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Html(text) | Event::InlineHtml(text) => html.push(text.trim().to_owned()),
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => links = true,
            _ => {}
        }
    }
    (html, links)
}

#[test]
fn hostile_text_stays_text_and_fits_a_comment() {
    let mut many = fixture::hostile();
    let one = many.operations[0].clone();
    many.operations.extend(vec![one; 300]);
    let mut verdict = fixture::hostile_verdict();
    let check = verdict.checks[0].clone();
    verdict.checks.extend(vec![check; 300]);
    verdict.effects = Some(many.clone());
    for text in [effects(&many), gate(&verdict), false_alarms(&fixture::hostile_alarms())] {
        assert!(text.len() < MOST_BYTES + 2_000, "{}", text.len());
        fixture::harmless(&text);
        let (html, links) = markup(&text);
        assert!(!links, "{text}");
        for element in html {
            let is_ours = ["<!-- loist-bench", "<details>", "</details>", "<sub>", "</sub>"];
            assert!(is_ours.iter().any(|own| element.starts_with(own)), "{element}");
            assert!(!element.contains("<script"), "{element}");
        }
    }
}

#[test]
fn folds_are_closed() {
    for text in [
        effects(&fixture::pairs()),
        gate(&fixture::verdict(Outcome::Fail)),
        gate(&fixture::hostile_verdict()),
        false_alarms(&fixture::alarms(3, 1)),
    ] {
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        assert!(text.len() < MOST_BYTES, "{}", text.len());
    }
}

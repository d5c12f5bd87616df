//! Pages of comparisons, verdicts and A/A measurements.

use super::elements;
use crate::{
    gate::Outcome,
    report::{
        fixture,
        html::{effects, false_alarms, gate},
    },
};
use std::collections::HashSet;

fn pages() -> Vec<String> {
    let mut pages: Vec<String> =
        [fixture::pairs(), fixture::groups(), fixture::single()].iter().map(effects).collect();
    pages.extend(
        [Outcome::Pass, Outcome::Fail, Outcome::Inconclusive].map(|outcome| gate(&fixture::verdict(outcome))),
    );
    pages.extend([(60, 0), (60, 6), (0, 0)].map(|(all, wrong)| false_alarms(&fixture::alarms(all, wrong))));
    pages
}

fn hostile() -> [String; 3] {
    [
        effects(&fixture::hostile()),
        gate(&fixture::hostile_verdict()),
        false_alarms(&fixture::hostile_alarms()),
    ]
}

#[test]
fn nothing_is_fetched_and_every_link_leads_to_one_element() {
    for page in pages().into_iter().chain(hostile()) {
        assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
        assert!(crate::report::mark::is_ours(&page));
        let all = elements::of(&page);
        let mut ids = HashSet::new();
        for id in all.iter().filter_map(|element| element.get("id")) {
            assert!(ids.insert(id), "{id} twice");
        }
        for element in &all {
            for (name, value) in &element.attributes {
                assert!(!["src", "style"].contains(name) && !name.starts_with("on"), "{name}={value}");
            }
            let href = element.get("href").unwrap_or("data:");
            assert!(href.starts_with("data:") || ids.contains(href.trim_start_matches('#')), "{href}");
        }
        for labels in all.iter().filter_map(|element| element.get("aria-labelledby")) {
            assert!(ids.contains(labels), "{labels} labels nothing");
        }
    }
}

#[test]
fn hostile_text_stays_text_and_no_number_is_none() {
    for page in hostile() {
        assert!(page.contains("&#60;script&#62;alert(1)") || page.contains("&lt;script&gt;alert(1)"));
        assert!(!page.contains("<script>alert"));
        assert_eq!(page.matches("<script").count(), 1);
        assert!(!page.contains(['\u{1b}', '\0', '\u{202E}']));
        let body = page.split_once("<body>").unwrap().1.split_once("<script>").unwrap().0;
        assert!(!body.contains("NaN") && !body.contains(">inf") && !body.contains("\"inf"));
    }
}

#[test]
fn the_head_says_how_it_is_to_be_taken() {
    for (page, outcome, word) in [
        (effects(&fixture::pairs()), "verdict bad", "slower"),
        (effects(&fixture::groups()), "verdict warn", "not all resolved"),
        (effects(&fixture::single()), "verdict plain", "not judged"),
        (gate(&fixture::verdict(Outcome::Pass)), "verdict good", "PASS"),
        (gate(&fixture::verdict(Outcome::Fail)), "verdict bad", "FAIL"),
        (false_alarms(&fixture::alarms(60, 6)), "verdict bad", "more than promised"),
    ] {
        assert!(page.contains(&format!("<section class=\"{outcome}\"")), "{outcome}");
        assert!(page.contains(&format!("<p class=\"outcome\">{word}</p>")), "{word}");
    }
}

#[test]
fn a_comparison_has_its_plot_its_table_and_what_was_set_aside() {
    let page = effects(&fixture::pairs());
    for part in [
        "id=\"forest-times\"",
        "id=\"forest-shares\"",
        "not resolved (could have seen 18 %)</td>",
        "id=\"set-aside\"",
        "<td>2, 9</td>",
        "a sort spills to disk",
        "<td>work_mem</td><td>4MB</td><td>64kB</td>",
        "the text of the workload differs between the sides",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!effects(&fixture::single()).contains("class=\"figures\""));
    assert!(!effects(&fixture::groups()).contains("id=\"set-aside\""));
}

#[test]
fn a_verdict_has_its_groups_and_both_comparisons() {
    let page = gate(&fixture::verdict(Outcome::Fail));
    for id in [
        "against-base",
        "against-history",
        "against-slo",
        "against-errors",
        "history",
        "comparison",
        "confirmation",
        "confirming-times",
    ] {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
    let base = page.split_once("id=\"against-base\"").unwrap().1;
    assert!(base.find("FAILED").unwrap() < base.find("passed</td>").unwrap());
    assert!(page.contains(">provisional</td>"));
}

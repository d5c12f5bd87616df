//! What holds for every page.

use super::{changed, elements, sample};
use crate::{
    record::Record,
    report::html::{compare, run},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::collections::HashSet;

fn pages() -> [String; 2] {
    let other = changed(|record| {
        record.load.clients += 1;
        record.operations[0].summary.response.p95_us = Some(1.0);
    });
    [run(&sample()), compare(&[sample(), other])]
}

/// What stands between the tags of the one element of this name.
fn text_of<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("<{name}>")).unwrap();
    rest.split_once(&format!("</{name}>")).unwrap().0
}

#[test]
fn the_policy_names_the_style_and_the_script_of_the_page() {
    for page in pages() {
        let all = elements::of(&page);
        let policy = all.iter().find_map(|element| {
            let is_policy = element.get("http-equiv") == Some("Content-Security-Policy");
            element.get("content").filter(|_| is_policy)
        });
        let policy = policy.unwrap().replace("&#39;", "'");
        for name in ["style", "script"] {
            let hash = STANDARD.encode(Sha256::digest(text_of(&page, name).as_bytes()));
            assert!(policy.contains(&format!("{name}-src 'sha256-{hash}'")), "{policy}");
        }
        assert!(policy.starts_with("default-src 'none'"));
    }
}

#[test]
fn nothing_is_styled_run_or_fetched_from_an_attribute() {
    for page in pages() {
        for element in elements::of(&page) {
            for (name, value) in &element.attributes {
                assert!(*name != "style" && !name.starts_with("on"), "{} {name}={value}", element.name);
                assert!(*name != "src" && !value.contains("javascript:"), "{} {name}={value}", element.name);
            }
            let href = element.get("href").unwrap_or("#");
            assert!(href.starts_with('#') || href.starts_with("data:"), "{href}");
        }
    }
}

#[test]
fn every_link_leads_to_the_one_element_of_its_name() {
    for page in pages() {
        let all = elements::of(&page);
        let mut ids = HashSet::new();
        for id in all.iter().filter_map(|element| element.get("id")) {
            assert!(ids.insert(id), "{id} twice");
        }
        for link in all.iter().filter_map(|element| element.get("href")?.strip_prefix('#')) {
            assert!(ids.contains(link), "#{link} leads nowhere");
        }
        for labels in all.iter().filter_map(|element| element.get("aria-labelledby")) {
            assert!(ids.contains(labels), "{labels} labels nothing");
        }
    }
}

#[test]
fn what_can_be_switched_off_has_its_switch() {
    for page in pages() {
        let all = elements::of(&page);
        let values = |name: &str| all.iter().filter_map(|element| element.get(name)).collect::<HashSet<_>>();
        let (drawn, switches) = (values("data-operation"), values("data-switch"));
        assert!(!drawn.is_empty() && drawn.is_subset(&switches), "{drawn:?} {switches:?}");
        let style = text_of(&page, "style");
        for switch in switches {
            assert!(style.contains(&format!("[data-switch=\"{switch}\"]:not(:checked)")), "{switch}");
        }
    }
}

#[test]
fn a_record_of_nothing_has_a_page() {
    let page = run(&changed(|record| {
        record.operations.clear();
        record.series.operations.clear();
        record.samples.samples.clear();
        record.evidence.statements = None;
        record.evidence.settings.clear();
        record.plans.clear();
        record.advice.clear();
        record.overall.response = record.connections.connect.clone();
        record.window.seconds = 0.0;
    }));
    assert!(page.ends_with("</html>"));
    assert!(page.contains("No rule had anything to say."));
}

#[test]
fn what_happened_in_the_window_is_listed_where_something_did() {
    let quiet = |record: &mut Record| {
        for sample in &mut record.samples.samples {
            (sample.checkpoints, sample.autovacuums, sample.lock_waits) = (None, None, None);
        }
        record.series.operations.iter_mut().for_each(|operation| operation.lost.fill(0));
    };
    assert!(!run(&changed(quiet)).contains("id=\"events\""));
    let page = run(&changed(|record| {
        quiet(record);
        record.samples.samples[3].checkpoints = Some(1);
    }));
    let (_, events) = page.split_once("id=\"events\"").unwrap();
    assert!(events.split("</table>").next().unwrap().contains(">checkpoint</td>"));
}

#[test]
fn an_operation_of_one_run_alone_is_left_out_and_named() {
    let other = changed(|record| record.operations[0].name = "<other>".to_owned());
    let name = sample().record.operations[0].name.clone();
    let page = compare(&[sample(), other]);
    assert!(page.contains(&format!("Not in all runs, and so left out: &lt;other&gt;, {name}.")));
    assert!(!compare(&[sample(), sample()]).contains("left out: "));
}

#[test]
fn what_would_mislead_is_seen() {
    let page = run(&changed(|record| record.workload.text = "a\u{202E}b\0c".to_owned()));
    assert!(page.contains("a\u{FFFD}b\u{FFFD}c"));
}

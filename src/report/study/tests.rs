//! Tuning studies as people read them.

use super::*;
use crate::{
    report::{
        fixture::{EVIL, harmless, hostile, pairs},
        html, markdown,
    },
    tune::{Candidate, Change, Effect, NOT_ASKED, NotTried, Objective, Outcome, Tried, study},
};
use chrono::{DateTime, TimeDelta};

fn change(name: &str, from: &str, to: &str, restart: bool, effect: Option<Effect>) -> Change {
    Change { name: name.to_owned(), from: from.to_owned(), to: to.to_owned(), restart, effect }
}

fn tried(name: &str, value: &str, ratio: Option<f64>, taken: bool) -> Tried {
    let changes = vec![(name.to_owned(), value.to_owned())];
    Tried {
        origin: "the formula of pgtune".to_owned(),
        candidate: Candidate::new("x", changes.clone()),
        changes,
        pairs: if ratio.is_some() { 3 } else { 0 },
        cost_ratio: ratio,
        against_best: ratio,
        detectable: ratio.map(|_| 0.17),
        taken,
        failed: ratio.is_none().then(|| "the server went away".to_owned()),
    }
}

fn made() -> Study {
    let effect = Effect { pairs: 6, ratio: 0.72, low: Some(0.68), high: Some(0.77) };
    Study {
        format: study::FORMAT.to_owned(),
        version: study::VERSION,
        tool_version: "0.1.0".to_owned(),
        at: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
        options_sha256: "ab".repeat(32),
        outcome: Outcome::Improved,
        sentence: "2 settings make the p95 31.0 % lower".to_owned(),
        workload: "mcp-mix".to_owned(),
        tracks: 10_000,
        load: "open loop, steady 400 1.5s".to_owned(),
        machine: "db-custom-1-3840".to_owned(),
        postgresql: "15.18".to_owned(),
        objective: Objective::P95,
        search: "guided".to_owned(),
        budget_seconds: 1_200.0,
        took_seconds: 754.0,
        trials: 88,
        start: vec![("maintenance_work_mem".to_owned(), "64MB".to_owned())],
        recommended: vec![
            change("random_page_cost", "4", "1.1", false, Some(effect)),
            change("shared_buffers", "128MB", "512MB", true, None),
        ],
        confirmation: Some(pairs()),
        compared: Some(Candidate::new("x", [("random_page_cost".to_owned(), "1.1".to_owned())])),
        tried: vec![
            tried("random_page_cost", "1.1", Some(0.72), true),
            tried("work_mem", "16MB", Some(1.01), false),
            tried("wal_buffers", "1GB", None, false),
        ],
        not_tried: vec![NotTried { name: "fsync".to_owned(), why: "a crash may leave nothing".to_owned() }],
        cautions: vec!["the machine was busy".to_owned()],
    }
}

/// What a terminal without styles shows.
fn shown(study: &Study) -> String {
    anstream::adapter::strip_str(&render(study)).to_string()
}

#[test]
fn everything_is_told_in_each_form() {
    let study = made();
    let forms = [shown(&study), markdown::study(&study), html::study(&study)];
    for text in &forms {
        for part in [
            "2 settings make the p95 31.0 % lower",
            "random_page_cost",
            "not measured by itself",
            "search_library",
            "the server went away",
            "a crash may leave nothing",
            "the machine was busy",
            "12 min 34 s of at most 20 min",
            "17 %",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
    assert!(forms[0].contains("28 %"), "what it gains: {}", forms[0]);
    assert!(forms[2].contains("1 was better than the best before"), "{}", forms[2]);
}

#[test]
fn the_settings_come_in_every_form_with_what_was_set_before() {
    let commands = words::commands(&made());
    assert_eq!(commands.len(), crate::flags::Form::WRITTEN.len());
    let gcloud = commands.iter().find(|one| one.text.contains("gcloud sql instances patch")).unwrap();
    assert!(gcloud.text.contains("maintenance_work_mem=65536"), "{}", gcloud.text);
    assert!(gcloud.text.contains("random_page_cost=1.1"), "{}", gcloud.text);
    assert!(!gcloud.text.contains("returns to its default"), "{}", gcloud.text);
    let file = words::settings_file(&made()).unwrap();
    assert!(file.lines().any(|line| line.starts_with("random_page_cost = ")), "{file}");
    let nothing = Study { recommended: Vec::new(), ..made() };
    assert!(words::commands(&nothing).is_empty() && words::settings_file(&nothing).is_none());
}

#[test]
fn nothing_to_gain_says_so_and_shows_what_was_tried() {
    let study = Study {
        outcome: Outcome::NothingToGain,
        sentence: "nothing to gain: keep the settings as they are; a gain of 6.0 % would have been seen"
            .to_owned(),
        recommended: Vec::new(),
        ..made()
    };
    let text = shown(&study);
    assert!(text.starts_with("nothing to gain: keep the settings as they are"), "{text}");
    assert!(!text.contains("Settings to change") && text.contains("no better"), "{text}");
}

#[test]
fn settings_that_were_not_asked_for_share_a_row() {
    let mut study = made();
    let not_asked = |name: &str| NotTried { name: name.to_owned(), why: NOT_ASKED.to_owned() };
    study.not_tried.extend(["jit", "work_mem", "wal_buffers", "commit_delay"].map(not_asked));
    let grid = words::not_tried(&study);
    let rows: Vec<[&str; 2]> =
        grid.rows.iter().map(|row| [row.cells[0].text.as_str(), row.cells[1].text.as_str()]).collect();
    let folded = "only others were asked for: jit, work_mem, wal_buffers and 1 more";
    assert_eq!(rows, [["fsync", "a crash may leave nothing"], ["4 settings", folded]]);
}

#[test]
fn one_of_a_kind_has_no_plural() {
    let mut study = made();
    study.tried.truncate(1);
    (study.recommended, study.trials) = (Vec::new(), 1);
    let page = html::study(&study);
    for part in ["<b>1</b> challenger</dd>", "<b>1</b> measurement</dd>", "<b>0</b> settings to change</dd>"]
    {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[test]
fn nothing_in_it_is_obeyed() {
    let mut study = made();
    for text in [&mut study.sentence, &mut study.workload, &mut study.load, &mut study.machine] {
        *text = EVIL.to_owned();
    }
    study.confirmation = Some(hostile());
    study.tried[2].failed = Some(EVIL.to_owned());
    study.tried[1].origin = EVIL.to_owned();
    study.recommended[0].from = EVIL.to_owned();
    study.not_tried[0].why = EVIL.to_owned();
    study.cautions = vec![EVIL.to_owned()];
    harmless(&shown(&study));
    let page = html::study(&study);
    assert!(!page.contains("<script>alert(1)"), "{page}");
    assert!(!markdown::study(&study).contains("<script>alert(1)"));
}

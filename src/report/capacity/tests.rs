//! Answers on capacity as people read them.

use super::*;
use crate::{
    capacity::{
        Outcome, Prices, Question, analyse,
        answer::Reach,
        fixture,
        growth::{Reason, Refusal},
    },
    record::{Knee, Record, WalCounters},
    report::{
        fixture::{EVIL, harmless},
        html, markdown,
    },
};
use chrono::NaiveDate;
use serde_json::json;

/// Records of three sizes, of which the search takes another plan from 10,000 tracks on.
fn records(sizes: &[u64]) -> Vec<Record> {
    let mut records = Vec::new();
    for size in sizes {
        for noise in [0.97, 1.0, 1.03] {
            let seed = records.len() as u64;
            let mut record = fixture::record(*size, seed, |name, tracks| {
                let tracks = tracks as f64;
                noise * if name == "facets" { 300.0 + 1.3 * tracks } else { 130.0 + 0.02 * tracks }
            });
            if *size >= 10_000 {
                record.plans[1] = fixture::plan("search_library", "Bitmap Heap Scan", json!({}));
            }
            record.evidence.window.wal = Some(WalCounters { bytes: 900_000, ..WalCounters::default() });
            record.evidence.tables[0].window.as_mut().unwrap().inserted = 100;
            records.push(record);
        }
    }
    let mut searched = fixture::record(10_000, 99, |_, _| 1e3);
    searched.knee = Some(Knee {
        rate_per_second: 820.0,
        low_per_second: 780.0,
        high_per_second: 860.0,
        bracketed: true,
        promised_per_second: 780.0,
        block_seconds: 4.0,
        searched_seconds: 60.0,
        trials: Vec::new(),
    });
    records.push(searched);
    records
}

/// An answer with a bit of everything.
pub(in crate::report) fn made() -> Capacity {
    let question =
        Question { growth: vec![10_000, 50_000, 100_000], check: Some(30_000), ..Question::default() };
    let today = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
    analyse(&records(&[1_000, 3_000, 10_000, 30_000]), &question, &Prices::shipped(), today).unwrap()
}

/// What a terminal without styles shows.
fn shown(capacity: &Capacity) -> String {
    anstream::adapter::strip_str(&render(capacity)).to_string()
}

#[test]
fn the_text() {
    insta::assert_snapshot!(shown(&made()));
}

#[test]
fn the_markdown() {
    insta::assert_snapshot!(markdown::capacity(&made()));
}

#[test]
fn the_document() {
    let mut document = serde_json::to_value(made()).unwrap();
    // A curve is for the picture.
    for response in ["database", "heap", "indexes", "cpu"] {
        document[response]["curve"] = json!([]);
    }
    document["operations"].as_array_mut().unwrap().iter_mut().for_each(|one| one["curve"] = json!([]));
    insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap());
}

#[test]
fn everything_is_told_in_each_form() {
    let capacity = made();
    for text in [shown(&capacity), markdown::capacity(&capacity), html::capacity(&capacity)] {
        for part in [
            "facets",
            "db-custom-1-3840",
            "49.31",
            "33 would be refused",
            "the plan of search_library.page (typical)",
            "db-g1-small (25.55)",
            "820 (780..860)",
            "2026-09-15",
            "vcpu-factor",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[test]
fn what_is_not_warranted_is_marked_and_said_once() {
    let capacity = made();
    let search = &capacity.operations[1].response;
    assert_eq!(search.at(50_000).unwrap().refusal.as_ref().unwrap().reason, Reason::PlanChanged);
    let said = words::not_warranted(&capacity);
    assert_eq!(
        said.iter().filter(|line| line.contains("the plan of search_library.page")).count(),
        1,
        "{said:?}"
    );
    assert_eq!(words::times(search.at(50_000)), "-");
    for text in [shown(&capacity), markdown::capacity(&capacity)] {
        assert_eq!(text.matches("the plan of search_library.page").count(), 1, "{text}");
    }
}

#[test]
fn the_first_line_is_short_and_what_follows_it_is_said_once() {
    let text = shown(&made());
    let lines: Vec<&str> = text.lines().take(4).collect();
    assert_eq!(lines[0], "cannot tell: 200ms@p95 holds for 2 of 3 operations at 100k tracks");
    assert_eq!(lines[1], "   the closest to it at 100k tracks is facets with at most 181 ms");
    assert_eq!(lines[2], "   not known at 100k tracks: search_library (a plan changed between the sizes)");
    assert_eq!(lines[3], "");
    let page = html::capacity(&made());
    assert!(page.contains("<h1>200ms@p95 holds for 2 of 3 operations at 100k tracks</h1>"), "{page}");
}

#[test]
fn a_question_mark_is_explained_where_there_is_one() {
    let mut capacity = made();
    assert!(!shown(&capacity).contains(words::MARKED));
    let facets = &mut capacity.operations[2].response;
    let prediction = facets.predictions.iter_mut().find(|one| one.tracks == 100_000).unwrap();
    prediction.refusal = Some(Refusal { reason: Reason::TooWide, sentence: "it is wide".to_owned() });
    assert!(shown(&capacity).contains(words::MARKED));
}

#[test]
fn up_to_where_it_holds_promises_no_more_than_is_known() {
    let capacity = made();
    let said = |early: Option<u64>, expected: Option<u64>, late: Option<u64>, horizon: u64| {
        let mut operation = capacity.operations[0].clone();
        operation.reach = Reach {
            earliest_tracks: early,
            expected_tracks: expected,
            latest_tracks: late,
            horizon_tracks: horizon,
        };
        words::reach(&operation)
    };
    for (early, expected, late, horizon, text) in [
        (None, None, None, 0, "not known"),
        (None, None, None, 30_000, "at least 30,000"),
        (Some(22_078), None, None, 23_245, "at least 22,000"),
        (Some(110_900), Some(153_000), None, 1_000_000, "150,000 (at least 110,000)"),
        (Some(110_900), Some(153_000), Some(231_000), 1_000_000, "150,000 (110,000 to 240,000)"),
    ] {
        assert_eq!(said(early, expected, late, horizon), text);
    }
}

#[test]
fn a_number_of_tracks_of_which_nothing_is_known_fails_nothing() {
    let mut capacity = made();
    let all: Vec<String> = capacity.operations.iter().map(|one| one.response.name.clone()).collect();
    capacity.rows.iter_mut().filter(|row| row.asked).for_each(|row| row.unknown.clone_from(&all));
    let page = html::capacity(&capacity);
    assert!(page.contains("<b>none</b> of the operations can be predicted"), "{page}");
    assert!(!page.contains("keep the objective</dd>"), "{page}");
}

#[test]
fn the_page_has_its_pictures_and_its_check() {
    let page = html::capacity(&made());
    for id in ["growth-0", "growth-2", "growth-sizes", "cost", "check", "connections", "assumptions"] {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
    let mut unchecked = made();
    (unchecked.check, unchecked.connections) = (None, None);
    unchecked.rows.iter_mut().for_each(|row| (row.tier, row.cost) = (None, None));
    let page = html::capacity(&unchecked);
    for id in ["check", "connections", "cost-section"] {
        assert!(!page.contains(&format!("id=\"{id}\"")), "{id}");
    }
}

#[test]
fn outcomes_have_their_words() {
    for (outcome, word) in [
        (Outcome::Holds, "holds: "),
        (Outcome::InDanger, "in danger: "),
        (Outcome::Missed, "missed: "),
        (Outcome::Unknown, "cannot tell: "),
    ] {
        assert!(shown(&Capacity { outcome, ..made() }).starts_with(word), "{word}");
    }
}

#[test]
fn nothing_in_it_is_obeyed() {
    let mut capacity = made();
    for text in [
        &mut capacity.sentence,
        &mut capacity.workload,
        &mut capacity.load,
        &mut capacity.machine,
        &mut capacity.objective,
        &mut capacity.prices,
    ] {
        *text = EVIL.to_owned();
    }
    for operation in &mut capacity.operations {
        operation.response.name = EVIL.to_owned();
        operation.response.law = Some(EVIL.to_owned());
        operation.target_us = f64::NAN;
    }
    for row in &mut capacity.rows {
        row.missed = vec![EVIL.to_owned(); 2];
        row.audio_usd = f64::INFINITY;
    }
    capacity.check.as_mut().unwrap().sentence = EVIL.to_owned();
    capacity.connections.as_mut().unwrap().sentence = EVIL.to_owned();
    capacity.assumptions = vec![EVIL.to_owned()];
    capacity.details = vec![EVIL.to_owned()];
    capacity.cautions = vec![EVIL.to_owned()];
    harmless(&shown(&capacity));
    let page = html::capacity(&capacity);
    assert!(!page.contains("<script>alert(1)"), "{page}");
    assert!(!markdown::capacity(&capacity).contains("<script>alert(1)"));
}

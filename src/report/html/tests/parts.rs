//! Sections of a page.

use super::{changed, elements, sample};
use crate::{
    flags::{Form, Setting},
    record::{Basis, Change, Recommendation, Record, Stance, WhatIf},
    report::html::{advice, provenance, run, settings, statements},
    text::sha256,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::GzDecoder;
use std::io::Read;

fn setting(name: &str, value: &str, default: &str, unit: Option<&str>) -> Setting {
    Setting {
        name: name.to_owned(),
        value: value.to_owned(),
        default: Some(default.to_owned()),
        unit: unit.map(str::to_owned),
        ..Setting::default()
    }
}

fn settings_of(settings: Vec<Setting>) -> String {
    settings::part(&changed(|record| record.evidence.settings = settings).record)
}

#[test]
fn settings_that_differ_stand_in_units_that_people_read() {
    let page = settings_of(vec![
        setting("shared_buffers", "32768", "16384", Some("8kB")),
        setting("jit", "on", "on", None),
        setting("data_directory", "/a", "/b", None),
    ]);
    assert!(page.contains("1 of 3 settings"), "{page}");
    assert!(page.contains("<td>256MB</td><td>128MB</td>"), "{page}");
    assert!(!page.contains("<td>jit</td>"));
}

#[test]
fn secrets_are_hidden() {
    let page = settings_of(vec![setting("primary_conninfo", "password=hunter2", "", None)]);
    assert!(page.contains("<td>(hidden)</td><td>(empty)</td>"), "{page}");
}

fn piece(stance: Stance, change: Option<Change>) -> Recommendation {
    Recommendation {
        rule: "some/rule".to_owned(),
        stance,
        title: format!("do {stance:?}"),
        evidence: "e".to_owned(),
        threshold: String::new(),
        source: String::new(),
        change,
        more_changes: Vec::new(),
        expected: "x".to_owned(),
        basis: Basis::Measured,
        risk: "r".to_owned(),
        verify: "v".to_owned(),
        effect: 0.1,
    }
}

fn random_page_cost() -> Change {
    Change {
        setting: "random_page_cost".to_owned(),
        from: "4".to_owned(),
        to: "1.1".to_owned(),
        restart: false,
        apply: "ALTER SYSTEM SET random_page_cost = '1.1';".to_owned(),
        undo: "ALTER SYSTEM RESET random_page_cost;".to_owned(),
    }
}

/// A record with these pieces of advice and trials of the first one's change.
fn advised(pieces: &[Recommendation], trials: &[(&[f64], &[f64])]) -> Record {
    let mut record = sample().record;
    let any = record.what_ifs.iter().flat_map(|what_if| &what_if.tried).next().unwrap().clone();
    let tried = trials.iter().map(|(base, changed)| {
        let mut trial = any.clone();
        (trial.base_ms, trial.changed_ms) = (base.to_vec(), changed.to_vec());
        trial
    });
    let settings = vec!["random_page_cost=1.1".to_owned()];
    record.what_ifs = vec![WhatIf { settings, tried: tried.collect(), ..WhatIf::default() }];
    record.advice = pieces.to_vec();
    record
}

#[test]
fn a_setting_is_changed_in_each_form_and_can_be_undone() {
    let page = advice::part(&advised(&[piece(Stance::Change, Some(random_page_cost()))], &[]));
    for form in ["SQL", Form::Gcloud.label(), Form::Terraform.label()] {
        assert!(page.contains(&format!("<h5>{form}</h5>")), "{form}: {page}");
    }
    let (apply, undo) = page.split_once("<h4>Undo</h4>").unwrap();
    assert!(apply.contains("random_page_cost=1.1") && !apply.contains("random_page_cost=4"), "{apply}");
    assert!(
        undo.contains("ALTER SYSTEM RESET random_page_cost;") && undo.contains("random_page_cost=4"),
        "{undo}"
    );
    assert!(!page.contains("Measured effect"));
}

#[test]
fn trials_stand_with_their_exact_interval() {
    let change = [piece(Stance::Change, Some(random_page_cost()))];
    let five = ([2.0; 5], [1.0; 5]);
    let page = advice::part(&advised(&change, &[(&[], &[1.0]), (&five.0, &five.1)]));
    assert!(page.contains("Measured effect"), "a trial without times hides no other");
    assert!(page.contains(">0.50</td>") && page.contains("0.50..0.50"), "{page}");
    let page = advice::part(&advised(&change, &[(&[2.0], &[1.0])]));
    assert!(page.contains("too few"), "{page}");
}

#[test]
fn what_to_leave_alone_stands_apart() {
    let page = advice::part(&advised(&[piece(Stance::LeaveAlone, None), piece(Stance::Change, None)], &[]));
    let (changes, others) = page.split_once("id=\"advice-leave-alone\"").unwrap();
    assert!(changes.contains("id=\"advice-1\"") && !changes.contains("id=\"advice-0\""));
    assert!(others.contains("id=\"advice-0\"") && !others.contains("id=\"advice-1\""));
}

#[test]
fn the_first_step_leads_to_the_first_change() {
    let source = changed(|record| {
        record.disturbances.clear();
        record.advice = vec![piece(Stance::LeaveAlone, None), piece(Stance::Change, None)];
    });
    assert!(run(&source).contains("<a href=\"#advice-1\">do Change</a>"));
}

#[test]
fn shares_are_of_all_statements_and_small_foreign_ones_are_told_together() {
    let source = changed(|record| {
        record.plans.clear();
        let all = record.evidence.statements.as_mut().unwrap();
        all.retain(|one| !one.statements.is_empty());
        all.truncate(2);
        (all[0].total_ms, all[1].total_ms) = (600.0, 390.0);
        let mut foreign = all[0].clone();
        foreign.statements.clear();
        foreign.total_ms = 5.0;
        all.extend([foreign.clone(), foreign]);
    });
    let part = statements::part(&source.record).unwrap();
    for share in [">60 %</td>", ">39 %</td>", "2 other statements", "took 10.0 ms together, 1 %"] {
        assert!(part.contains(share), "{share}: {part}");
    }
}

#[test]
fn a_record_without_statements_and_plans_has_no_section_of_them() {
    let source = changed(|record| {
        record.plans.clear();
        record.evidence.statements = None;
    });
    assert_eq!(statements::part(&source.record), None);
}

#[test]
fn the_record_can_be_taken_along_byte_for_byte() {
    let source = sample();
    let part = provenance::part(std::slice::from_ref(&source));
    let digest = sha256(&source.text);
    assert!(part.contains(&format!("<code class=\"digest\">{digest}</code>")));
    let elements = elements::of(&part);
    let packed = elements.iter().find_map(|element| element.get("href")?.split_once(";base64,")).unwrap().1;
    let mut text = String::new();
    let packed = STANDARD.decode(packed.replace("&#43;", "+")).unwrap();
    GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    assert!(text == source.text);
}

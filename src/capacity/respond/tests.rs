//! Responses of known laws, with steps and without.

use super::*;

fn subject(sizes: &[u64], of: fn(f64) -> f64) -> Subject {
    let mut subject = Subject {
        name: "search_library".to_owned(),
        tracks: Vec::new(),
        groups: Vec::new(),
        laws: TIMES,
        step: None,
        ahead: None,
    };
    for size in sizes {
        let value = of(*size as f64);
        let runs: Vec<(f64, f64)> =
            [0.98, 1.0, 1.0 / 0.98].map(|noise| (*size as f64, value * noise)).to_vec();
        subject.push(*size, &runs);
    }
    subject
}

fn respond(subject: &Subject, rows: &[u64]) -> Response {
    subject.respond(subject.own_variance(), &Wanted { rows, tail: 0.025 })
}

fn reason(response: &Response, tracks: u64) -> Option<Reason> {
    response.at(tracks).unwrap().refusal.as_ref().map(|refusal| refusal.reason)
}

#[test]
fn what_was_measured_is_told_from_its_own_runs() {
    let response =
        respond(&subject(&[1_000, 10_000], |n| 100.0 + n / 10.0), &[1_000, 3_000, 10_000, 100_000]);
    let at = |tracks| response.at(tracks).unwrap();
    assert_eq!(
        (at(1_000).basis, at(3_000).basis, at(100_000).basis),
        (Basis::Measured, Basis::Fitted, Basis::Fitted)
    );
    assert!((at(1_000).range.unwrap().estimate - 200.0).abs() < 1e-6);
    assert!((at(3_000).range.unwrap().estimate - 400.0).abs() < 2.0);
    let far = at(100_000).range.unwrap();
    assert!(far.low < 10_100.0 && 10_100.0 < far.high, "{far:?}");
    assert_eq!(response.law.as_deref(), Some("a + b n"));
    assert!(response.possible_laws.len() > 2 && response.fitted_from_tracks == Some(1_000));
}

/// A library of 1,000 that ingested 200 tracks in its windows is no library of 1,000.
#[test]
fn a_size_that_grew_is_brought_back() {
    let mut grew = subject(&[], |n| n);
    for (asked, size) in [(1_000, 1_200.0), (10_000, 10_100.0), (100_000, 100_100.0)] {
        grew.push(asked, &[0.999, 1.0, 1.001].map(|noise| (size, noise * size)));
    }
    let response = respond(&grew, &[1_000, 10_000, 100_000]);
    let at = |tracks| response.at(tracks).unwrap();
    let estimate = |tracks| at(tracks).range.unwrap().estimate;
    assert!((estimate(1_000) - 1_000.0).abs() < 5.0 && at(1_000).basis == Basis::Fitted);
    assert!((estimate(10_000) - 10_100.0).abs() < 50.0 && at(10_000).basis == Basis::Measured);
}

#[test]
fn nobody_goes_too_far() {
    let response = respond(&subject(&[1_000, 10_000], |n| n), &[100_000, 100_001, 100, 99]);
    assert_eq!(reason(&response, 100_000), None);
    assert_eq!(reason(&response, 100_001), Some(Reason::TooFar));
    assert!(reason(&response, 100) != Some(Reason::TooFar) && reason(&response, 99) == Some(Reason::TooFar));
    assert!(response.at(100_001).unwrap().range.is_none());
}

#[test]
fn a_wide_interval_says_so_and_is_given() {
    let response = respond(&subject(&[1_000, 10_000], |_| 130.0), &[100_000]);
    let far = response.at(100_000).unwrap();
    let range = far.range.unwrap();
    assert!(range.low < 130.0 && 130.0 < range.high && range.high < 1_000.0, "{range:?}");
    assert_eq!(far.refusal.is_some(), range.high / range.low > WIDEST);
}

#[test]
fn after_a_step_only_what_comes_after_it_counts() {
    let step = Step { from: 10_000, what: "the plan of x is `a` and `b`".to_owned() };
    let mut stepped = subject(&[1_000, 10_000], |n| if n < 5e3 { 100.0 } else { 900.0 });
    stepped.step = Some(step.clone());
    let response = respond(&stepped, &[500, 3_000, 10_000, 20_000]);
    assert_eq!(reason(&response, 20_000), Some(Reason::PlanChanged));
    let sentence = &response.at(20_000).unwrap().refusal.as_ref().unwrap().sentence;
    assert!(sentence.contains("`a` and `b`") && sentence.contains("measure at more sizes"), "{sentence}");
    assert!(response.at(20_000).unwrap().range.is_none() && response.law.is_none());
    // Between them, something between theirs.
    let between = response.at(3_000).unwrap();
    assert_eq!((between.basis, between.is_warranted()), (Basis::Between, true));
    let range = between.range.unwrap();
    assert!(range.low < 100.0 && range.high > 900.0 && (100.0..900.0).contains(&range.estimate), "{range:?}");

    let mut stepped = subject(&[1_000, 10_000, 30_000], |n| if n < 5e3 { 5_000.0 } else { 100.0 + n / 10.0 });
    stepped.step = Some(step);
    let response = respond(&stepped, &[500, 100_000]);
    assert_eq!(response.fitted_from_tracks, Some(10_000));
    let far = response.at(100_000).unwrap().range.unwrap();
    assert!(far.low < 10_100.0 && 10_100.0 < far.high, "{far:?}");
    assert_eq!(reason(&response, 500), Some(Reason::PlanChanged));
}

#[test]
fn a_step_that_no_plan_shows_is_lack_of_fit() {
    let stepped = subject(&[1_000, 10_000, 100_000], |n| if n < 5e4 { 100.0 } else { 900.0 });
    let response = respond(&stepped, &[30_000, 500_000]);
    assert_eq!(reason(&response, 500_000), Some(Reason::LackOfFit));
    assert_eq!(response.at(30_000).unwrap().basis, Basis::Between);
}

#[test]
fn what_may_change_ahead_is_said_with_the_interval() {
    let mut subject = subject(&[1_000, 10_000], |n| 100.0 + n / 10.0);
    subject.ahead = Some(Ahead { tracks: 24_000, what: "its scan may go parallel there".to_owned() });
    let response = respond(&subject, &[20_000, 50_000]);
    assert_eq!(reason(&response, 20_000), None);
    assert_eq!(reason(&response, 50_000), Some(Reason::PlanMayChange));
    let far = response.at(50_000).unwrap();
    assert!(far.range.is_some() && !far.is_warranted());
}

#[test]
fn too_little_predicts_nothing() {
    let once = |sizes: &[u64]| {
        let mut subject = subject(&[], |n| n);
        sizes.iter().for_each(|size| subject.push(*size, &[(*size as f64, 5.0)]));
        subject
    };
    assert_eq!(reason(&respond(&once(&[1_000, 10_000]), &[5_000]), 5_000), Some(Reason::TooFewRuns));
    assert_eq!(reason(&respond(&once(&[]), &[5_000]), 5_000), Some(Reason::NothingMeasured));
    let alone = subject(&[1_000], |n| n);
    let response = respond(&alone, &[1_000, 5_000]);
    assert_eq!(reason(&response, 5_000), Some(Reason::TooFewSizes));
    assert!(response.at(1_000).unwrap().is_warranted());
}

#[test]
fn a_curve_goes_through_what_was_measured() {
    let response = respond(&subject(&[1_000, 10_000], |n| n), &[]);
    let tracks: Vec<u64> = response.curve.iter().map(|point| point.tracks).collect();
    assert!(tracks.contains(&1_000) && tracks.contains(&10_000) && tracks.last() == Some(&100_000));
    assert!(tracks.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(response.curve.iter().all(|point| point.range.is_some()));
}

//! What trials showed decides: the time that they save is the effect, none is little, a loss is a reason to stay.

use super::common::{
    SEARCH, assert_near, change, changed, left, said, sample, set, share, small_machine, trial, what_if,
};
use loist_bench::record::{Basis, JitStatistics, Record, Trial};

/// A rule that weighs trials: what was tried, and what makes the rule speak.
struct Weighed {
    rule: &'static str,
    tried: &'static str,
    speaks: fn(&mut Record),
    /// What it expects without any trials.
    guess: f64,
}

const RULES: [Weighed; 7] = [
    Weighed {
        rule: "planner/enable-off",
        tried: "enable_hashjoin=on",
        speaks: |record| set(&mut record.evidence, "enable_hashjoin", "off"),
        guess: 0.35,
    },
    Weighed {
        rule: "planner/odd-constants",
        tried: "cpu_tuple_cost=0.01",
        speaks: |record| set(&mut record.evidence, "cpu_tuple_cost", "1"),
        guess: 0.05,
    },
    Weighed {
        rule: "planner/random-page-cost",
        tried: "random_page_cost=1.1",
        speaks: |record| set(&mut record.evidence, "random_page_cost", "10"),
        guess: 0.08,
    },
    Weighed { rule: "planner/jit", tried: "jit=off", speaks: compiled, guess: 0.05 },
    Weighed {
        rule: "memory/work-mem",
        tried: "work_mem=64MB",
        speaks: |record| {
            (record.evidence.window.temp_files, record.evidence.window.temp_bytes) = (42_059, 42_059 << 20);
        },
        guess: 0.3,
    },
    Weighed {
        rule: "planner/parallel-workers",
        tried: "max_parallel_workers_per_gather=0",
        speaks: small_machine,
        guess: 0.01,
    },
    Weighed {
        rule: "memory/effective-cache-size",
        tried: "effective_cache_size=18GB",
        speaks: |record| set(&mut record.evidence, "effective_cache_size", "100"),
        guess: 0.05,
    },
];

/// Most of one statement's time is compilation.
pub(super) fn compiled(record: &mut Record) {
    let rows = record.evidence.statements.as_mut().unwrap();
    let first = rows.iter_mut().find(|row| !row.statements.is_empty()).unwrap();
    first.jit = Some(JitStatistics { functions: 900, total_ms: first.total_ms * 0.8 });
}

fn of(statement: &str, base: f64, changed: f64) -> Trial {
    Trial { statements: vec![statement.to_owned()], ..trial(base, changed) }
}

impl Weighed {
    fn with(&self, tried: Vec<Trial>) -> impl FnOnce(&mut Record) {
        move |record| {
            (self.speaks)(record);
            record.what_ifs = vec![what_if(self.tried, tried)];
        }
    }
}

/// Three quarters of a statement's time, whether that is much or next to nothing.
#[test]
fn the_effect_is_what_trials_saved() {
    for rule in &RULES {
        for statement in [SEARCH, "dashboard_recent.recent"] {
            let piece = change(rule.rule, rule.with(vec![of(statement, 12.0, 3.0)]));
            assert_eq!(piece.basis, Basis::Measured, "{}", rule.rule);
            assert_near(piece.effect, 0.75 * share(&sample(), statement));
            assert!(
                piece.expected.contains("by the trials of this run"),
                "{}: {}",
                rule.rule,
                piece.expected
            );
        }
        assert!(share(&sample(), "dashboard_recent.recent") < 0.01, "less than any guess");
    }
}

/// What one statement loses is taken from what another gains.
#[test]
fn losses_are_taken_from_gains() {
    for rule in &RULES {
        let tried = vec![of(SEARCH, 12.0, 3.0), of("facets.genres", 4.0, 6.0)];
        let piece = change(rule.rule, rule.with(tried));
        assert_near(piece.effect, 0.75 * share(&sample(), SEARCH) - 0.5 * share(&sample(), "facets.genres"));
    }
}

#[test]
fn trials_without_a_difference_leave_little_to_expect() {
    for rule in &RULES {
        let untried = change(rule.rule, rule.speaks);
        assert_near(untried.effect, rule.guess);
        assert!(untried.basis != Basis::Measured, "{}", rule.rule);
        let mut mixed = of(SEARCH, 5.0, 5.0);
        mixed.changed_ms[0] = 4.0;
        for tried in [Vec::new(), vec![of(SEARCH, 5.0, 5.0)], vec![mixed]] {
            let piece = change(rule.rule, rule.with(tried));
            assert_near(piece.effect, rule.guess.min(0.01));
            assert!(piece.basis != Basis::Measured, "{}", rule.rule);
        }
    }
}

#[test]
fn what_was_slower_stays() {
    for rule in &RULES {
        let piece = left(rule.rule, rule.with(vec![of(SEARCH, 3.0, 12.0)]));
        assert_eq!((piece.changes().count(), piece.effect), (0, 0.0), "{}", rule.rule);
    }
}

/// Trials of another setting, and those that could not be made, say nothing of this one.
#[test]
fn only_trials_of_the_setting_itself_count() {
    for rule in &RULES {
        let piece = change(rule.rule, |record| {
            (rule.speaks)(record);
            record.what_ifs = vec![what_if("seq_page_cost=1", vec![of(SEARCH, 3.0, 12.0)])];
        });
        assert_near(piece.effect, rule.guess);
        let piece = change(rule.rule, |record| {
            (rule.speaks)(record);
            let mut tried = what_if(rule.tried, Vec::new());
            tried.examined = 0;
            record.what_ifs = vec![tried];
        });
        assert_near(piece.effect, rule.guess);
    }
}

#[test]
fn a_line_of_the_log_costs_what_trials_show() {
    let logged = |base: f64, changed: f64| {
        change("logging/statements", |record| {
            set(&mut record.evidence, "log_statement", "all");
            record.what_ifs = vec![what_if("log_statement=none", vec![of("SELECT 1", base, changed)])];
        })
    };
    let record = sample();
    let trips: u64 = record.operations.iter().flat_map(|one| &one.statements).map(|one| one.calls).sum();
    let responses = record.operations.iter().map(|one| &one.summary.response);
    let all_us: f64 = responses.map(|one| one.mean_us.unwrap() * one.count as f64).sum();
    for (base, quiet) in [(0.060, 0.030), (0.060, 0.059_9)] {
        let piece = logged(base, quiet);
        assert_eq!(piece.basis, Basis::Measured);
        assert_near(piece.effect, (base - quiet) * 1e3 * trips as f64 / all_us);
    }
    for (base, quiet) in [(0.060, 0.060), (0.030, 0.060)] {
        let piece = logged(base, quiet);
        assert_near(piece.effect, 0.01);
        assert_eq!(piece.basis, Basis::Inferred);
        assert!(piece.evidence.ends_with("; trials did not show what a line costs"), "{}", piece.evidence);
    }
    let untried = change("logging/statements", |record| set(&mut record.evidence, "log_statement", "all"));
    assert_near(untried.effect, 0.3);
}

/// All that are odd go back together, but for one whose default was slower; the one that saves most is named first.
#[test]
fn odd_constants_go_back_together() {
    let odd = |record: &mut Record| {
        for name in ["cpu_tuple_cost", "cpu_operator_cost", "parallel_setup_cost", "parallel_tuple_cost"] {
            set(&mut record.evidence, name, "9000");
        }
        record.what_ifs = vec![
            what_if("cpu_tuple_cost=0.01", vec![of("dashboard_recent.recent", 12.0, 3.0)]),
            what_if("parallel_setup_cost=1000", vec![of(SEARCH, 12.0, 3.0)]),
            what_if("parallel_tuple_cost=0.1", vec![of(SEARCH, 3.0, 12.0)]),
        ];
    };
    let piece = change("planner/odd-constants", odd);
    assert_eq!(
        changed(&piece),
        [("parallel_setup_cost", "1000"), ("cpu_operator_cost", "0.0025"), ("cpu_tuple_cost", "0.01")]
    );
    assert_near(piece.effect, 0.75 * share(&sample(), SEARCH));
    assert!(
        piece.title.starts_with("Set parallel_setup_cost and cpu_operator_cost and cpu_tuple_cost back"),
        "{}",
        piece.title
    );
    assert!(piece.evidence.contains("cpu_operator_cost is 9000 (default 0.0025)"), "{}", piece.evidence);
}

#[test]
fn switches_go_back_together() {
    let piece = change("planner/enable-off", |record| {
        for name in ["enable_hashjoin", "enable_mergejoin", "enable_sort"] {
            set(&mut record.evidence, name, "off");
        }
        record.what_ifs = vec![
            what_if("enable_sort=on", vec![of("dashboard_recent.recent", 12.0, 3.0)]),
            what_if("enable_hashjoin=on", vec![of(SEARCH, 3.0, 12.0)]),
        ];
    });
    assert_eq!(changed(&piece), [("enable_mergejoin", "on"), ("enable_sort", "on")]);
    assert_near(piece.effect, 0.35);
    assert_eq!(piece.basis, Basis::Convention, "what was not tried is expected to bring most");
}

/// A plan that looks dear because of something else is compiled because of it.
#[test]
fn compilation_comes_behind_its_cause() {
    for tried in [None, Some(12.0)] {
        let change_of = |rule: &str| {
            change(rule, |record| {
                compiled(record);
                set(&mut record.evidence, "enable_seqscan", "off");
                if let Some(base) = tried {
                    record.what_ifs = vec![
                        what_if("jit=off", vec![of(SEARCH, base, 3.0)]),
                        what_if("enable_seqscan=on", vec![of(SEARCH, base, 4.0)]),
                    ];
                }
            })
        };
        let (jit, cause) = (change_of("planner/jit"), change_of("planner/enable-off"));
        assert_eq!(jit.change, None);
        assert_eq!(
            jit.title,
            "Put enable_seqscan right first; if statements are still compiled then, switch jit off"
        );
        assert_eq!(changed(&cause), [("enable_seqscan", "on")]);
        assert!(jit.effect > 0.0 && jit.effect <= cause.effect / 2.0, "{} {}", jit.effect, cause.effect);
    }
    assert_eq!(changed(&change("planner/jit", compiled)), [("jit", "off")]);
    assert_eq!(said("planner/jit", |record| set(&mut record.evidence, "jit", "off")), None);
}

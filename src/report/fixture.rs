//! Comparisons, verdicts and A/A measurements for tests.

use crate::{
    compare::{
        self, Answer, Design, Effect, Effects, Experiment, OperationEffects, PlanChange, SetAside,
        SettingChange, SideBrief, Stop,
    },
    gate::{
        Against, Check, CheckResult, Comparison, Detectable, FalseAlarms, Latency, Outcome, Shift, Verdict,
        false_alarms, verdict,
    },
    record::{Metric, PlanCase},
};
use chrono::{DateTime, TimeDelta, Utc};

/// Poison for a careless terminal, page, table or log.
pub(in crate::report) const EVIL: &str =
    "</summary><script>alert(1)</script>|`*@me #1 https://x.y \u{1b}[31m\r\n::error::x\u{202E}\0\"'&,%";

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minutes)
}

fn effect(metric: Metric, (base, new): (f64, f64), ends: (f64, f64, f64), answer: Answer) -> Effect {
    let (low, change, high) = ends;
    Effect {
        metric,
        gated: matches!(metric, Metric::P50 | Metric::P95 | Metric::ErrorShare | Metric::MissShare),
        base: Some(base),
        new: Some(new),
        change: Some(change),
        low: Some(low),
        high: Some(high),
        least: if metric.is_share() { 0.005 } else { 0.05 },
        detectable: Some(0.18),
        p_slower: Some(0.01),
        p_faster: Some(0.99),
        answer,
        reason: None,
    }
}

fn quiet(metric: Metric) -> Effect {
    effect(metric, (0.0, 0.0), (0.0, 0.0, 0.0), Answer::Equivalent)
}

fn operation(name: &str, metrics: Vec<Effect>) -> OperationEffects {
    let quiet = [Metric::ErrorShare, Metric::MissShare]
        .into_iter()
        .filter(|metric| !metrics.iter().any(|effect| effect.metric == *metric))
        .map(quiet);
    let quiet: Vec<Effect> = quiet.collect();
    OperationEffects { name: name.to_owned(), metrics: metrics.into_iter().chain(quiet).collect() }
}

fn operations() -> Vec<OperationEffects> {
    let (p50, p95, p99) = (Metric::P50, Metric::P95, Metric::P99);
    let too_few = Effect {
        gated: false,
        change: None,
        low: None,
        high: None,
        detectable: None,
        reason: Some("12 calls a run are too few for p95: it takes 60".to_owned()),
        ..effect(p95, (900.0, 950.0), (0.0, 0.0, 0.0), Answer::NotResolved)
    };
    vec![
        operation(
            "search_library",
            vec![
                effect(p50, (10_000.0, 10_800.0), (0.06, 0.08, 0.1), Answer::Slower),
                effect(p95, (20_000.0, 24_200.0), (0.15, 0.21, 0.284), Answer::Slower),
                effect(p99, (40_000.0, 52_000.0), (0.2, 0.3, 0.41), Answer::Slower),
                effect(Metric::Throughput, (190.0, 150.0), (-0.25, -0.21, -0.17), Answer::Slower),
            ],
        ),
        operation(
            "facets",
            vec![
                effect(p50, (800.0, 805.0), (-0.01, 0.006, 0.02), Answer::Equivalent),
                effect(p95, (2_000.0, 2_150.0), (-0.06, 0.075, 0.2), Answer::NotResolved),
                effect(Metric::MissShare, (0.001, 0.021), (0.012, 0.02, 0.029), Answer::Slower),
            ],
        ),
        operation(
            "fuzzy_search",
            vec![effect(p50, (5_000.0, 3_900.0), (-0.25, -0.22, -0.18), Answer::Faster), too_few],
        ),
        operation("all", vec![effect(p50, (4_000.0, 4_100.0), (0.01, 0.025, 0.04), Answer::Equivalent)]),
    ]
}

/// A duet with every answer.
pub(in crate::report) fn pairs() -> Effects {
    let aside = |pair: u32, reason: &str| SetAside { pair, reason: reason.to_owned() };
    let side = |label: &str| SideBrief { label: label.to_owned(), runs: 21, from: at(0), until: at(9) };
    Effects {
        format: compare::FORMAT.to_owned(),
        version: compare::VERSION,
        tool_version: "0.1.0".to_owned(),
        workload: "mcp-mix".to_owned(),
        base: side("as-is"),
        new: side("set:work_mem=64kB"),
        design: Design::Pairs {
            pairs: 21,
            set_aside: vec![
                aside(2, "the block of new: other processes used 31.5 % of the processors"),
                aside(5, "a checkpoint came to the block of base alone"),
                aside(9, "the block of new: other processes used 12 % of the processors"),
            ],
        },
        confidence: 0.99,
        alpha: 0.004,
        experiment: Some(Experiment {
            id: "duet-1".to_owned(),
            planned_pairs: 30,
            looks: 4,
            budget_seconds: 600.0,
            took_seconds: 545.0,
            block_seconds: 3.0,
            ended: Stop::Certain,
        }),
        operations: operations(),
        plans: vec![PlanChange {
            statements: vec!["search_library.rows".to_owned()],
            case: PlanCase::Heavy,
            sentence: "a sort spills to disk".to_owned(),
        }],
        settings: vec![
            SettingChange {
                name: "work_mem".to_owned(),
                base: Some("4MB".to_owned()),
                new: Some("64kB".to_owned()),
            },
            SettingChange { name: "jit".to_owned(), base: None, new: Some(String::new()) },
        ],
        cautions: vec!["the text of the workload differs between the sides".to_owned()],
    }
}

/// The same with other answers.
pub(in crate::report) fn answered(answer: impl Fn(&Effect) -> Answer) -> Effects {
    let mut effects = pairs();
    for operation in &mut effects.operations {
        for effect in &mut operation.metrics {
            effect.answer = answer(effect);
        }
    }
    effects
}

/// Runs at different times, too few of them for an interval.
pub(in crate::report) fn groups() -> Effects {
    let mut effects = answered(|_| Answer::NotResolved);
    effects.design = Design::Groups;
    effects.experiment = None;
    for effect in effects.operations.iter_mut().flat_map(|operation| &mut operation.metrics) {
        (effect.low, effect.high, effect.detectable) = (None, None, None);
        effect.reason = Some("3 and 3 runs are too few for this confidence".to_owned());
    }
    for side in [&mut effects.base, &mut effects.new] {
        side.runs = 3;
    }
    (effects.base.label, effects.new.label) = ("base".to_owned(), "new".to_owned());
    effects
}

/// One run a side.
pub(in crate::report) fn single() -> Effects {
    let mut effects = groups();
    effects.design = Design::Single;
    for effect in effects.operations.iter_mut().flat_map(|operation| &mut operation.metrics) {
        effect.reason =
            Some("one run a side: what differs between runs that are the same is not known".to_owned());
    }
    effects
}

/// Poison wherever there is text, and numbers that are none.
pub(in crate::report) fn hostile() -> Effects {
    let mut effects = pairs();
    for text in [&mut effects.workload, &mut effects.tool_version, &mut effects.base.label] {
        *text = EVIL.to_owned();
    }
    effects.new.label = EVIL.to_owned();
    for operation in &mut effects.operations {
        operation.name = EVIL.to_owned();
    }
    effects.design =
        Design::Pairs { pairs: 1, set_aside: vec![SetAside { pair: 1, reason: EVIL.to_owned() }] };
    let numbers = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300];
    let all = effects.operations.iter_mut().flat_map(|operation| &mut operation.metrics);
    for (effect, number) in all.zip(numbers.into_iter().cycle()) {
        for value in [&mut effect.base, &mut effect.new, &mut effect.low, &mut effect.high] {
            *value = Some(number);
        }
        (effect.change, effect.detectable, effect.least) = (Some(number), Some(number), number);
        effect.reason = Some(EVIL.to_owned());
    }
    effects.operations.extend(operations());
    if let Some(experiment) = &mut effects.experiment {
        (experiment.took_seconds, experiment.budget_seconds) = (f64::NAN, f64::INFINITY);
    }
    effects.plans[0].statements = vec![EVIL.to_owned(); 2];
    effects.plans[0].sentence = EVIL.to_owned();
    let evil = Some(EVIL.to_owned());
    effects.settings = vec![SettingChange { name: EVIL.to_owned(), base: evil.clone(), new: evil }];
    effects.cautions = vec![EVIL.to_owned()];
    effects
}

fn check(against: Against, of: (&str, Metric), result: CheckResult, sentence: &str) -> Check {
    Check { against, operation: of.0.to_owned(), metric: of.1, result, sentence: sentence.to_owned() }
}

fn checks() -> Vec<Check> {
    let (p50, p95) = (Metric::P50, Metric::P95);
    let base = |name: &str, metric: Metric, result: CheckResult, sentence: &str| {
        check(Against::Base, (name, metric), result, sentence)
    };
    let mut checks = vec![
        base("facets", p50, CheckResult::Passed, "equivalent within 5 %"),
        base("search_library", p95, CheckResult::Failed, "slower: +21 % (+15..+28 %), 5 % is allowed"),
        base("facets", p95, CheckResult::NotResolved, "could have seen 18 %, 5 % is allowed"),
        base("fuzzy_search", p50, CheckResult::Excused, "slower, but not so when it was measured once more"),
        check(Against::History, ("all", p95), CheckResult::Passed, "no change in 30 nights"),
        check(Against::Slo, ("facets", p95), CheckResult::Passed, "2.15 ms of 200 ms"),
        check(Against::Errors, ("all", Metric::ErrorShare), CheckResult::Failed, "1.2 %, 0.1 % is allowed"),
    ];
    checks.extend((0..7).map(|index| {
        let name = format!("operation_{index}");
        check(Against::Slo, (&name, p95), CheckResult::Passed, "12 ms of 200 ms")
    }));
    checks
}

/// An operation that has nights before it, and one that was never answered.
fn latencies() -> Vec<Latency> {
    let latency = |name: &str, [p50_us, p95_us, nights_p50_us, nights_p95_us]: [Option<f64>; 4], nights| {
        Latency { operation: name.to_owned(), p50_us, p95_us, nights, nights_p50_us, nights_p95_us }
    };
    let answered = [904.0, 1_808.0, 814.0, 1_718.0].map(Some);
    vec![latency("search_library", answered, 12), latency("facets", [None; 4], 0)]
}

/// A verdict with checks of every kind.
pub(in crate::report) fn verdict(outcome: Outcome) -> Verdict {
    let shift = |provisional: bool, revision: Option<&str>| Shift {
        operation: "search_library".to_owned(),
        metric: Metric::P95,
        night: "2024-10-01".to_owned(),
        at: at(0),
        revision: revision.map(str::to_owned),
        before: 20_000.0,
        after: 24_000.0,
        change: 0.2,
        p: 0.001,
        nights_since: if provisional { 1 } else { 6 },
        provisional,
        worse: true,
    };
    let mut checks = checks();
    if outcome == Outcome::Pass {
        checks.retain(|check| check.result == CheckResult::Passed);
    }
    let passes = outcome == Outcome::Pass;
    Verdict {
        format: verdict::FORMAT.to_owned(),
        version: verdict::VERSION,
        tool_version: "0.1.0".to_owned(),
        at: at(10),
        outcome,
        sentence: match outcome {
            Outcome::Pass => "nothing is slower than the base",
            Outcome::Fail => "search_library p95 is slower than the base by 21 %",
            Outcome::Inconclusive => "the machine is too restless to tell",
        }
        .to_owned(),
        workload: "mcp-mix".to_owned(),
        policy: "gate.toml".to_owned(),
        checks,
        latencies: if passes { Vec::new() } else { latencies() },
        effects: Some(if passes { answered(|_| Answer::Equivalent) } else { pairs() }),
        confirmation: (outcome == Outcome::Fail).then(pairs),
        shifts: if passes {
            Vec::new()
        } else {
            vec![shift(true, None), shift(false, Some("0123456789abcdef0123"))]
        },
        cautions: vec!["the history has 9 nights only".to_owned()],
    }
}

/// Poison wherever a verdict has text.
pub(in crate::report) fn hostile_verdict() -> Verdict {
    let mut verdict = verdict(Outcome::Fail);
    for text in [&mut verdict.sentence, &mut verdict.workload, &mut verdict.policy, &mut verdict.tool_version]
    {
        *text = EVIL.to_owned();
    }
    for check in &mut verdict.checks {
        (check.operation, check.sentence) = (EVIL.to_owned(), EVIL.to_owned());
    }
    for latency in &mut verdict.latencies {
        (latency.operation, latency.p50_us, latency.p95_us) =
            (EVIL.to_owned(), Some(f64::NAN), Some(f64::INFINITY));
    }
    for shift in &mut verdict.shifts {
        (shift.night, shift.operation, shift.revision) =
            (EVIL.to_owned(), EVIL.to_owned(), Some(EVIL.to_owned()));
        (shift.before, shift.after, shift.change) = (f64::NAN, f64::INFINITY, f64::NEG_INFINITY);
    }
    verdict.cautions = vec![EVIL.to_owned()];
    (verdict.effects, verdict.confirmation) = (Some(hostile()), Some(hostile()));
    verdict
}

/// An A/A measurement of so many comparisons, the first ones with an alarm.
pub(in crate::report) fn alarms(comparisons: usize, with_alarm: usize) -> FalseAlarms {
    let comparison = |index: usize| Comparison {
        judged: 42,
        slower: usize::from(index < with_alarm),
        faster: 0,
        equivalent: 30,
        over_threshold: usize::from(index.is_multiple_of(3)),
        single_run: usize::from(!index.is_multiple_of(5)),
    };
    let detectable = |operation: &str, metric: Metric, change: Option<f64>| Detectable {
        operation: operation.to_owned(),
        metric,
        spread: if metric.is_share() { 0.001 } else { 0.034 },
        change,
    };
    FalseAlarms {
        format: false_alarms::FORMAT.to_owned(),
        version: false_alarms::VERSION,
        tool_version: "0.1.0".to_owned(),
        at: at(0),
        took_seconds: 30_000.0,
        machine: "Some CPU, 2 processors, 8 GB".to_owned(),
        postgresql: "17.2".to_owned(),
        workload: "mcp-mix".to_owned(),
        side: "as-is".to_owned(),
        load: "8 clients, closed loop".to_owned(),
        options_sha256: "0".repeat(64),
        tracks: 10_000,
        confidence: 0.99,
        block_seconds: 3.0,
        pairs: 20,
        set_aside: 14,
        comparisons: (0..comparisons).map(comparison).collect(),
        detectable: vec![
            detectable("facets", Metric::P50, Some(0.071)),
            detectable("search_library", Metric::P95, None),
            detectable("search_library", Metric::P50, Some(0.12)),
            detectable("all", Metric::ErrorShare, Some(0.0062)),
        ],
        rate_per_second: Some(240.0),
        spread: Vec::new(),
    }
}

/// Poison wherever an A/A measurement has text.
pub(in crate::report) fn hostile_alarms() -> FalseAlarms {
    let mut alarms = alarms(3, 1);
    for text in [
        &mut alarms.machine,
        &mut alarms.postgresql,
        &mut alarms.workload,
        &mut alarms.side,
        &mut alarms.load,
        &mut alarms.tool_version,
    ] {
        *text = EVIL.to_owned();
    }
    for one in &mut alarms.detectable {
        (one.operation, one.spread, one.change) = (EVIL.to_owned(), f64::NAN, Some(f64::INFINITY));
    }
    (alarms.block_seconds, alarms.took_seconds) = (f64::NAN, f64::INFINITY);
    alarms
}

/// Holds `text` against what it was, in tests/snapshots.
pub(in crate::report) fn snapshot(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}

/// What holds for whatever is printed from poison: nothing of it is obeyed, and no number is none.
pub(in crate::report) fn harmless(text: &str) {
    assert!(!text.contains(['\u{1b}', '\0', '\r', '\u{202E}']), "{text}");
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
}

//! Execution plans: each text of the workload explained with parameters that calls of the window had.
//!
//! It happens after the counters were read, in a session like those of the load, and nothing of it stays: each statement is
//! executed in a transaction of its own that is rolled back. What else is worth a trial is added in `candidates`.

mod ask;
mod candidates;
mod index_trials;
mod texts;
mod trials;

pub use index_trials::try_indexes;

use crate::{
    engine::{Bound, CapturedCalls},
    flags::Setting,
    record::{self, PlanCase, StatementPlan, WhatIf},
    stats::stream,
    target::{Route, connect},
    workload::Protocol,
};
use ask::{Answer, Asker, How, Refusal};
use std::time::{Duration, Instant};
use texts::{Case, Sent, Text};
use trials::Executed;

/// How long one statement may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Purpose of the random streams that draw values where those of a call cannot be used twice; the clients' have others.
const ANEW_STREAMS: u64 = 104;
/// How often values are drawn anew for one statement.
const DRAWS: u32 = 3;

/// What is to be explained.
pub struct Explaining<'a> {
    /// How the load reached the server.
    pub route: &'a Route,
    /// What it sent.
    pub bound: &'a Bound,
    /// Parameters of its calls, by operation.
    pub captured: &'a [CapturedCalls],
    /// As in 150018.
    pub version_number: u32,
    /// Of the run.
    pub seed: u64,
    /// As a session of the load has them.
    pub settings: &'a [Setting],
    /// How long it may take in all, trials of other settings not counted.
    pub budget: Duration,
    /// How long those may take in all.
    pub budget_of_trials: Duration,
}

/// What the server explained, and what it did not.
#[derive(Debug, Default)]
pub struct Explained {
    /// By text in the workload's order, then by case.
    pub plans: Vec<StatementPlan>,
    /// What other settings would have done to them.
    pub what_ifs: Vec<WhatIf>,
    /// What is not there, and why.
    pub missing: Vec<String>,
    executed: Vec<Executed>,
}

/// Explains every text of the workload. What was explained so far is in `into`, even if this is dropped before its end.
pub async fn explain_statements(asked: &Explaining<'_>, into: &mut Explained) {
    let client = match connect(&asked.route.with_application_name("loist-bench plans")).await {
        Ok(client) => client,
        Err(error) => return into.missing.push(format!("plans of the statements: {error}")),
    };
    let begins_with = asked.bound.workload.envelope.begin.as_str();
    let asker = Asker { client: &client, begins_with, version_number: asked.version_number };
    let deadline = Instant::now() + asked.budget;
    let (mut without_call, mut too_late, mut cut_off) = (Vec::new(), Vec::new(), Vec::new());
    for (number, text) in texts::distinct(asked.bound).into_iter().enumerate() {
        let cases = texts::choose(&text, asked.bound, asked.captured);
        let mut one = OneText { asked, asker: &asker, text: &text, number, deadline, into };
        match () {
            () if cases.is_empty() => without_call.extend(text.names.clone()),
            () if client.is_closed() => cut_off.extend(text.names.clone()),
            () if one.is_over() => too_late.extend(text.names.clone()),
            () => one.explain(cases).await,
        }
    }
    let budget = asked.budget.as_secs();
    for (names, why) in [
        (without_call, "no call completed in the window".to_owned()),
        (too_late, format!("not explained any more, the {budget} s for it were over")),
        (cut_off, "not explained, the connection was lost".to_owned()),
    ] {
        if !names.is_empty() {
            into.missing.push(format!("plans of {}: {why}", names.join(", ")));
        }
    }
    let deadline = Instant::now() + asked.budget_of_trials;
    into.what_ifs = trials::try_settings(&asker, asked.settings, &into.plans, &into.executed, deadline).await;
}

/// One text at work.
struct OneText<'a, 'b> {
    asked: &'a Explaining<'a>,
    asker: &'a Asker<'a>,
    text: &'a Text<'a>,
    /// Which text it is.
    number: usize,
    deadline: Instant,
    into: &'b mut Explained,
}

impl OneText<'_, '_> {
    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    async fn explain(&mut self, cases: Vec<Case<'_>>) {
        let mut generic = None;
        let mut drawn_anew = false;
        for mut case in cases {
            if self.is_over() {
                self.miss(case.case, "not explained any more, the time for it was over");
                continue;
            }
            let mut answer = self.ask(&case, false).await;
            if is_duplicate(&answer) {
                if drawn_anew {
                    // One set of values that nobody asked for is as good as another.
                    continue;
                }
                drawn_anew = true;
                answer = self.ask_anew(&mut case).await;
            }
            self.keep(&case, answer);
            generic.get_or_insert(case);
        }
        let is_prepared = self.asked.bound.protocol == Protocol::Prepared;
        if let Some(case) = generic.filter(|case| is_prepared && !case.sent.parameters.is_empty()) {
            let case = Case { case: PlanCase::Generic, ..case };
            if self.is_over() {
                return self.miss(case.case, "not explained any more, the time for it was over");
            }
            let answer = self.ask(&case, true).await;
            self.keep(&case, answer);
        }
    }

    async fn ask(&self, case: &Case<'_>, is_generic: bool) -> Result<Answer, Refusal> {
        let writes = case.statement.template.mutates();
        let how = How { is_generic, writes, limit: self.left().min(LIMIT) };
        self.asker.explain(&case.sent, how).await
    }

    /// The same with values that no call had: a row that is there cannot be inserted again.
    async fn ask_anew(&self, case: &mut Case<'_>) -> Result<Answer, Refusal> {
        let bound = self.asked.bound;
        let mut rng = stream(self.asked.seed, ANEW_STREAMS, self.number as u64);
        let mut draws = 0;
        loop {
            let values = bound.draw_anew(case.operation, &mut rng);
            case.sent = Sent::new(bound, case.operation, case.statement, &values);
            case.service = None;
            let answer = self.ask(case, false).await;
            draws += 1;
            if draws == DRAWS || !is_duplicate(&answer) {
                return answer;
            }
        }
    }

    fn keep(&mut self, case: &Case<'_>, answer: Result<Answer, Refusal>) {
        let answer = match answer {
            Ok(answer) => answer,
            Err(refusal) => return self.miss(case.case, &refusal.reason),
        };
        let Some(node) = answer.explained.get("Plan") else {
            return self.miss(case.case, "the server explained nothing");
        };
        let (fingerprint, shape) = (record::fingerprint(node), record::shape(node));
        if let Some(refusal) = &answer.refusal {
            self.miss(case.case, &format!("planned, but not executed: {}", refusal.reason));
        }
        if answer.refusal.is_none() && !case.statement.template.mutates() {
            let sent = case.sent.clone();
            self.into.executed.push(Executed { plan: self.into.plans.len(), sent });
        }
        self.into.plans.push(StatementPlan {
            statements: self.text.names.clone(),
            case: case.case,
            sql: case.sent.sql.clone(),
            parameters: case.sent.parameters.clone(),
            call_ms: case.service.map(|service| service.as_secs_f64() * 1e3),
            executed: answer.refusal.is_none(),
            fingerprint,
            shape,
            explained: answer.explained,
        });
    }

    fn miss(&mut self, case: PlanCase, why: &str) {
        self.into.missing.push(format!("plan of {} ({}): {why}", self.text.names.join(", "), case.name()));
    }
}

fn is_duplicate(answer: &Result<Answer, Refusal>) -> bool {
    matches!(answer, Ok(Answer { refusal: Some(refusal), .. }) if refusal.is_duplicate)
}

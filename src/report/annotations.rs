//! A gate's verdict as workflow commands of GitHub Actions: what they print stands beside the change that it is about.

use super::{gate::words, xml::plain};
use crate::gate::{CheckResult, Outcome, Verdict};

/// Annotations of one kind: GitHub shows ten of a step, and drops the others without a word.
const MOST: usize = 10;

/// What a line is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
    Notice,
}

impl Level {
    const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Notice];

    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// An annotation.
struct Line {
    level: Level,
    title: String,
    message: String,
}

/// The outcome, then a line a check that did not pass and a change of the history for the worse, errors first. What passes
/// warns of nothing.
#[must_use]
pub fn render(verdict: &Verdict) -> String {
    let mut lines = lines(verdict);
    let outcome = Line {
        level: match verdict.outcome {
            Outcome::Pass => Level::Notice,
            Outcome::Fail => Level::Error,
            Outcome::Inconclusive => Level::Warning,
        },
        title: format!("loist-bench gate: {}", words::outcome(verdict.outcome).1),
        message: verdict.sentence.clone(),
    };
    if verdict.outcome == Outcome::Pass {
        lines.iter_mut().for_each(|line| line.level = Level::Notice);
    }
    lines.insert(0, outcome);
    Level::ALL.into_iter().map(|level| of_level(level, &lines)).collect()
}

fn lines(verdict: &Verdict) -> Vec<Line> {
    let check = |check: &crate::gate::Check| {
        let level = match check.result {
            CheckResult::Failed => Level::Error,
            CheckResult::NotResolved => Level::Warning,
            CheckResult::Excused => Level::Notice,
            CheckResult::Passed => return None,
        };
        let title = format!("{} {} {}", check.operation, check.metric.title(), check.against.name());
        // A failure says what it is by itself.
        let word = match check.result {
            CheckResult::NotResolved => format!("{}: ", words::result(check.result).1),
            _ => String::new(),
        };
        Some(Line { level, title, message: word + &check.sentence })
    };
    let shifts = verdict.shifts.iter().filter(|shift| shift.worse).map(|shift| Line {
        level: if shift.provisional { Level::Notice } else { Level::Warning },
        title: format!("{} {} since {}", shift.operation, shift.metric.title(), shift.night),
        message: words::shift(shift),
    });
    verdict.checks.iter().filter_map(check).chain(shifts).collect()
}

/// Lines of one level; where there are too many, the last one says how many more there are.
fn of_level(level: Level, lines: &[Line]) -> String {
    let own: Vec<&Line> = lines.iter().filter(|line| line.level == level).collect();
    let shown = if own.len() > MOST { MOST - 1 } else { own.len() };
    let mut out: String =
        own.iter().take(shown).map(|line| command(level, &line.title, &line.message)).collect();
    if own.len() > shown {
        let more = format!("and {} more: see the report of the gate", own.len() - shown);
        out.push_str(&command(level, "loist-bench gate", &more));
    }
    out
}

fn command(level: Level, title: &str, message: &str) -> String {
    format!("::{} title={}::{}\n", level.name(), property(&plain(title)), data(&plain(message)))
}

/// As a message is written.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As a property is written.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn each_line_is_one_command() {
        let text = render(&fixture::verdict(Outcome::Fail));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("::error title=loist-bench gate%3A FAIL::"), "{text}");
        assert_eq!(lines.iter().filter(|line| line.starts_with("::error ")).count(), 3, "{text}");
        assert!(text.contains("::warning title=facets p95 against the base::"), "{text}");
        assert!(text.contains("::notice title=fuzzy_search p50 against the base::"), "{text}");
        assert!(text.contains("+21 %25 (+15..+28 %25)"), "{text}");
        assert!(!text.contains(" passed"), "{text}");
        let pass = render(&fixture::verdict(Outcome::Pass));
        assert!(pass.starts_with("::notice title=loist-bench gate%3A PASS::"), "{pass}");
        assert!(text.contains("::not resolved: could have seen 18 %25"), "{text}");
        let mut open = fixture::verdict(Outcome::Fail);
        open.outcome = Outcome::Pass;
        open.checks.retain(|check| check.result != CheckResult::Failed);
        let open = render(&open);
        assert!(
            open.lines().all(|line| line.starts_with("::notice ")) && open.contains("not resolved"),
            "{open}"
        );
    }

    #[test]
    fn nothing_begins_a_command_of_its_own() {
        let mut verdict = fixture::verdict(Outcome::Fail);
        let evil = "a,b:c\r\n::add-mask::x%0A\u{1b}[1m\u{202E}";
        verdict.sentence = evil.to_owned();
        verdict.checks[1].operation = evil.to_owned();
        verdict.checks[1].sentence = evil.to_owned();
        let text = render(&verdict);
        for line in text.lines() {
            assert!(["::error ", "::warning ", "::notice "].iter().any(|begin| line.starts_with(begin)));
            let title = line.split_once("title=").unwrap().1.split_once("::").unwrap().0;
            assert!(!title.contains([',', ':']), "{title}");
        }
        assert!(text.contains("a,b:c  ::add-mask::x%250A[1m\n"), "{text}");
        assert!(text.contains("title=a%2Cb%3Ac  %3A%3Aadd-mask%3A%3Ax%250A[1m"), "{text}");
    }

    #[test]
    fn what_would_be_dropped_is_counted() {
        let mut verdict = fixture::verdict(Outcome::Fail);
        let failed = verdict.checks.iter().find(|check| check.result == CheckResult::Failed).unwrap().clone();
        verdict.checks.extend(vec![failed; 40]);
        let text = render(&verdict);
        let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("::error")).collect();
        assert_eq!(errors.len(), MOST);
        assert!(errors[MOST - 1].ends_with("and 34 more: see the report of the gate"), "{text}");
    }
}

//! A gate's verdict as JUnit XML, for whatever shows the results of tests.

use super::{gate::words, mark::GATE, xml::plain};
use crate::gate::{Check, CheckResult, Outcome, Verdict};
use chrono::{DateTime, Utc};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// One suite a thing that checks are held against, one case a check. What could not be resolved and what is excused is
/// skipped, with its reason.
#[must_use]
pub fn render(verdict: &Verdict) -> String {
    let mut report = Report::unnamed();
    report.add_test_suites(words::groups(verdict).iter().enumerate().map(|(index, group)| {
        let mut suite = suite(verdict, group.against.name(), index);
        suite.set_time(took(verdict, group));
        suite.add_test_cases(group.checks.iter().map(|check| case(verdict, check)));
        suite
    }));
    if verdict.checks.is_empty() {
        report.add_test_suite(unchecked(verdict));
    }
    let xml = report.to_string().expect("writing to memory does not fail");
    as_schema(&xml)
}

/// What the schema of JUnit's files asks of every suite.
fn suite(verdict: &Verdict, against: &str, index: usize) -> TestSuite {
    let mut suite = TestSuite::new(format!("loist-bench gate {against}"));
    for (name, value) in [
        ("package", "loist-bench".to_owned()),
        ("id", index.to_string()),
        // What the schema wants where it is not known.
        ("hostname", "localhost".to_owned()),
        // The schema takes neither fractions nor an offset.
        ("timestamp", moment(verdict.at)),
    ] {
        suite.extra.insert(name.into(), value.into());
    }
    for (name, value) in [
        ("outcome", words::outcome(verdict.outcome).1.to_owned()),
        ("policy", plain(&verdict.policy)),
        ("workload", plain(&verdict.workload)),
        ("loist-bench version", plain(&verdict.tool_version)),
    ] {
        suite.add_property(Property::new(name, value));
    }
    let shifts = verdict.shifts.iter().map(words::shift);
    let cautions = verdict.cautions.iter().map(|caution| format!("caution: {}", plain(caution)));
    let said: Vec<String> = std::iter::once(words::line(verdict)).chain(shifts).chain(cautions).collect();
    suite.set_time(Duration::ZERO).set_system_out(said.join("\n")).set_system_err("");
    suite
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Time that the measurement took: that of the comparison belongs to the checks against the base.
fn took(verdict: &Verdict, group: &words::Group<'_>) -> Duration {
    if group.against != crate::gate::Against::Base {
        return Duration::ZERO;
    }
    let effects = verdict.effects.iter().chain(&verdict.confirmation);
    let experiments = effects.filter_map(|effects| effects.experiment.as_ref());
    let seconds: f64 = experiments.map(|experiment| experiment.took_seconds).sum();
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

fn case(verdict: &Verdict, check: &Check) -> TestCase {
    let sentence = plain(&check.sentence);
    let mut status = match check.result {
        CheckResult::Passed => TestCaseStatus::success(),
        CheckResult::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        CheckResult::NotResolved | CheckResult::Excused => TestCaseStatus::skipped(),
    };
    match check.result {
        CheckResult::Passed => {}
        CheckResult::Failed => {
            status.set_type("worse than allowed").set_message(sentence.clone()).set_description(sentence);
        }
        CheckResult::NotResolved | CheckResult::Excused => {
            status.set_message(format!("{}: {sentence}", words::result(check.result).1));
        }
    }
    let mut case = TestCase::new(format!("{} {}", plain(&check.operation), check.metric.title()), status);
    case.set_classname(format!("loist-bench.{}", plain(&verdict.workload))).set_time(Duration::ZERO);
    case
}

/// A verdict without a check says why: it passes for nothing that it is not.
fn unchecked(verdict: &Verdict) -> TestSuite {
    let mut status = match verdict.outcome {
        Outcome::Pass => TestCaseStatus::success(),
        Outcome::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Outcome::Inconclusive => TestCaseStatus::skipped(),
    };
    if verdict.outcome == Outcome::Fail {
        status.set_type("worse than allowed");
    }
    if verdict.outcome != Outcome::Pass {
        status.set_message(plain(&verdict.sentence));
    }
    let mut case = TestCase::new("verdict", status);
    case.set_classname("loist-bench").set_time(Duration::ZERO);
    let mut suite = suite(verdict, "without checks", 0);
    suite.add_test_case(case);
    suite
}

/// The schema allows the outermost element no attributes: the suites have the counts. Before it stands by whom the file
/// was made.
fn as_schema(xml: &str) -> String {
    const BEGIN: &str = "<testsuites";
    let Some((head, rest)) = xml.split_once(BEGIN) else { return xml.to_owned() };
    let Some((_, body)) = rest.split_once('>') else { return xml.to_owned() };
    format!("{head}{GATE}{BEGIN}>{body}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use quick_xml::{Reader, events::Event};
    use std::collections::BTreeMap;

    /// An element with its attributes, and the text in it.
    type Element = (String, BTreeMap<String, String>, String);

    /// All elements in the order in which they begin; panics where it is no XML.
    fn read(xml: &str) -> Vec<Element> {
        let mut reader = Reader::from_str(xml);
        let (mut all, mut open): (Vec<Element>, Vec<usize>) = (Vec::new(), Vec::new());
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => {
                    open.push(all.len());
                    all.push(element(&start));
                }
                Event::Empty(start) => all.push(element(&start)),
                Event::Text(text) => {
                    if let Some(at) = open.last() {
                        all[*at].2.push_str(&text.decode().unwrap());
                    }
                }
                Event::End(_) => drop(open.pop()),
                Event::Eof => return all,
                _ => {}
            }
        }
    }

    fn element(start: &quick_xml::events::BytesStart<'_>) -> Element {
        let name = String::from_utf8(start.name().as_ref().to_vec()).unwrap();
        let attributes = start.attributes().map(|attribute| {
            let attribute = attribute.unwrap();
            let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
            let value = String::from_utf8(attribute.value.to_vec()).unwrap();
            (key, quick_xml::escape::unescape(&value).unwrap().into_owned())
        });
        (name, attributes.collect(), String::new())
    }

    fn named<'a>(all: &'a [Element], name: &str) -> Vec<&'a Element> {
        all.iter().filter(|(own, ..)| own == name).collect()
    }

    #[test]
    fn a_suite_has_what_it_was_held_against_and_a_case_each_check() {
        let verdict = fixture::verdict(Outcome::Fail);
        let all = read(&render(&verdict));
        assert_eq!(all[0].0, "testsuites");
        assert!(all[0].1.is_empty(), "the schema allows none");
        let suites = named(&all, "testsuite");
        let counts: Vec<[&str; 5]> = suites
            .iter()
            .map(|(_, own, _)| {
                ["name", "tests", "failures", "skipped", "errors"].map(|name| own[name].as_str())
            })
            .collect();
        assert_eq!(
            counts,
            [
                ["loist-bench gate against the base", "4", "1", "2", "0"],
                ["loist-bench gate against the nights before", "1", "0", "0", "0"],
                ["loist-bench gate against the objective", "8", "0", "0", "0"],
                ["loist-bench gate against the budget of errors", "1", "1", "0", "0"],
            ]
        );
        assert_eq!(suites[0].1["time"], "1090.000", "both measurements");
        assert_eq!(suites[0].1["timestamp"], "2024-10-04T00:10:00");
        assert_eq!(named(&all, "testcase").len(), verdict.checks.len());
        let failures = named(&all, "failure");
        assert_eq!(failures.len(), 2);
        assert_eq!(failures[0].1["message"], "slower: +21 % (+15..+28 %), 5 % is allowed");
        let skipped: Vec<&str> = named(&all, "skipped").iter().map(|one| one.1["message"].as_str()).collect();
        assert_eq!(
            skipped,
            [
                "not resolved: could have seen 18 %, 5 % is allowed",
                "excused: slower, but not so when it was measured once more"
            ]
        );
        let cases = named(&all, "testcase");
        assert_eq!(cases[0].1["name"], "search_library p95", "failures first");
        let properties: Vec<(&str, &str)> = named(&all, "property")
            .iter()
            .take(4)
            .map(|(_, own, _)| (own["name"].as_str(), own["value"].as_str()))
            .collect();
        assert_eq!(
            properties,
            [
                ("outcome", "FAIL"),
                ("policy", "gate.toml"),
                ("workload", "mcp-mix"),
                ("loist-bench version", "0.1.0")
            ]
        );
    }

    #[test]
    fn hostile_text_is_read_back_as_text() {
        let verdict = fixture::hostile_verdict();
        let xml = render(&verdict);
        fixture::harmless(&xml.replace("infinity", ""));
        let all = read(&xml);
        assert_eq!(named(&all, "testcase").len(), verdict.checks.len());
        assert!(named(&all, "script").is_empty());
        assert!(
            named(&all, "testcase")[0].1["name"].starts_with("</summary><script>alert(1)</script>|`*@me")
        );
    }

    #[test]
    fn a_verdict_without_checks_is_a_case_of_its_own() {
        for (outcome, element) in [(Outcome::Fail, "failure"), (Outcome::Inconclusive, "skipped")] {
            let mut verdict = fixture::verdict(outcome);
            verdict.checks.clear();
            let all = read(&render(&verdict));
            assert_eq!(named(&all, "testcase").len(), 1);
            assert_eq!(named(&all, element)[0].1["message"], verdict.sentence);
        }
    }
}

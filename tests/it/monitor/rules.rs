//! The alert rules as files: Prometheus' own tool takes them, they name what there is, and the documentation knows each.

use super::{file, known, named_in, prometheus::promtool};
use std::collections::BTreeSet;

/// The names of all alerts.
pub(super) fn alerts() -> BTreeSet<String> {
    let rules = file("monitoring/alerts.yaml");
    rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).map(str::to_owned).collect()
}

#[test]
fn promtool_takes_the_rules() {
    let said = promtool(&["check", "rules", "monitoring/alerts.yaml"]);
    assert!(said.contains(&format!("{} rules found", alerts().len())), "{said}");
}

#[test]
fn each_rule_fires_when_it_should_and_not_when_it_should_not() {
    promtool(&["test", "rules", "monitoring/alerts_test.yaml"]);
    let tests = file("monitoring/alerts_test.yaml");
    for alert in alerts() {
        for answer in ["fires", "does not fire"] {
            assert!(tests.contains(&format!("  - name: {alert} {answer}, ")), "{alert} {answer}");
        }
    }
}

#[test]
fn rules_name_only_metrics_that_there_are() {
    for name in ["monitoring/alerts.yaml", "monitoring/alerts_test.yaml"] {
        let unknown: Vec<String> = named_in(&file(name)).difference(&known()).cloned().collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
    }
}

#[test]
fn each_alert_is_explained() {
    let (rules, page) = (file("monitoring/alerts.yaml"), file("docs/monitoring.md"));
    for rule in rules.split("- alert: ").skip(1) {
        let alert = rule.lines().next().unwrap();
        for part in ["expr:", "summary:", "description:"] {
            assert!(rule.contains(part), "{alert}: {part}");
        }
        let severity = rule.split("severity: ").nth(1).unwrap().lines().next().unwrap();
        assert!(["critical", "warning"].contains(&severity), "{alert}");
        let anchor = format!("runbook_url: docs/monitoring.md#{}\n", alert.to_lowercase());
        assert!(rule.contains(&anchor), "{alert}");
        let mut capital = severity.to_owned();
        capital[..1].make_ascii_uppercase();
        assert!(page.contains(&format!("\n### {alert}\n\n{capital}. ")), "{alert}");
    }
}

/// The table of the documentation is that of the program.
#[test]
fn each_metric_is_documented() {
    let page = file("docs/monitoring.md");
    let documented: Vec<&str> = page.lines().filter(|line| line.starts_with("| `loist_pg_")).collect();
    let row = |metric: &&loist_bench::monitor::Metric| {
        let name = &metric.names()[0];
        let name = name.trim_end_matches("_bucket");
        let kind = format!("{:?}", metric.kind).to_lowercase();
        format!("| `{name}` | {kind} | {} | {} |", metric.labels.join(", "), metric.help)
    };
    let rows: Vec<String> = loist_bench::monitor::METRICS.iter().map(row).collect();
    assert_eq!(documented, rows, "put this into docs/monitoring.md:\n{}", rows.join("\n"));
}

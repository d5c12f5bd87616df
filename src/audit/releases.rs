//! Whether the server's version still gets, and has, what was mended: the rows of `data/versions.tsv`.

use super::{
    case::Case,
    check::{Check, Judged, Seen},
    finding::Severity,
};
use chrono::{Days, NaiveDate};

/// Where it stands what is supported.
const VERSIONING: &str = "https://www.postgresql.org/support/versioning/";

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "version-unsupported",
        severity: Severity::High,
        title: "the major version is no longer supported",
        why: "what is found in it from now on is mended nowhere",
        reference: VERSIONING,
        judge: unsupported,
    },
    Check {
        id: "version-ends-soon",
        severity: Severity::Low,
        title: "support of the major version ends within a year",
        why: "an upgrade takes a rehearsal, a window and a way back, which take their time",
        reference: VERSIONING,
        judge: ends_soon,
    },
    Check {
        id: "version-outdated",
        severity: Severity::Medium,
        title: "there is a later minor version",
        why: "minor versions mend nothing but faults and holes, and take a restart alone",
        reference: VERSIONING,
        judge: outdated,
    },
];

const VERSIONS: &str = include_str!("data/versions.tsv");
/// Days before the end of support from which it is near.
const NEAR: Days = Days::new(365);

/// A major version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Release {
    major: u32,
    /// The newest minor version that is known.
    newest: u32,
    supported_until: NaiveDate,
}

fn releases() -> impl Iterator<Item = Release> {
    let rows = VERSIONS.lines().filter(|line| !line.starts_with('#')).skip(1);
    // A broken row is a broken build, which a test finds.
    rows.filter_map(row)
}

fn row(line: &str) -> Option<Release> {
    let mut columns = line.split('\t');
    Some(Release {
        major: columns.next()?.parse().ok()?,
        newest: columns.next()?.parse().ok()?,
        supported_until: columns.next()?.parse().ok()?,
    })
}

fn of(case: &Case) -> Result<Release, String> {
    let major = case.evidence.server.version_number / 10_000;
    releases()
        .find(|release| release.major == major)
        .ok_or_else(|| format!("this loist-bench does not know PostgreSQL {major}: use a newer one"))
}

fn seen(case: &Case, words: &str) -> Seen {
    let server = &case.evidence.server;
    Seen::new(
        format!("PostgreSQL {}", server.version_number / 10_000),
        format!("the server is {}; {words}", server.version),
    )
}

fn unsupported(case: &Case) -> Judged {
    let release = of(case)?;
    if case.wanted.today <= release.supported_until {
        return Ok(Vec::new());
    }
    let words = format!("support ended on {}", release.supported_until);
    Ok(vec![seen(case, &words).by_hand(
        "upgrade to a major version that is supported (pg_upgrade; on Cloud SQL an upgrade in place)",
    )])
}

fn ends_soon(case: &Case) -> Judged {
    let release = of(case)?;
    let is_near =
        release.supported_until.checked_sub_days(NEAR).is_some_and(|near| case.wanted.today >= near);
    if !is_near || case.wanted.today > release.supported_until {
        return Ok(Vec::new());
    }
    let words = format!("support ends on {}", release.supported_until);
    Ok(vec![seen(case, &words).by_hand("rehearse the upgrade to a later major version on a copy")])
}

fn outdated(case: &Case) -> Judged {
    let release = of(case)?;
    let minor = case.evidence.server.version_number % 10_000;
    if minor >= release.newest {
        return Ok(Vec::new());
    }
    let words = format!("the newest is at least {}.{}", release.major, release.newest);
    let seen = seen(case, &words);
    Ok(vec![if case.is_cloud_sql() {
        seen.by_hand("Cloud SQL updates instances in their maintenance window; gcloud sql instances describe shows which versions can be had (availableMaintenanceVersions)")
    } else {
        seen.by_hand("install the newest minor version, and restart the server")
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole() {
        let rows = VERSIONS.lines().filter(|line| !line.starts_with('#')).skip(1).count();
        let all: Vec<Release> = releases().collect();
        assert_eq!(all.len(), rows);
        assert!(all.is_sorted_by(|a, b| a.major + 1 == b.major && a.supported_until < b.supported_until));
    }
}

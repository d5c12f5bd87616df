//! The instance of Cloud SQL: who reaches it, and what is left of it when something goes wrong.

use super::{
    case::Case,
    check::{Check, Judged, Seen, cloud_sql},
    finding::Severity,
};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "instance-tls-not-enforced",
        severity: Severity::High,
        title: "the instance takes connections without TLS",
        why: "a client that does not insist on TLS sends its statements and rows in the clear, and nobody notices",
        reference: cloud_sql!("configure-ssl-instance"),
        judge: tls,
    },
    Check {
        id: "instance-open-to-all",
        severity: Severity::Critical,
        title: "the whole internet may connect to the instance",
        why: "passwords are guessed by machines, all day long",
        reference: cloud_sql!("authorize-networks"),
        judge: open_to_all,
    },
    Check {
        id: "instance-public-address",
        severity: Severity::Medium,
        title: "the instance has a public address",
        why: "one network too many in a list opens it; a private address or the Auth Proxy leaves no list to get wrong",
        reference: cloud_sql!("configure-private-ip"),
        judge: public_address,
    },
    Check {
        id: "instance-without-backups",
        severity: Severity::Critical,
        title: "there are no backups",
        why: "what is dropped or spoilt is gone",
        reference: cloud_sql!("backup-recovery/backups"),
        judge: without_backups,
    },
    Check {
        id: "instance-few-backups",
        severity: Severity::Medium,
        title: "fewer than seven backups are kept",
        why: "a fault that is noticed after a week is in every one of them",
        reference: cloud_sql!("backup-recovery/backups"),
        judge: few_backups,
    },
    Check {
        id: "instance-without-pitr",
        severity: Severity::High,
        title: "no moment between backups can be restored",
        why: "a mistake costs everything since the last backup, up to a day",
        reference: cloud_sql!("backup-recovery/pitr"),
        judge: without_pitr,
    },
    Check {
        id: "instance-short-pitr",
        severity: Severity::Low,
        title: "moments of less than seven days can be restored",
        why: "a mistake of last week can only be taken back by a backup of its day",
        reference: cloud_sql!("backup-recovery/pitr"),
        judge: short_pitr,
    },
    Check {
        id: "instance-not-protected",
        severity: Severity::Medium,
        title: "the instance can be deleted by one command",
        why: "with it go its backups, but for those that were kept apart",
        reference: cloud_sql!("deletion-protection"),
        judge: not_protected,
    },
    Check {
        id: "instance-shared-core",
        severity: Severity::Medium,
        title: "the instance shares its processor",
        why: "its speed depends on its neighbours, and no service level is promised",
        reference: cloud_sql!("instance-settings"),
        judge: shared_core,
    },
    Check {
        id: "instance-zonal",
        severity: Severity::Low,
        title: "no second zone stands by",
        why: "when its zone fails, the instance is away until the zone is back",
        reference: cloud_sql!("high-availability"),
        judge: zonal,
    },
    Check {
        id: "instance-disk-fixed",
        severity: Severity::Medium,
        title: "the disk does not grow by itself",
        why: "an instance whose disk is full takes no more connections",
        reference: cloud_sql!("instance-settings"),
        judge: disk,
    },
    Check {
        id: "instance-maintenance-any-time",
        severity: Severity::Low,
        title: "the instance may be restarted at any time",
        why: "maintenance without a window comes when users are there",
        reference: cloud_sql!("set-maintenance-window"),
        judge: maintenance,
    },
    Check {
        id: "instance-without-password-policy",
        severity: Severity::Low,
        title: "passwords of the instance's users may be anything",
        why: "a short password, or the user's own name, is guessed",
        reference: cloud_sql!("built-in-authentication"),
        judge: password_policy,
    },
];

/// Backups and days that are enough.
const ENOUGH: u32 = 7;

/// Something about the instance, where it is so, with the options of gcloud that change it.
fn found(case: &Case, is_so: bool, seen: impl Into<String>, options: &str) -> Judged {
    if !is_so {
        return Ok(Vec::new());
    }
    let name = case.instance_name();
    Ok(vec![Seen::new(name, seen).gcloud(format!("gcloud sql instances patch {name} {options}"))])
}

fn tls(case: &Case) -> Judged {
    let instance = case.instance()?;
    let is_enforced = match instance.ssl_mode.as_deref() {
        Some(mode) => ["ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"].contains(&mode),
        None => instance.requires_ssl,
    };
    let mode = instance.ssl_mode.as_deref().unwrap_or("not set, and requireSsl is off");
    found(case, !is_enforced, format!("sslMode is {mode}"), "--ssl-mode=ENCRYPTED_ONLY")
}

fn open_to_all(case: &Case) -> Judged {
    let instance = case.instance()?;
    // A network of so few bits is no network of anybody's.
    let is_wide = |network: &&String| {
        let bits = network.rsplit_once('/').and_then(|(_, bits)| bits.parse::<u32>().ok());
        bits.is_some_and(|bits| bits < 8)
    };
    let wide: Vec<&str> = instance.networks.iter().filter(is_wide).map(String::as_str).collect();
    let others: Vec<&str> =
        instance.networks.iter().map(String::as_str).filter(|network| !wide.contains(network)).collect();
    let options = if others.is_empty() {
        "--clear-authorized-networks".to_owned()
    } else {
        format!("--authorized-networks={}", others.join(","))
    };
    found(case, !wide.is_empty(), format!("authorizedNetworks holds {}", wide.join(", ")), &options)
}

fn public_address(case: &Case) -> Judged {
    let mut all = found(case, case.instance()?.has_public_address, "ipv4Enabled is true", "--no-assign-ip")?;
    for seen in &mut all {
        "it needs a private network first (--network), and clients that use the public address lose it"
            .clone_into(&mut seen.remedy.by_hand);
    }
    Ok(all)
}

fn without_backups(case: &Case) -> Judged {
    let is_so = !case.instance()?.backups.enabled;
    found(case, is_so, "backupConfiguration.enabled is false", "--backup-start-time=03:00")
}

fn few_backups(case: &Case) -> Judged {
    let backups = &case.instance()?.backups;
    let few = backups.kept.filter(|kept| backups.enabled && *kept < ENOUGH);
    let seen = format!("{} backups are kept", few.unwrap_or_default());
    found(case, few.is_some(), seen, "--retained-backups-count=7")
}

fn without_pitr(case: &Case) -> Judged {
    let is_so = !case.instance()?.backups.point_in_time;
    found(case, is_so, "pointInTimeRecoveryEnabled is false", "--enable-point-in-time-recovery")
}

fn short_pitr(case: &Case) -> Judged {
    let backups = &case.instance()?.backups;
    let few = backups.log_days.filter(|days| backups.point_in_time && *days < ENOUGH);
    let seen = format!("transactionLogRetentionDays is {}", few.unwrap_or_default());
    found(case, few.is_some(), seen, "--retained-transaction-log-days=7")
}

fn not_protected(case: &Case) -> Judged {
    let is_so = !case.instance()?.is_protected;
    found(case, is_so, "deletionProtectionEnabled is false", "--deletion-protection")
}

fn shared_core(case: &Case) -> Judged {
    let tier = case.instance()?.tier.as_deref().unwrap_or_default();
    let is_so = ["db-f1-micro", "db-g1-small"].contains(&tier);
    found(case, is_so, format!("the tier is {tier}"), "--tier=db-custom-1-3840")
}

fn zonal(case: &Case) -> Judged {
    let is_so = !case.instance()?.is_regional;
    found(case, is_so, "availabilityType is not REGIONAL", "--availability-type=REGIONAL")
}

fn disk(case: &Case) -> Judged {
    let is_so = !case.instance()?.disk_grows;
    found(case, is_so, "storageAutoResize is false", "--storage-auto-increase")
}

fn maintenance(case: &Case) -> Judged {
    let is_so = case.instance()?.maintenance_day.is_none();
    found(
        case,
        is_so,
        "there is no maintenanceWindow",
        "--maintenance-window-day=SUN --maintenance-window-hour=3",
    )
}

fn password_policy(case: &Case) -> Judged {
    let is_so = !case.instance()?.has_password_policy;
    let options = "--enable-password-policy --password-policy-min-length=12 --password-policy-disallow-username-substring";
    found(case, is_so, "there is no passwordValidationPolicy", options)
}

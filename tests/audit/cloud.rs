//! The instance of Cloud SQL, and the repository.

use crate::fixture::{clean, judged, only, read};
use loist_bench::{
    audit::{FilePlace, Severity, fix_script},
    flags::instance::{CloudInstance, InstanceFlag},
    observe::{TrackedSecret, security::Part},
};

#[test]
fn faults_of_an_instance() {
    type Change = fn(&mut CloudInstance);
    let cases: [(&str, Severity, &str, Change); 16] = [
        ("instance-tls-not-enforced", Severity::High, "--ssl-mode=ENCRYPTED_ONLY", |instance| {
            instance.ssl_mode = Some("ALLOW_UNENCRYPTED_AND_ENCRYPTED".to_owned());
        }),
        ("instance-tls-not-enforced", Severity::High, "--ssl-mode=ENCRYPTED_ONLY", |instance| {
            instance.ssl_mode = None;
        }),
        ("instance-open-to-all", Severity::Critical, "--clear-authorized-networks", |instance| {
            instance.networks = vec!["0.0.0.0/0".to_owned()];
        }),
        ("instance-open-to-all", Severity::Critical, "--authorized-networks=10.1.0.0/16", |instance| {
            instance.networks = vec!["128.0.0.0/1".to_owned(), "10.1.0.0/16".to_owned()];
        }),
        ("instance-public-address", Severity::Medium, "--no-assign-ip", |instance| {
            instance.has_public_address = true;
        }),
        ("instance-without-backups", Severity::Critical, "--backup-start-time=03:00", |instance| {
            instance.backups.enabled = false;
        }),
        ("instance-few-backups", Severity::Medium, "--retained-backups-count=7", |instance| {
            instance.backups.kept = Some(2);
        }),
        ("instance-without-pitr", Severity::High, "--enable-point-in-time-recovery", |instance| {
            instance.backups.point_in_time = false;
        }),
        ("instance-short-pitr", Severity::Low, "--retained-transaction-log-days=7", |instance| {
            instance.backups.log_days = Some(1);
        }),
        ("instance-not-protected", Severity::Medium, "--deletion-protection", |instance| {
            instance.is_protected = false;
        }),
        ("instance-shared-core", Severity::Medium, "--tier=db-custom-1-3840", |instance| {
            instance.tier = Some("db-f1-micro".to_owned());
        }),
        ("instance-shared-core", Severity::Medium, "--tier=db-custom-1-3840", |instance| {
            instance.tier = Some("db-g1-small".to_owned());
        }),
        ("instance-zonal", Severity::Low, "--availability-type=REGIONAL", |instance| {
            instance.is_regional = false;
        }),
        ("instance-disk-fixed", Severity::Medium, "--storage-auto-increase", |instance| {
            instance.disk_grows = false;
        }),
        ("instance-maintenance-any-time", Severity::Low, "--maintenance-window-day=SUN", |instance| {
            instance.maintenance_day = None;
        }),
        ("instance-without-password-policy", Severity::Low, "--enable-password-policy", |instance| {
            instance.has_password_policy = false;
        }),
    ];
    for (id, severity, option, change) in cases {
        let finding = only(id, |evidence| change(read(&mut evidence.instance)));
        assert_eq!((finding.object.as_str(), finding.severity), ("music-db", severity), "{id}");
        let command = &finding.remedy.gcloud[0];
        assert!(
            command.starts_with("gcloud sql instances patch music-db --") && command.contains(option),
            "{command}"
        );
    }
}

#[test]
fn flags_that_an_instance_has_are_kept() {
    let mut evidence = clean();
    evidence.server.is_cloud_sql = true;
    for setting in &mut evidence.settings {
        if ["log_connections", "log_disconnections"].contains(&setting.name.as_str()) {
            setting.value = "off".to_owned();
        }
    }
    let flag = |name: &str, value: &str| InstanceFlag { name: name.to_owned(), value: value.to_owned() };
    read(&mut evidence.instance).flags = vec![flag("work_mem", "4096"), flag("log_connections", "off")];
    let script = fix_script(&judged(evidence.clone()));
    let command = "gcloud sql instances patch music-db --database-flags='^~^work_mem=4096~log_connections=on~log_disconnections=on'";
    assert!(script.contains(command), "{script}");
    evidence.instance = Part::Unread("not given".to_owned());
    let script = fix_script(&judged(evidence));
    assert!(script.contains("THE_FLAGS_IT_HAS~log_connections=on"), "{script}");
}

#[test]
fn secrets_in_the_repository() {
    let finding = only("secret-in-repository", |evidence| {
        read(&mut evidence.tracked_secrets).push(TrackedSecret {
            file: "deploy/.env".to_owned(),
            line: 3,
            name: "DB_PASSWORD".to_owned(),
        });
    });
    assert_eq!((finding.severity, finding.object.as_str()), (Severity::Critical, "deploy/.env:DB_PASSWORD"));
    assert_eq!(finding.place, Some(FilePlace { file: "deploy/.env".to_owned(), line: 3 }));
}

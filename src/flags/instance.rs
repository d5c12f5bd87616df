//! An instance of Cloud SQL as `gcloud sql instances describe --format=json` tells of it: its address, its backups, what
//! protects it.

use super::{FlagsError, Form, read::read};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CloudInstance {
    /// Its name.
    pub name: String,
    /// Its machine type.
    pub tier: Option<String>,
    /// Whether a second zone stands by.
    pub is_regional: bool,
    /// Whether it has an address that the whole internet can reach.
    pub has_public_address: bool,
    /// Networks that may use that address.
    pub networks: Vec<String>,
    /// What is asked of connections, as in `ENCRYPTED_ONLY`.
    pub ssl_mode: Option<String>,
    /// What was asked of them before there were modes.
    pub requires_ssl: bool,
    /// Backups and logs.
    pub backups: Backups,
    /// Whether it cannot be deleted by mistake.
    pub is_protected: bool,
    /// Whether its disk grows by itself.
    pub disk_grows: bool,
    /// Size of its disk in GB, which are 2^30 bytes there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_gb: Option<u64>,
    /// Day of the week on which it may be restarted, from 1; none where it may be any.
    pub maintenance_day: Option<u32>,
    /// Whether new passwords are looked at.
    pub has_password_policy: bool,
    /// Its database flags.
    pub flags: Vec<InstanceFlag>,
}

/// Backups and logs of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backups {
    /// Whether there are any.
    pub enabled: bool,
    /// When they begin, UTC, as in `03:00`.
    pub start: Option<String>,
    /// How many are kept.
    pub kept: Option<u32>,
    /// Whether any moment between them can be restored.
    pub point_in_time: bool,
    /// Days for which that holds.
    pub log_days: Option<u32>,
}

/// A database flag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InstanceFlag {
    /// Its name.
    pub name: String,
    /// Its value, as Cloud SQL has it.
    pub value: String,
}

/// The part of gcloud's answer that matters here. What is off is left out there.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    tier: Option<String>,
    availability_type: Option<String>,
    backup_configuration: BackupConfiguration,
    ip_configuration: IpConfiguration,
    maintenance_window: MaintenanceWindow,
    deletion_protection_enabled: bool,
    storage_auto_resize: bool,
    data_disk_size_gb: Option<Size>,
    password_validation_policy: PasswordPolicy,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct BackupConfiguration {
    enabled: bool,
    start_time: Option<String>,
    point_in_time_recovery_enabled: bool,
    transaction_log_retention_days: Option<u32>,
    backup_retention_settings: BackupRetention,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct BackupRetention {
    retained_backups: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct IpConfiguration {
    ipv4_enabled: bool,
    authorized_networks: Vec<Network>,
    ssl_mode: Option<String>,
    require_ssl: bool,
}

/// A number that Google writes as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Size {
    Number(u64),
    Text(String),
}

impl Size {
    fn number(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

#[derive(Deserialize)]
struct Network {
    value: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MaintenanceWindow {
    day: u32,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PasswordPolicy {
    enable_password_policy: bool,
}

impl CloudInstance {
    /// Reads what gcloud says of one instance.
    ///
    /// # Errors
    /// When it is something else, or of another database than PostgreSQL.
    pub fn read(text: &str) -> Result<Self, FlagsError> {
        // Its flags, and whether it is an instance at all.
        let document = read(text, Some(Form::Describe))?;
        let malformed = |error: serde_json::Error| FlagsError::Malformed {
            line: error.line().max(1),
            reason: error.to_string(),
        };
        let mut value: serde_json::Value = serde_json::from_str(text).map_err(malformed)?;
        let instance = if value.is_array() { value.get_mut(0) } else { Some(&mut value) };
        // An instance without names for what it tells, as a list, is none.
        let settings = instance.and_then(|instance| instance.get_mut("settings")).ok_or_else(|| {
            FlagsError::Malformed { line: 1, reason: "an instance is an object with `settings`".to_owned() }
        })?;
        let settings: Settings = serde_json::from_value(settings.take()).map_err(malformed)?;
        let flags = document.pairs().into_iter().map(|(name, value)| InstanceFlag { name, value });
        Ok(Self::of(settings, document.instance.clone().unwrap_or_default(), flags.collect()))
    }

    fn of(settings: Settings, name: String, flags: Vec<InstanceFlag>) -> Self {
        let (backups, address) = (settings.backup_configuration, settings.ip_configuration);
        Self {
            name,
            tier: settings.tier,
            is_regional: settings.availability_type.as_deref() == Some("REGIONAL"),
            has_public_address: address.ipv4_enabled,
            networks: address.authorized_networks.into_iter().map(|network| network.value).collect(),
            ssl_mode: address.ssl_mode,
            requires_ssl: address.require_ssl,
            backups: Backups {
                enabled: backups.enabled,
                start: backups.start_time,
                kept: backups.backup_retention_settings.retained_backups,
                point_in_time: backups.point_in_time_recovery_enabled,
                log_days: backups.transaction_log_retention_days,
            },
            is_protected: settings.deletion_protection_enabled,
            disk_grows: settings.storage_auto_resize,
            disk_gb: settings.data_disk_size_gb.and_then(Size::number),
            maintenance_day: Some(settings.maintenance_window.day).filter(|day| *day > 0),
            has_password_policy: settings.password_validation_policy.enable_password_policy,
            flags,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_read() {
        let text = r#"{"name": "db", "databaseVersion": "POSTGRES_15", "settings": {"tier": "db-custom-1-3840",
            "availabilityType": "REGIONAL", "dataDiskSizeGb": "20", "deletionProtectionEnabled": true, "storageAutoResize": true,
            "backupConfiguration": {"enabled": true, "startTime": "03:00", "pointInTimeRecoveryEnabled": true,
                "transactionLogRetentionDays": 7, "backupRetentionSettings": {"retainedBackups": 8}},
            "ipConfiguration": {"ipv4Enabled": true, "sslMode": "ENCRYPTED_ONLY",
                "authorizedNetworks": [{"value": "0.0.0.0/0", "name": "all"}]},
            "maintenanceWindow": {"day": 7, "hour": 3},
            "databaseFlags": [{"name": "log_connections", "value": "on"}]}}"#;
        for text in [text.to_owned(), format!("[{text}]")] {
            let instance = CloudInstance::read(&text).unwrap();
            assert_eq!((instance.name.as_str(), instance.tier.as_deref()), ("db", Some("db-custom-1-3840")));
            assert!(instance.is_regional && instance.has_public_address && instance.is_protected);
            assert_eq!(instance.networks, ["0.0.0.0/0"]);
            assert_eq!(instance.ssl_mode.as_deref(), Some("ENCRYPTED_ONLY"));
            assert_eq!(instance.disk_gb, Some(20));
            assert_eq!((instance.backups.kept, instance.backups.log_days), (Some(8), Some(7)));
            assert_eq!((instance.maintenance_day, instance.has_password_policy), (Some(7), false));
            assert_eq!(instance.flags[0].name, "log_connections");
        }
    }

    #[test]
    fn what_is_left_out_is_off() {
        let text = r#"{"name": "db", "databaseVersion": "POSTGRES_15", "settings": {}}"#;
        let instance = CloudInstance::read(text).unwrap();
        assert_eq!(instance, CloudInstance { name: "db".to_owned(), ..CloudInstance::default() });
    }

    #[test]
    fn what_is_no_instance_is_refused() {
        for (text, part) in [
            ("name: db\ndatabaseVersion: POSTGRES_15", "--format=json"),
            ("{", "line 1: "),
            (r#"{"a": 1}"#, "gcloud sql instances describe"),
            (r#"["db", "POSTGRES_15", {}]"#, "an object with `settings`"),
            (r#"[["db", "POSTGRES_15", {}]]"#, "an object with `settings`"),
            (
                r#"{"name": "x", "databaseVersion": "MYSQL_8_0", "settings": {}}"#,
                "loist-bench is for PostgreSQL",
            ),
        ] {
            let error = CloudInstance::read(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}

//! The steps of an audit: the server is reached, and looked at in a session that cannot write.

use super::{LabError, open_to_look};
use crate::{
    flags::instance::CloudInstance,
    observe::{
        security::{Part, SecurityEvidence, security_evidence},
        tracked_secrets,
    },
    target::{TargetOptions, connect, runtime},
};
use std::path::PathBuf;

/// What is looked at.
#[derive(Debug)]
pub struct SecurityOptions {
    /// The database.
    pub target: TargetOptions,
    /// The application's role; the session's where none is named.
    pub role: Option<String>,
    /// What gcloud says of the instance.
    pub instance: Option<CloudInstance>,
    /// Directory whose `.env` files are looked through.
    pub source: PathBuf,
}

/// Looks at the server and what stands beside it.
///
/// # Errors
/// When no database is named, it cannot be reached, or the role is not there.
pub fn look(options: SecurityOptions) -> Result<SecurityEvidence, LabError> {
    let target = open_to_look(
        options.target,
        "an audit needs a database: name one by --database-url or DATABASE_URL, or try it on a throw-away server with --embedded",
    )?;
    let runtime = runtime()?;
    let role = options.role.as_deref();
    let evidence = runtime.block_on(async {
        let client = connect(target.route()).await?;
        Ok::<_, LabError>(security_evidence(&client, target.address(), role).await?)
    });
    let mut evidence = evidence.map_err(|error| error.explained(&target))?;
    if let (Some(role), Part::Read(roles)) = (role, &evidence.roles)
        && !roles.iter().any(|one| one.name == role)
    {
        return Err(LabError::Usage(format!("--role {role}: the server has no such role")));
    }
    if let Some(instance) = options.instance {
        evidence.instance = Part::Read(instance);
    }
    evidence.tracked_secrets = tracked_secrets(&options.source);
    Ok(evidence)
}

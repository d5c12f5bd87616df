//! What loist-bench made in a database that stays, and its removal.

use super::{Interrupt, LabError};
use crate::{
    catalog::{self, Inventory},
    target::{Target, TargetOptions, address_named, runtime},
};

/// Lists what loist-bench made in the database that `options` name. With `remove`, removes it after `listen` has heard what
/// that will be, all of it or nothing.
///
/// # Errors
/// When no database is named or it does not answer, something of somebody else's is in the way, or the user interrupts.
pub fn inventory(
    options: &TargetOptions,
    remove: bool,
    interrupt: &Interrupt,
    listen: &dyn Fn(&Inventory),
) -> Result<Inventory, LabError> {
    if address_named(options)?.is_none() {
        let message = "only a database that stays holds what loist-bench made: name it by --database-url or DATABASE_URL";
        return Err(LabError::Usage(message.to_owned()));
    }
    let target = Target::open(options)?;
    let runtime = runtime()?;
    let done = runtime.block_on(interrupt.unless(async {
        match remove {
            true => catalog::remove(target.route(), listen).await,
            false => catalog::list(target.route()).await,
        }
    }));
    Ok(done.ok_or(LabError::Interrupted)??)
}

//! The workload runs for a moment on what was restored, reading alone: how fast is of no interest, every call has to be
//! answered.

use crate::drill::{context::Context, error::DrillError, restore::Restored, result::Check};
use crate::{
    catalog::CatalogError,
    lab::{self, LabError, LoadOptions, Looks, RunOptions},
    record::{Ended, Record},
    target::TargetOptions,
    text::grouped,
    workload::builtin,
};

/// What the check is called.
const CHECK: &str = "workload";
/// Clients that call.
const CLIENTS: usize = 2;

/// Runs it.
pub(super) fn run(context: &Context<'_>, restored: &Restored) -> Result<Check, DrillError> {
    let schema = context.ask(async {
        let client = restored.session().await?;
        let sql = "SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE c.relname = 'audio_tracks' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                   ORDER BY n.nspname <> 'loist_bench', n.nspname <> 'public' LIMIT 1";
        let row = client.query_opt(sql, &[]).await.map_err(DrillError::of("looked at"))?;
        Ok::<_, DrillError>(row.map(|row| row.get::<_, String>(0)))
    })?;
    let Some(schema) = schema else {
        return Ok(Check::unproven(CHECK, "there is no table audio_tracks, which its operations read"));
    };
    let url = restored.scratch.url(&restored.database);
    let target =
        TargetOptions { use_existing: true, search_path: vec![schema], ..TargetOptions::at_own(&url) };
    let load = LoadOptions::closed(CLIENTS, context.options.workload);
    let options =
        RunOptions { looks: Looks::Nothing, ..RunOptions::of(context.options.catalog, target, load) };
    let workload = builtin::find(builtin::DEFAULT).map_err(LabError::from)?;
    let (run, _) = context.step("the workload on what was restored", || {
        Ok(lab::run(workload, &options, context.interrupt, &|_| {}))
    })?;
    match run {
        _ if context.interrupt.is_asked() => Err(DrillError::Interrupted),
        Ok(run) => Ok(judge(&run.record)),
        Err(LabError::Usage(why) | LabError::Catalog(CatalogError::NothingThere(why))) => {
            Ok(Check::unproven(CHECK, why))
        }
        Err(error) => Ok(Check::failed(CHECK, error.to_string())),
    }
}

fn judge(record: &Record) -> Check {
    let mut failures = Vec::new();
    for operation in &record.operations {
        let unexpected = operation.errors.iter().filter(|error| !error.expected);
        failures.extend(unexpected.map(|error| {
            format!("{} failed {} times: {}", operation.name, grouped(error.count), error.message)
        }));
    }
    let overall = &record.overall;
    if record.run.ended != Ended::AsPlanned {
        failures.push("the server went away".to_owned());
    } else if overall.completed == 0 {
        failures.push("no call was answered".to_owned());
    } else if failures.is_empty() && overall.lost() > 0 {
        failures.push(format!("{} calls were not answered", grouped(overall.lost())));
    }
    let answered = overall.completed + overall.expected_failures;
    let left_out = match record.workload.left_out.is_empty() {
        true => String::new(),
        false => format!("; left out: {}", record.workload.left_out.join(", ")),
    };
    let operations = record.operations.iter().filter(|operation| operation.summary.calls > 0).count();
    let evidence = format!(
        "{} calls of {operations} operations, reading alone, were answered{left_out}",
        grouped(answered)
    );
    Check::of(CHECK, evidence, failures)
}

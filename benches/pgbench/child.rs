//! What a child process used: processor time and memory.

use super::Outcome;
use loist_bench::lab::Interrupt;
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeValLike,
};
use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

/// How often its memory is looked at: seldom enough to cost nothing.
const LOOK: Duration = Duration::from_millis(20);

/// What a child used, and what it said.
pub(crate) struct Used {
    /// User and system time, of its own children too.
    pub(crate) cpu: Duration,
    /// Its largest resident set (VmHWM), as last seen before it ended.
    pub(crate) peak_bytes: u64,
    /// Its standard output.
    pub(crate) output: String,
}

/// Runs `command` to its end, which must have one of the exit `codes`. No other child may end meanwhile.
pub(crate) fn run(
    command: &mut Command,
    codes: &[i32],
    scratch: &Path,
    interrupt: &Interrupt,
) -> Outcome<Used> {
    // Files, because nobody reads a pipe meanwhile.
    let (output, errors) = (scratch.join("stdout"), scratch.join("stderr"));
    command.stdin(Stdio::null()).stdout(File::create(&output)?).stderr(File::create(&errors)?);
    let before = children()?;
    let mut child = command.spawn()?;
    let mut peak_bytes = 0;
    let status = loop {
        peak_bytes = resident_peak(child.id()).unwrap_or(peak_bytes);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if interrupt.is_asked() {
            child.kill()?;
            child.wait()?;
            return Err("interrupted".into());
        }
        std::thread::sleep(LOOK);
    };
    if !status.code().is_some_and(|code| codes.contains(&code)) {
        let program = Path::new(command.get_program()).display();
        return Err(format!("{program} failed, {status}: {}", fs::read_to_string(errors)?.trim()).into());
    }
    let cpu = children()?.saturating_sub(before);
    Ok(Used { cpu, peak_bytes, output: fs::read_to_string(output)? })
}

/// Processor time of all children that have ended.
fn children() -> Outcome<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    Ok(Duration::from_micros(u64::try_from(microseconds)?))
}

/// `VmHWM` of a process that runs; `None` when it has ended, or the system has no such file.
fn resident_peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1_024)
}

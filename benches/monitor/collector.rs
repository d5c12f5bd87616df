//! The product's own `observe`, which is stopped where it shall not watch.

use super::{Outcome, common::server::Server};
use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, SysconfVar, sysconf},
};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

/// A collector that runs until it is dropped.
pub(crate) struct Collector(Child);

impl Collector {
    /// Starts it; returns when it serves its metrics.
    pub(crate) fn start(server: &Server, every: &str) -> Outcome<Self> {
        let mut command = server.loist_bench("observe");
        command.args(["--metrics", "127.0.0.1:0", "--search-path", "loist_bench", "--every", every]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let said = child.stderr.take().ok_or("it has no standard error")?;
        let collector = Self(child);
        let mut lines = BufReader::new(said).lines();
        loop {
            let line = lines.next().ok_or("the collector ended")??;
            if line.contains("metrics: http://") {
                break;
            }
        }
        // Somebody must go on reading, or it blocks.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(collector)
    }

    fn pid(&self) -> Outcome<Pid> {
        Ok(Pid::from_raw(i32::try_from(self.0.id())?))
    }

    /// Lets it go on, or stops it.
    pub(crate) fn watch(&self, watches: bool) -> Outcome<()> {
        let signal = if watches { Signal::SIGCONT } else { Signal::SIGSTOP };
        Ok(kill(self.pid()?, signal)?)
    }

    /// Processor time that it used.
    pub(crate) fn cpu_seconds(&self) -> Outcome<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        let (_, fields) = stat.rsplit_once(')').ok_or("its stat cannot be read")?;
        // The first field after the name is number 3 of proc(5); user and system time are 14 and 15.
        let ticks = |number: usize| {
            fields.split_whitespace().nth(number - 3).and_then(|field| field.parse::<f64>().ok())
        };
        let (user, system) = ticks(14).zip(ticks(15)).ok_or("its stat cannot be read")?;
        let per_second = sysconf(SysconfVar::CLK_TCK)?.ok_or("the length of a tick is not known")?;
        Ok((user + system) / per_second as f64)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

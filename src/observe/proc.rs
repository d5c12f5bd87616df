//! The texts of Linux's `/proc` (proc(5)), read into numbers. Pure.

use crate::text::proc_bytes;

/// What `/proc/stat` says of all processors together, in ticks since the machine started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Machine {
    /// Used by processes and the kernel's threads. Interrupts are not in it: they are nobody's, and mostly the
    /// packets of whatever is being measured.
    pub(super) used: u64,
    /// Idle, waiting for a disk, in interrupts, or given to others.
    pub(super) unused: u64,
    /// Given to others by the hypervisor.
    pub(super) steal: u64,
    /// Everything, idle time included.
    pub(super) total: u64,
    /// Processors that are online.
    pub(super) processors: usize,
}

/// Reads `/proc/stat`. Kernels before 2.6.11 have no steal; it is 0 then.
pub(super) fn machine(stat: &str) -> Option<Machine> {
    let all = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = all.split_whitespace().map_while(|field| field.parse().ok()).collect();
    let field = |index: usize| ticks.get(index).copied().unwrap_or_default();
    let [user, nice, system] = *ticks.first_chunk()?;
    Some(Machine {
        used: user.saturating_add(nice).saturating_add(system),
        unused: ticks.iter().take(8).skip(3).fold(0, |sum, ticks| sum.saturating_add(*ticks)),
        steal: field(7),
        // What guests used (fields 8 and 9) is in user and nice already.
        total: ticks.iter().take(8).fold(0, |sum, ticks| sum.saturating_add(*ticks)),
        processors: stat.lines().filter(|line| is_one_processor(line)).count(),
    })
}

fn is_one_processor(line: &str) -> bool {
    line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// What `/proc/PID/stat` says of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    /// Name of the program, at most 15 bytes.
    pub(super) name: String,
    /// Number of its parent.
    pub(super) parent: i32,
    /// Ticks that its threads used, as user and in the kernel.
    pub(super) own: u64,
    /// Ticks that its children used which it has reaped, and theirs.
    pub(super) reaped: u64,
    /// When it started, in ticks since the machine did: with the number, it names the process for good.
    pub(super) started: u64,
    /// Processor that its first thread ran on last.
    pub(super) processor: Option<usize>,
}

/// Reads `/proc/PID/stat`. The name may hold blanks and parentheses; it ends at the last one.
pub(super) fn process(stat: &str) -> Option<Process> {
    let (before, after) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    // The first field after the name is number 3 of proc(5).
    let fields: Vec<&str> = after.split_whitespace().collect();
    // The time of reaped children is a signed number, though never negative.
    let ticks = |number: usize| -> Option<u64> {
        let ticks: i64 = fields.get(number - 3)?.parse().ok()?;
        u64::try_from(ticks).ok()
    };
    Some(Process {
        name: name.to_owned(),
        parent: fields.get(1)?.parse().ok()?,
        own: ticks(14)?.saturating_add(ticks(15)?),
        reaped: ticks(16)?.saturating_add(ticks(17)?),
        started: ticks(22)?,
        processor: fields.get(39 - 3).and_then(|field| field.parse().ok()),
    })
}

/// Nanoseconds that a thread was ready to run and waited for a processor, from its `schedstat`.
pub(super) fn waited_ns(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().nth(1)?.parse().ok()
}

/// Load average over one minute, and tasks running or ready to run, from `/proc/loadavg`.
pub(super) fn load(loadavg: &str) -> Option<(f64, u64)> {
    let mut fields = loadavg.split_whitespace();
    let load1 = fields.next()?.parse().ok()?;
    let (runnable, _) = fields.nth(2)?.split_once('/')?;
    Some((load1, runnable.parse().ok()?))
}

/// Memory of one process, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Memory {
    /// Its own.
    pub(super) private: u64,
    /// What it touched of the memory that it shares with others.
    pub(super) shared: u64,
}

/// Reads `/proc/PID/status`. Kernels before 4.5 do not tell the kinds of memory apart.
pub(super) fn memory(status: &str) -> Option<Memory> {
    Some(Memory { private: proc_bytes(status, "RssAnon:")?, shared: proc_bytes(status, "RssShmem:")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_the_machine() {
        let stat = "cpu  700198 5 223894 1445745 7974 10 2143 342 7 1\n\
                    cpu0 340743 0 108596 737670 2427 0 244 175 0 0\n\
                    cpu1 359454 0 115298 708074 5546 0 1898 167 0 0\n\
                    intr 13788504 0 0\nctxt 5\n";
        let found = machine(stat).unwrap();
        assert_eq!(found.used, 700_198 + 5 + 223_894);
        assert_eq!(found.steal, 342);
        assert_eq!(found.total, 700_198 + 5 + 223_894 + 1_445_745 + 7_974 + 10 + 2_143 + 342);
        assert_eq!(found.processors, 2);
        assert_eq!(machine("cpu 1 2 3 4").unwrap().steal, 0);
        assert_eq!(machine("intr 1 2 3"), None);
    }

    #[test]
    fn reads_a_process_with_a_strange_name() {
        let stat = "12527 (a (b) c) d) S 12523 12523 10526 0 -1 4194304 106 0 0 0 7 5 30 2 20 0 1 0 1195049 3133440 390";
        let found = process(stat).unwrap();
        assert_eq!(found.name, "a (b) c) d");
        assert_eq!((found.parent, found.own, found.reaped, found.started), (12_523, 12, 32, 1_195_049));
        assert_eq!(found.processor, None, "the text ends before it");
        let whole = format!("{stat}{} 17 1 0", " 0".repeat(13));
        assert_eq!(process(&whole).unwrap().processor, Some(1), "{whole}");
        assert_eq!(process("12527 (cat) R 12523"), None);
        assert_eq!(process(""), None);
    }

    #[test]
    fn reads_waits_and_load() {
        assert_eq!(waited_ns("843905 17 1\n"), Some(17));
        assert_eq!(waited_ns("843905"), None);
        assert_eq!(load("0.64 0.19 0.58 3/92 12527\n"), Some((0.64, 3)));
        assert_eq!(load("0.64 0.19"), None);
    }

    #[test]
    fn reads_the_memory_of_a_process() {
        let status = "Name:\tpostgres\nVmRSS:\t   9000 kB\nRssAnon:\t    1200 kB\nRssFile:\t 5 kB\nRssShmem:\t      64 kB\n";
        let found = memory(status).unwrap();
        assert_eq!((found.private, found.shared), (1_200 * 1_024, 64 * 1_024));
        assert_eq!(memory("VmRSS:\t9000 kB\n"), None, "an old kernel");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[ 0-9a-z()/.\n-]{0,200}") {
            let _ = (machine(&text), process(&text), waited_ns(&text), load(&text), memory(&text));
        }

        #[test]
        fn any_name_is_kept(name in "[ a-z()]{1,15}") {
            let stat = format!("1 ({name}) S 2 0 0 0 0 0 0 0 0 0 3 4 5 6 0 0 0 0 99");
            let found = process(&stat).unwrap();
            prop_assert_eq!((found.name, found.parent, found.own, found.reaped), (name, 2, 7, 11));
        }
    }
}

//! Which processors a server may use.

/// The processors of a server that may have `wanted` of those `allowed`: the last ones, for a machine's first
/// processor has its interrupts to serve, and the clients take what is left. `None` when there are not so many.
pub(super) fn choose(allowed: &[usize], wanted: usize) -> Option<&[usize]> {
    allowed.len().checked_sub(wanted).map(|left| &allowed[left..])
}

/// Processors that this process may use, by number.
#[cfg(target_os = "linux")]
pub(super) fn allowed() -> Result<Vec<usize>, String> {
    use nix::sched::{CpuSet, sched_getaffinity};
    let set = sched_getaffinity(nix::unistd::Pid::this()).map_err(|error| error.to_string())?;
    Ok((0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false)).collect())
}

/// Confines the calling thread, and the processes that it starts from now on, to `processors`.
#[cfg(target_os = "linux")]
pub(super) fn confine(processors: &[usize]) -> Result<(), String> {
    use nix::{
        sched::{CpuSet, sched_getaffinity, sched_setaffinity},
        unistd::Pid,
    };
    let mut set = CpuSet::new();
    for processor in processors {
        set.set(*processor).map_err(|error| error.to_string())?;
    }
    // Zero is the calling thread.
    let thread = Pid::from_raw(0);
    sched_setaffinity(thread, &set).map_err(|error| error.to_string())?;
    let found = sched_getaffinity(thread).map_err(|error| error.to_string())?;
    if found == set { Ok(()) } else { Err("the kernel chose other processors".to_owned()) }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn allowed() -> Result<Vec<usize>, String> {
    Err("this operating system binds no process to processors".to_owned())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn confine(_: &[usize]) -> Result<(), String> {
    Err("this operating system binds no process to processors".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_gets_the_last_processors() {
        for (allowed, wanted, chosen) in [
            (&[0, 1][..], 1, Some(&[1][..])),
            (&[0, 1], 2, Some(&[0, 1])),
            (&[3, 5, 8, 9], 2, Some(&[8, 9])),
            (&[0, 1], 3, None),
            (&[], 1, None),
        ] {
            assert_eq!(choose(allowed, wanted), chosen, "{wanted} of {allowed:?}");
        }
    }
}

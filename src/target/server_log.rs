//! What a server's log says of its end.

use std::{fs, path::Path};

/// Marks a reason that is the fault of a setting that the user gave.
pub(super) const SETTING_REFUSED: &str = "the server refuses a setting: ";

/// All of it; what is in another encoding than ours is told as far as it can be read.
pub(super) fn read(log: &Path) -> String {
    String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
}

/// What a server that refused its configuration file said of the setting: the line before it gave up.
pub(super) fn refused_setting(log: &Path) -> Option<String> {
    let text = read(log);
    let lines: Vec<&str> = text.lines().collect();
    let gave_up =
        lines.iter().position(|line| line.contains("FATAL:") && line.contains("configuration file"))?;
    let said = lines[..gave_up].iter().find_map(|line| line.split_once("LOG:"))?.1.trim();
    let said = said.split_once(" in file ").map_or(said, |(said, _)| said);
    Some(format!("{SETTING_REFUSED}{said}"))
}

/// The end of a log, in one line.
pub(super) fn last_lines(log: &Path) -> String {
    let text = read(log);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let from = lines.len().saturating_sub(3);
    if lines.is_empty() { "it said nothing".to_owned() } else { lines[from..].join("; ") }
}

/// Why a server gave up that was to replay what others wrote: the lines that say so, or else the last ones.
pub(super) fn why_it_gave_up(log: &Path) -> String {
    let text = read(log);
    let is_grave = |line: &&str| line.contains("FATAL:") || line.contains("PANIC:");
    let grave: Vec<&str> = text.lines().map(str::trim).filter(is_grave).collect();
    if grave.is_empty() { last_lines(log) } else { grave.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grave_lines_count_before_the_last_ones() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        assert_eq!(why_it_gave_up(&log), "it said nothing");
        fs::write(&log, "LOG:  one\nLOG:  two\n\nLOG:  three\nLOG:  four\n").unwrap();
        assert_eq!(why_it_gave_up(&log), "LOG:  two; LOG:  three; LOG:  four");
        fs::write(&log, "FATAL:  recovery ended\nLOG:  a\nLOG:  b\nLOG:  c\n").unwrap();
        assert_eq!(why_it_gave_up(&log), "FATAL:  recovery ended");
        fs::write(&log, b"FATAL:  no caf\xe9\n").unwrap();
        assert_eq!(why_it_gave_up(&log), "FATAL:  no caf\u{fffd}");
    }
}

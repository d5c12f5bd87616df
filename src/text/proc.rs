//! What Linux tells in lines of a name and an amount, in /proc.

/// The bytes behind `name`, as in `MemTotal:       24684084 kB`.
#[must_use]
pub fn proc_bytes(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_in_kibibytes() {
        let text = "MemTotal:       24684084 kB\nMemFree:        21671040 kB\nHugePages_Total: 0\n";
        assert_eq!(proc_bytes(text, "MemTotal:"), Some(24_684_084 << 10));
        for name in ["HugePages_Total:", "MemAvailable:"] {
            assert_eq!(proc_bytes(text, name), None);
        }
        assert_eq!(proc_bytes("MemTotal: 18446744073709551615 kB", "MemTotal:"), None);
    }
}

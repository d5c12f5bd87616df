//! The value of an option that is a size.

use crate::flags::unit::Dimension;

/// A number of bytes, as in `512MB` or `20GB`, in 1024s.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let wrong = || "write a size with its unit, as in 512MB or 20GB".to_owned();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = text[..text.len() - unit.len()].parse().map_err(|_| wrong())?;
    let known = Dimension::Memory.units().iter().find(|(name, _)| *name == unit.trim());
    let (_, bytes) = known.ok_or_else(wrong)?;
    number.checked_mul(*bytes as u64).filter(|bytes| *bytes > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_its_unit() {
        assert_eq!(size("20GB"), Ok(20 << 30));
        assert_eq!(size("512 MB"), Ok(512 << 20));
        for wrong in ["", "20", "GB", "20gb", "-1GB", "0GB", "99999999999999TB"] {
            assert!(size(wrong).unwrap_err().contains("as in 512MB or 20GB"), "{wrong}");
        }
    }
}

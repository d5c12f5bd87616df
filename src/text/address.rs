//! Text as a part of an address.

/// Percent-encoded (RFC 3986, section 2.1): ASCII letters, digits and what is in `kept` stay, every other byte does not.
#[must_use]
pub fn percent_encoded(text: &[u8], kept: &[u8]) -> String {
    let one = |byte: &u8| match byte.is_ascii_alphanumeric() || kept.contains(byte) {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_kept_is_encoded() {
        assert_eq!(percent_encoded(b"/tmp/a b@c", b"/"), "/tmp/a%20b%40c");
        assert_eq!(percent_encoded("ä%".as_bytes(), b""), "%C3%A4%25");
        assert_eq!(percent_encoded(b"\xff-1", b"-"), "%FF-1");
    }
}

//! Text for XML and HTML where no template does it.

/// `text` as it stands between tags or quotes.
#[must_use]
pub fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// `document` without what XML does not take (control characters) and what would make text read otherwise than it is
/// (characters that turn the direction of writing): each is replaced by U+FFFD.
#[must_use]
pub fn harmless(document: String) -> String {
    if document.chars().any(is_harmful) {
        document.chars().map(|character| if is_harmful(character) { '\u{FFFD}' } else { character }).collect()
    } else {
        document
    }
}

/// `text` in one line, without what is not seen: control characters, escape sequences' beginnings, and what turns the
/// direction of writing.
#[must_use]
pub fn plain(text: &str) -> String {
    let shown = |character: char| match character {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        harmful if is_harmful(harmful) => None,
        other => Some(other),
    };
    text.chars().filter_map(shown).collect()
}

fn is_harmful(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{200E}'
        | '\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}'
        | '\u{FFFE}'
        | '\u{FFFF}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_misleads_is_seen() {
        assert_eq!(harmless("a\tb\nc d".to_owned()), "a\tb\nc d");
        assert_eq!(harmless("a\0b\u{202E}c\u{1b}".to_owned()), "a\u{FFFD}b\u{FFFD}c\u{FFFD}");
        assert_eq!(plain("a\u{1b}[1mb\r\nc\u{202E}\td\0"), "a[1mb  c d");
        assert_eq!(escaped("<a b=\"c\">'&"), "&lt;a b=&quot;c&quot;&gt;&#39;&amp;");
    }
}

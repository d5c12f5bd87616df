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
        assert_eq!(escaped("<a b=\"c\">'&"), "&lt;a b=&quot;c&quot;&gt;&#39;&amp;");
    }
}

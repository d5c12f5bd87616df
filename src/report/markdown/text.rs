//! Text from a record as GitHub's Markdown takes it: whatever it holds, it stays text.

use std::fmt::Write;

/// Characters that are kept of one text: a job summary has a limit, and a sentence has none.
const MOST_CHARACTERS: usize = 600;

/// `text` for a line of Markdown, a cell of its tables, or HTML within it. It ends no cell and no line, begins no
/// markup, and names, addresses and issues in it become no links: an invisible space stands within them.
#[must_use]
pub fn escaped(text: &str) -> String {
    let text = text.trim();
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut before = ' ';
    for (count, (at, character)) in text.char_indices().enumerate() {
        if count == MOST_CHARACTERS {
            out.push('…');
            break;
        }
        push(&mut out, before, character, &text[at + character.len_utf8()..]);
        before = character;
    }
    out
}

fn push(out: &mut String, before: char, character: char, rest: &str) {
    let after = rest.chars().next().unwrap_or(' ');
    let follows = |word: &str| out.to_ascii_lowercase().ends_with(word);
    match character {
        c if is_unseen(c) => out.push(' '),
        '&' | '<' | '>' | '|' | '`' | '*' | '~' | '[' | ']' | '\\' | '$' | '"' => entity(out, character),
        // Within a word it is no emphasis.
        '_' if !(before.is_alphanumeric() && after.is_alphanumeric()) => entity(out, character),
        // Neither a mention nor an address of mail: an objective, as in 200ms@p95.
        '@' if before.is_alphanumeric() && !word_has_dot(rest) => out.push('@'),
        '@' => out.push_str("@\u{200B}"),
        // A heading, an issue.
        '#' => out.push_str("&#35;\u{200B}"),
        // An address of the web.
        ':' if after == '/' => out.push_str(":\u{200B}"),
        '.' if follows("www") => out.push_str("\u{200B}."),
        // An issue.
        '-' if follows("gh") => out.push_str("-\u{200B}"),
        character => out.push(character),
    }
}

fn word_has_dot(text: &str) -> bool {
    text.chars().take(MOST_CHARACTERS).take_while(|c| !c.is_whitespace()).any(|c| c == '.')
}

fn entity(out: &mut String, character: char) {
    // Writing to a String cannot fail.
    let _ = write!(out, "&#{};", u32::from(character));
}

/// Control characters, line ends, and what turns the direction of writing.
fn is_unseen(character: char) -> bool {
    let turns = |c| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') || turns(character)
}

/// A fenced block. Its fence is longer than any row of backticks in `text`, so that nothing in it ends it.
#[must_use]
pub fn fenced(text: &str, language: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let kept = |c: &char| *c == '\n' || *c == '\t' || !is_unseen(*c);
    let text: String = text.replace("\r\n", "\n").replace('\r', "\n").chars().filter(kept).collect();
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup() {
        for (text, expected) in [
            ("search_library", "search_library"),
            ("_x_", "&#95;x&#95;"),
            ("a|b", "a&#124;b"),
            ("<script>`*[x](y)", "&#60;script&#62;&#96;&#42;&#91;x&#93;(y)"),
            ("@octocat", "@\u{200B}octocat"),
            ("#12", "&#35;\u{200B}12"),
            ("https://x www.x", "https:\u{200B}//x www\u{200B}.x"),
            ("200ms@p95 me@x.y", "200ms@p95 me@\u{200B}x.y"),
            ("GH-12 slow.", "GH-\u{200B}12 slow."),
            ("one\r\ntwo\u{2028}three\u{202E}", "one  two three "),
            ("$1 and $2", "&#36;1 and &#36;2"),
        ] {
            assert_eq!(escaped(text), expected);
        }
        assert_eq!(escaped(&"x".repeat(700)).chars().count(), 601);
    }

    #[test]
    fn nothing_ends_a_fence() {
        assert_eq!(fenced("SELECT 1;\n", "sql"), "```sql\nSELECT 1;\n```\n");
        let text = "a\n````\n<b>\r\n\u{1b}[1m";
        assert_eq!(fenced(text, ""), "`````\na\n````\n<b>\n[1m\n`````\n");
    }
}

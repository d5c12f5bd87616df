//! The words of a shell, as far as command lines need them: quotes, comments, and where a command ends.

/// Stands before what the shell would put something in for: a sign that nobody writes.
pub(super) const VARIABLE: char = '\u{e000}';

/// A word without its quotes, and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) at: usize,
}

/// The text as it was written.
pub(super) fn without_marks(text: &str) -> String {
    text.replace(VARIABLE, "")
}

/// The commands of a script, each as its words.
///
/// # Errors
/// Where a quote begins that is not closed.
pub(super) fn commands(text: &str) -> Result<Vec<Vec<Word>>, usize> {
    let mut commands = vec![Vec::new()];
    let mut at = 0;
    while let Some(sign) = text[at..].chars().next() {
        let rest = &text[at..];
        at += match sign {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '\\' if rest.starts_with("\\\n") => 2,
            '\n' | ';' | '|' | '&' | '(' | ')' => {
                commands.push(Vec::new());
                1
            }
            '<' | '>' => 1,
            blank if blank.is_whitespace() => blank.len_utf8(),
            _ => {
                let (word, length) = word(text, at)?;
                if let Some(command) = commands.last_mut() {
                    command.push(Word { text: word, at });
                }
                length
            }
        };
    }
    commands.retain(|command| !command.is_empty());
    Ok(commands)
}

/// The word that begins at `start`, and its length.
fn word(text: &str, start: usize) -> Result<(String, usize), usize> {
    let mut word = String::new();
    let mut quote: Option<(char, usize)> = None;
    let mut signs = text[start..].char_indices().peekable();
    while let Some((at, sign)) = signs.next() {
        let ends = sign.is_whitespace() || matches!(sign, ';' | '|' | '&' | '<' | '>' | '(' | ')');
        match (quote, sign) {
            (None, '(') if word.ends_with('$') => word.push(sign),
            (None, _) if ends => return Ok((word, at)),
            (None, '\'' | '"') => quote = Some((sign, start + at)),
            (Some((open, _)), sign) if sign == open => quote = None,
            (Some(('\'', _)), sign) => word.push(sign),
            (None, '\\') => word.extend(signs.next().map(|(_, next)| next).filter(|next| *next != '\n')),
            (Some(_), '\\') => match signs.next_if(|(_, next)| "$`\"\\\n".contains(*next)) {
                Some((_, '\n')) => {}
                Some((_, next)) => word.push(next),
                None => word.push('\\'),
            },
            (_, '$' | '`') => word.extend([VARIABLE, sign]),
            (_, sign) => word.push(sign),
        }
    }
    match quote {
        Some((_, at)) => Err(at),
        None => Ok((word, text.len() - start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Vec<String>> {
        let commands = commands(text).unwrap();
        commands.iter().map(|words| words.iter().map(|word| without_marks(&word.text)).collect()).collect()
    }

    #[test]
    fn words_are_those_of_a_shell() {
        assert_eq!(read("a 'b c' \"d\\\"e\"f\\ g # h\n i"), [vec!["a", "b c", "d\"ef g"], vec!["i"]]);
        assert_eq!(
            read("a \\\n b=c\\\nd; e && f=1;g"),
            [vec!["a", "b=cd"], vec!["e"], vec!["f=1"], vec!["g"]]
        );
        assert_eq!(read("a > b '$c' x#y"), [["a", "b", "$c", "x#y"]]);
        assert_eq!(commands("a 'b"), Err(2));
        let variables = commands("a=$B '$c' \"${d}\" \\$e").unwrap().remove(0);
        let marked: Vec<bool> = variables.iter().map(|word| word.text.contains(VARIABLE)).collect();
        assert_eq!(marked, [true, false, true, false]);
    }
}

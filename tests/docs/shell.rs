//! The commands in a piece of shell script, as far as documentation writes one.

/// A command: one line of a shell, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// Its words without their quotes; what is assigned in front of it, and where its output goes, is no part of it.
    pub(crate) words: Vec<String>,
    /// Whatever comment stands behind it.
    pub(crate) comment: String,
    /// The line as it was written, continued ones joined.
    pub(crate) line: String,
}

/// The commands of a script.
pub(crate) fn commands(script: &str) -> Vec<Command> {
    let joined = first_time_round(script.replace("\\\n", " "));
    joined.lines().flat_map(of_line).collect()
}

/// The script with what its loops stand for when they begin.
fn first_time_round(script: String) -> String {
    let loops: Vec<(String, String)> = script
        .lines()
        .filter_map(|line| {
            let (name, values) = line.trim().strip_prefix("for ")?.split_once(" in ")?;
            Some((format!("${name}"), values.split([' ', ';']).next()?.to_owned()))
        })
        .collect();
    loops.into_iter().fold(script, |script, (name, value)| script.replace(&name, &value))
}

fn of_line(line: &str) -> Vec<Command> {
    let (pieces, comment) = pieces(line);
    let command = |piece: String| {
        let words = shlex::split(&piece).unwrap_or_else(|| panic!("a quote is not closed: {line}"));
        // `do` and `then` begin a command, loops and their ends are none, assignments belong to the shell.
        let words: Vec<String> = words
            .into_iter()
            .skip_while(|word| ["do", "then", "else", "!"].contains(&word.as_str()) || is_assignment(word))
            .collect();
        let is_none = words.first().is_none_or(|word| ["for", "done", "if", "fi"].contains(&word.as_str()));
        (!is_none).then(|| Command { words, comment: comment.clone(), line: line.trim().to_owned() })
    };
    pieces.into_iter().filter_map(command).collect()
}

fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name);
    name.is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// What stands between `;`, `|` and `&`, without redirections; and the comment.
fn pieces(line: &str) -> (Vec<String>, String) {
    let mut pieces = vec![String::new()];
    let mut quote = None;
    let mut rest = line.char_indices().peekable();
    let mut redirects = false;
    while let Some((at, sign)) = rest.next() {
        match sign {
            sign if quote == Some(sign) => quote = None,
            _ if quote.is_some() => {}
            '\'' | '"' => quote = Some(sign),
            '#' if at == 0 || line[..at].ends_with(char::is_whitespace) => {
                return (pieces, line[at + 1..].trim().to_owned());
            }
            ';' | '|' | '&' => {
                pieces.push(String::new());
                redirects = false;
                continue;
            }
            '>' | '<' => {
                // Of `>> file`, blanks first, then the file.
                while rest.next_if(|(_, sign)| ['>', '&'].contains(sign) || sign.is_whitespace()).is_some() {}
                redirects = true;
                continue;
            }
            sign => redirects &= !sign.is_whitespace(),
        }
        if !redirects {
            pieces.last_mut().unwrap().push(sign);
        }
    }
    (pieces, String::new())
}

#[test]
fn lines_come_apart_as_a_shell_takes_them() {
    let words = |script: &str| -> Vec<Vec<String>> {
        commands(script).into_iter().map(|command| command.words).collect()
    };
    assert_eq!(words("a 'b c' > \"d e\" f \\\n  g # h; i\n\nj"), [vec!["a", "b c", "f", "g"], vec!["j"]]);
    assert_eq!(
        words("X=1 Y='a b' ./run --brake \"p95>3x, a>0\" >> out"),
        [["./run", "--brake", "p95>3x, a>0"]]
    );
    assert_eq!(words("for x in 1 2; do a --out $x; done"), [["a", "--out", "1"]]);
    assert_eq!(words("proxy --port 1 &\nb | c"), [vec!["proxy", "--port", "1"], vec!["b"], vec!["c"]]);
    assert_eq!(words("a \"$(git x)\""), [["a", "$(git x)"]]);
    let commented = commands("a b   # exit code 1");
    assert_eq!(
        (commented[0].comment.as_str(), commented[0].line.as_str()),
        ("exit code 1", "a b   # exit code 1")
    );
}

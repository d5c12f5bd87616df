//! Connection URLs, taken apart as libpq does. No error holds a piece of one: it may be a piece of the password.

use super::parameters::Parameters;

/// Reads what stands behind `postgres://`.
pub(super) fn parse(text: &str) -> Result<Parameters, String> {
    let mut parameters = Parameters::default();
    let (place, query) = split(credentials(text, &mut parameters)?, '?');
    let (hosts, database) = split(place, '/');
    self::hosts(hosts, &mut parameters)?;
    if let Some(database) = database.filter(|database| !database.is_empty()) {
        if database.contains('@') {
            return Err("its database holds an @: write a / of the password as %2F, an @ as %40".to_owned());
        }
        parameters.set("dbname", decoded(database)?)?;
    }
    if let Some(query) = query {
        self::query(query, &mut parameters)?;
    }
    Ok(parameters)
}

/// User and password, if there is an @ before the first slash; the rest.
fn credentials<'a>(text: &'a str, parameters: &mut Parameters) -> Result<&'a str, String> {
    let Some(end) = text.find(['@', '/']).filter(|end| text[*end..].starts_with('@')) else {
        return Ok(text);
    };
    let (user, password) = split(&text[..end], ':');
    if !user.is_empty() {
        parameters.set("user", decoded(user)?)?;
    }
    if let Some(password) = password.filter(|password| !password.is_empty()) {
        parameters.set("password", decoded(password)?)?;
    }
    Ok(&text[end + 1..])
}

/// `HOST:PORT,HOST:PORT`, addresses of IPv6 in brackets.
fn hosts(text: &str, parameters: &mut Parameters) -> Result<(), String> {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for one in text.split(',') {
        let (host, port) = match one.strip_prefix('[') {
            Some(inner) => {
                let (host, rest) =
                    inner.split_once(']').ok_or("its host begins with a [ that is never closed")?;
                match rest.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None if rest.is_empty() => (host, None),
                    None => return Err("its host has text behind the closing ]".to_owned()),
                }
            }
            None => split(one, ':'),
        };
        if host.contains('@') {
            return Err("its host holds an @: write an @ of the password as %40".to_owned());
        }
        hosts.push(decoded(host)?);
        ports.push(decoded(port.unwrap_or_default())?);
    }
    for (name, values) in [("host", hosts), ("port", ports)] {
        if values.iter().any(|value| !value.is_empty()) {
            parameters.set(name, values.join(","))?;
        }
    }
    Ok(())
}

/// `KEYWORD=VALUE&KEYWORD=VALUE`.
fn query(text: &str, parameters: &mut Parameters) -> Result<(), String> {
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or("a parameter behind its ? has no =")?;
        if value.contains('=') {
            return Err("a parameter behind its ? has two =: write the second one as %3D".to_owned());
        }
        match (decoded(name)?.as_str(), decoded(value)?) {
            // As other drivers write it.
            ("ssl", value) if value == "true" => parameters.set("sslmode", "require")?,
            (name, value) => parameters.set(name, value)?,
        }
    }
    Ok(())
}

/// What stands before `separator`, and what behind it.
fn split(text: &str, separator: char) -> (&str, Option<&str>) {
    text.split_once(separator).map_or((text, None), |(before, behind)| (before, Some(behind)))
}

/// With each `%XX` as the byte that it stands for.
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        let code = digit().zip(digit()).map(|(high, low)| high * 16 + low);
        let code = code.and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 0);
        bytes.push(code.ok_or("it has a % without two hexadecimal digits: write a % as %25")?);
    }
    String::from_utf8(bytes).map_err(|_| "what its % stand for is no UTF-8 text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, names: &[&str]) -> Vec<String> {
        let parameters = parse(text).unwrap();
        names.iter().map(|name| parameters.get(name).unwrap_or("-").to_owned()).collect()
    }

    #[test]
    fn parts_of_urls() {
        let names = ["user", "password", "host", "port", "dbname"];
        for (text, expected) in [
            ("", ["-", "-", "-", "-", "-"]),
            ("h", ["-", "-", "h", "-", "-"]),
            ("u@h/d", ["u", "-", "h", "-", "d"]),
            ("u:p@h1:1,h2/d", ["u", "p", "h1,h2", "1,", "d"]),
            ("u:p?q:r@[::1]:7,[fe80::1]", ["u", "p?q:r", "::1,fe80::1", "7,", "-"]),
            ("u%40x:%2F%3a@%2Fcloudsql%2Fp%3Ar%3Ai/d", ["u@x", "/:", "/cloudsql/p:r:i", "-", "d"]),
            ("/d", ["-", "-", "-", "-", "d"]),
            (":7/", ["-", "-", "-", "7", "-"]),
            ("u@/d?host=/run&port=7&ssl=true", ["u", "-", "/run", "7", "d"]),
        ] {
            assert_eq!(read(text, &names), expected, "{text}");
        }
        assert_eq!(read("h?ssl=true", &["sslmode"]), ["require"]);
        assert_eq!(read("u@/d?host=h&sslmode=require&sslmode=disable", &["sslmode"]), ["disable"]);
    }

    #[test]
    fn mistakes_are_named_without_the_text() {
        for (text, told) in [
            ("u:sec@ret@h/d", "write an @ of the password as %40"),
            ("u:1/ret@h/d", "write a / of the password as %2F"),
            ("u:sec%ret@h", "write a % as %25"),
            ("u:sec%00ret@h", "write a % as %25"),
            ("u:%ff@h", "no UTF-8"),
            ("[::1", "never closed"),
            ("[::1]ret", "behind the closing ]"),
            ("h?secret", "has no ="),
            ("h?password=a=ret", "as %3D"),
            ("h?secret=1", "does not know"),
        ] {
            let reason = parse(text).unwrap_err();
            assert!(reason.contains(told) && !reason.contains("ret"), "{text}: {reason}");
        }
    }
}

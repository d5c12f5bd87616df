//! Elements of a page, read as a browser would.

/// An element with its attributes.
pub(super) struct Element<'a> {
    pub(super) name: &'a str,
    pub(super) attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Element<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// All elements of a page. What scripts and style sheets hold is text.
pub(super) fn of(page: &str) -> Vec<Element<'_>> {
    let mut all = Vec::new();
    let mut rest = page;
    while let Some((_, tag)) = rest.split_once('<') {
        rest = tag;
        if !tag.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let (name, attributes) = tag.split_at(tag.find([' ', '>', '/']).unwrap());
        let mut element = Element { name, attributes: Vec::new() };
        rest = attributes_into(&mut element, attributes);
        if ["style", "script"].contains(&name) {
            rest = rest.split_once(&format!("</{name}>")).unwrap().1;
        }
        all.push(element);
    }
    all
}

/// Gives what stands behind the tag.
fn attributes_into<'a>(element: &mut Element<'a>, mut rest: &'a str) -> &'a str {
    loop {
        rest = rest.trim_start_matches([' ', '/', '\n']);
        if let Some(behind) = rest.strip_prefix('>') {
            return behind;
        }
        let (name, behind) = rest.split_at(rest.find(['=', ' ', '>']).unwrap());
        let quoted = behind.strip_prefix("=\"").map(|value| value.split_once('"').unwrap());
        assert!(quoted.is_some() || !behind.starts_with('='), "{name} has no quotes");
        let (value, behind) = quoted.unwrap_or(("", behind));
        element.attributes.push((name, value));
        rest = behind;
    }
}

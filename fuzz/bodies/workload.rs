//! Workload files, and the SQL in them.

use super::text;
use loist_bench::workload::{Template, Value, Workload};

/// What is accepted is whole, what is not has a line of the file.
pub(super) fn file(data: &[u8]) -> bool {
    let Some(text) = text(data) else { return false };
    match Workload::parse(text, "file.toml") {
        Ok(workload) => {
            assert!(!workload.operations.is_empty());
            for operation in &workload.operations {
                assert!(operation.weight > 0.0 && operation.round_trips(&workload.envelope) > 0);
                let mut slots = operation.statements().flat_map(|statement| statement.template.slots());
                assert!(slots.all(|slot| slot < operation.slots.len()));
            }
            assert_eq!(
                Workload::parse(&workload.text, "file.toml").map(|again| again.name),
                Ok(workload.name)
            );
            true
        }
        Err(error) => {
            assert!((1..=text.matches('\n').count() + 1).contains(&error.line), "{error}");
            false
        }
    }
}

/// SQL with its parameters written as they were is the SQL, but for the brackets of optional clauses.
pub(super) fn template(data: &[u8]) -> bool {
    let Some(sql) = text(data) else { return false };
    let Some((template, names)) = parsed(sql) else { return false };
    let values: Vec<Value> =
        names.iter().map(|name| Value::Sql { text: name.as_str().into(), choice: 0 }).collect();
    let mut written = String::new();
    template.write_literal(&values, &mut written);
    assert_eq!(template.numbered(&values).sql, written);
    assert_eq!(written.len() + "[[]]".len() * template.optionals(), sql.len());
    assert!(template.optionals() > 0 || written == sql);
    true
}

/// The template, and the parameters as its SQL names them, by slot.
fn parsed(sql: &str) -> Option<(Template, Vec<String>)> {
    let mut names: Vec<String> = Vec::new();
    let template = Template::parse(sql, &mut |reference| {
        let field = reference.field.iter().map(|field| format!(".{field}"));
        let name = format!(":{}{}", reference.name, field.collect::<String>());
        Ok(names.iter().position(|known| *known == name).unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        }))
    });
    template.ok().map(|template| (template, names))
}

//! From a workload file to the model, with the line of whatever is wrong.

use super::{
    draw,
    error::{Source, WorkloadError},
    file::{EnvelopeFile, OperationFile, StatementFile, TransactionFile, WorkloadFile},
    lexer::{Lexer, Token},
    model::{ALL, Envelope, Operation, Parameter, Slot, Statement, Transaction, Workload},
    template::{Reference, Template},
};
use crate::text::{toml_mistake, what_is_known};
use std::{path::Path, str::FromStr};
use toml::Spanned;

mod retry;

impl Workload {
    /// Reads a workload file's text. `origin` names it in errors.
    ///
    /// # Errors
    /// With the line: when it does not parse, names an unknown parameter or field, or contradicts itself.
    pub fn parse(text: &str, origin: &str) -> Result<Self, WorkloadError> {
        let source = Source { origin, text };
        let file: WorkloadFile = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            source.error(at, toml_mistake(&error))
        })?;
        let name = Reader { source }.name(&file.name, "a workload")?;
        if file.operation.is_empty() {
            return Err(source.error(0, "there is no [[operation]]: name at least one"));
        }
        let operations =
            file.operation.iter().map(|o| Reader { source }.operation(o)).collect::<Result<Vec<_>, _>>()?;
        for (index, operation) in file.operation.iter().enumerate() {
            let name = &operation.get_ref().name;
            if operations[..index].iter().any(|earlier| earlier.name == *name.get_ref()) {
                return Err(source.error(
                    name.span().start,
                    format!("there are two operations named `{}`", name.get_ref()),
                ));
            }
        }
        let envelope = Reader { source }.envelope(&file.envelope)?;
        let retry = Reader { source }.retry(&file.retry)?;
        Ok(Self {
            name,
            description: file.description,
            protocol: file.protocol,
            slo: file.slo,
            stages: Reader { source }.each(&file.stages)?,
            retry,
            envelope,
            operations,
            origin: origin.to_owned(),
            text: text.to_owned(),
        })
    }

    /// Reads a workload file from disk.
    ///
    /// # Errors
    /// When it cannot be read, and as [`Workload::parse`].
    pub fn load(path: &Path) -> Result<Self, WorkloadError> {
        let origin = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, &origin),
            Err(error) => Err(WorkloadError { origin, line: 0, message: format!("cannot be read: {error}") }),
        }
    }
}

/// Turns the parts of a file into the model, with places for errors.
struct Reader<'a> {
    source: Source<'a>,
}

impl Reader<'_> {
    /// The envelope surrounds every checkout: nothing in it may do what is not counted as the operation's.
    fn envelope(&self, file: &EnvelopeFile) -> Result<Envelope, WorkloadError> {
        let (begin_at, begin) = self.scan(&file.begin)?;
        if !matches!(begin.first_word(), Some("BEGIN" | "START")) {
            let message = "`begin` must be a BEGIN or START TRANSACTION, with its options";
            return Err(self.source.error(begin_at, message));
        }
        let (validate_at, validate) = self.scan(&file.validate)?;
        if validate.first_word().is_some() && validate.mutates() {
            let message = "`validate` must be a query that changes nothing, or empty";
            return Err(self.source.error(validate_at, message));
        }
        // As the server will show them.
        let bare = |sql: &Spanned<String>| sql.get_ref().trim().trim_end_matches(';').trim_end().to_owned();
        let validate = validate.first_word().map(|_| bare(&file.validate));
        Ok(Envelope { begin: bare(&file.begin), validate, begin_at, validate_at })
    }

    /// Reads a whole text of SQL, and gives where it begins in the file.
    fn scan<'a>(&self, sql: &'a Spanned<String>) -> Result<(usize, Lexer<'a>), WorkloadError> {
        let at = self.content_start(sql.span().start);
        let mut lexer = Lexer::new(sql.get_ref());
        loop {
            match lexer.next() {
                Ok(Token::End(_)) => return Ok((at, lexer)),
                Ok(_) => {}
                Err(error) => return Err(self.source.error(at + error.at, error.message)),
            }
        }
    }

    /// Reads each of `texts`, to say in which line the wrong one is: the parser would name the whole list's.
    fn each<T: FromStr<Err = String>>(&self, texts: &[Spanned<String>]) -> Result<Vec<T>, WorkloadError> {
        let read = |text: &Spanned<String>| {
            text.get_ref().parse().map_err(|message: String| self.source.error(text.span().start, message))
        };
        texts.iter().map(read).collect()
    }

    /// Names stand in tables, pictures and the record.
    fn name(&self, name: &Spanned<String>, what: &str) -> Result<String, WorkloadError> {
        if is_name(name.get_ref()) {
            return Ok(name.get_ref().clone());
        }
        Err(self.source.error(name.span().start, format!("the name of {what} is made of {NAME_RULE}")))
    }

    fn operation(&self, file: &Spanned<OperationFile>) -> Result<Operation, WorkloadError> {
        let at = file.span().start;
        let file = file.get_ref();
        let weight = *file.weight.get_ref();
        draw::check_weight(weight).map_err(|message| self.source.error(file.weight.span().start, message))?;
        for code in &file.expected_errors {
            if code.get_ref().len() != 5 || !code.get_ref().chars().all(|c| c.is_ascii_alphanumeric()) {
                let message =
                    format!("`{}` is not a SQLSTATE: five letters or digits, as in 42601", code.get_ref());
                return Err(self.source.error(code.span().start, message));
            }
        }
        let mut parameters = Vec::new();
        for (name, draw) in &file.parameters {
            let error = |message| {
                self.source.error(draw.span().start, format!("parameter `{}`: {message}", name.get_ref()))
            };
            draw.get_ref().check().map_err(error)?;
            parameters.push(Parameter { name: name.get_ref().clone(), draw: draw.get_ref().clone() });
        }
        let mut slots = Vec::new();
        let mut transactions = Vec::new();
        for transaction in &file.transaction {
            transactions.push(self.transaction(transaction, &parameters, &mut slots)?);
        }
        if transactions.is_empty() {
            return Err(self
                .source
                .error(at, format!("operation `{}` has no transaction", file.name.get_ref())));
        }
        for (index, (name, _)) in file.parameters.iter().enumerate() {
            if !slots.iter().any(|slot| slot.parameter == index) {
                let message =
                    format!("parameter `{}` is used by no statement: delete it, or use it", name.get_ref());
                return Err(self.source.error(name.span().start, message));
            }
        }
        let name = self.name(&file.name, "an operation")?;
        if name == ALL {
            let message = format!("`{ALL}` is the name of all operations together: choose another");
            return Err(self.source.error(file.name.span().start, message));
        }
        let operation = Operation {
            name,
            weight,
            slo: file.slo,
            expected_errors: file.expected_errors.iter().map(|code| code.get_ref().clone()).collect(),
            parameters,
            slots,
            transactions,
        };
        self.unique_names(file)?;
        Ok(operation)
    }

    fn unique_names(&self, file: &OperationFile) -> Result<(), WorkloadError> {
        let mut seen: Vec<&str> = Vec::new();
        for statement in file.transaction.iter().flat_map(|t| &t.get_ref().statement) {
            let name = &statement.get_ref().name;
            if seen.contains(&name.get_ref().as_str()) {
                let message = format!(
                    "operation `{}` has two statements named `{}`",
                    file.name.get_ref(),
                    name.get_ref()
                );
                return Err(self.source.error(name.span().start, message));
            }
            seen.push(name.get_ref());
        }
        Ok(())
    }

    fn transaction(
        &self,
        file: &Spanned<TransactionFile>,
        parameters: &[Parameter],
        slots: &mut Vec<Slot>,
    ) -> Result<Transaction, WorkloadError> {
        let read = |s: &Spanned<StatementFile>| self.statement(s.get_ref(), parameters, slots);
        let statements = file.get_ref().statement.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if statements.is_empty() {
            return Err(self.source.error(file.span().start, "a transaction needs at least one statement"));
        }
        let TransactionFile { end, pipeline, .. } = *file.get_ref();
        Ok(Transaction { end, pipeline, statements })
    }

    fn statement(
        &self,
        file: &StatementFile,
        parameters: &[Parameter],
        slots: &mut Vec<Slot>,
    ) -> Result<Statement, WorkloadError> {
        let source_start = self.content_start(file.sql.span().start);
        let template =
            Template::parse(file.sql.get_ref(), &mut |reference| resolve(reference, parameters, slots))
                .map_err(|error| self.source.error(source_start + error.at, error.message))?;
        let mut used = template.slots();
        used.sort_unstable();
        used.dedup();
        let choices =
            used.iter().map(|slot| parameters[slots[*slot].parameter].draw.sql_choices().len().max(1));
        let forms = choices.fold(1_usize << template.optionals().min(32), usize::saturating_mul);
        if forms > MOST_FORMS {
            let message = format!(
                "the statement has {forms} forms, by its optional clauses and `sql` parameters, which are all checked against the server: at most {MOST_FORMS} are allowed"
            );
            return Err(self.source.error(source_start, message));
        }
        let name = self.name(&file.name, "a statement")?;
        if RESERVED.contains(&name.as_str()) {
            let message = format!("`{name}` is the name of a round trip of the envelope: choose another");
            return Err(self.source.error(file.name.span().start, message));
        }
        Ok(Statement { name, template, source_start })
    }

    /// Where the content of the TOML string at `at` begins: behind its quotes and, in a multi-line
    /// string, behind the line break that TOML drops.
    fn content_start(&self, at: usize) -> usize {
        let rest = &self.source.text[at..];
        match rest.strip_prefix("'''").or_else(|| rest.strip_prefix("\"\"\"")) {
            Some(inner) if inner.starts_with("\r\n") => at + 5,
            Some(inner) if inner.starts_with('\n') => at + 4,
            Some(_) => at + 3,
            None => at + 1,
        }
    }
}

/// Each optional clause doubles a statement's forms, each `sql` parameter multiplies them.
const MOST_FORMS: usize = 128;
/// Names of the envelope's round trips in the results.
const RESERVED: [&str; 4] = ["begin", "validate", "commit", "rollback"];
/// What [`is_name`] asks for.
const NAME_RULE: &str = "1 to 64 letters, digits, - and _";

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn resolve(reference: &Reference, parameters: &[Parameter], slots: &mut Vec<Slot>) -> Result<usize, String> {
    let name = &reference.name;
    let Some(parameter) = parameters.iter().position(|parameter| parameter.name == *name) else {
        let known: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        return Err(format!("unknown parameter `:{name}`{}", what_is_known(name, &known, ":")));
    };
    let fields = parameters[parameter].draw.fields();
    let field = match (&reference.field, fields) {
        (None, []) => None,
        (None, fields) => return Err(format!("`:{name}` has fields, name one: {}", fields.join(", "))),
        (Some(field), fields) => match fields.iter().find(|known| *known == field) {
            Some(field) => Some(*field),
            None if fields.is_empty() => return Err(format!("`:{name}` has no fields")),
            None => return Err(format!("`:{name}` has no field `{field}`: known are {}", fields.join(", "))),
        },
    };
    let slot = Slot { parameter, field };
    Ok(slots.iter().position(|known| *known == slot).unwrap_or_else(|| {
        slots.push(slot);
        slots.len() - 1
    }))
}

#[cfg(test)]
mod tests;

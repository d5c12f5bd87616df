//! Whether exclusion constraints hold: each pair of rows is asked, which only small tables allow.

use super::constraints::violated;
use crate::drill::{contents, result::Check};
use crate::target::describe;
use crate::text::{counted, grouped};
use tokio_postgres::{Client, Error};

/// What the check is called.
pub(super) const CHECK: &str = "exclusion constraints";
/// Rows of the largest table whose pairs are asked: 50 million of them.
const MOST_ROWS: i64 = 10_000;

/// Every exclusion constraint, a key WITHOUT OVERLAPS among them; none where there are none. Two rows exclude each other
/// where every operator holds of them.
pub(super) async fn all(client: &Client) -> Result<Option<Check>, Error> {
    let (mut failures, mut asked, mut left_out) = (Vec::new(), 0, Vec::new());
    for row in client.query(&sql(), &[]).await? {
        let (constraint, table, pairs): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let count = format!("SELECT count(*) FROM ONLY {table}");
        let rows: i64 = client.query_one(&count, &[]).await?.get(0);
        if rows > MOST_ROWS {
            left_out.push(constraint);
            continue;
        }
        asked += 1;
        match client.query_one(&pairs, &[]).await {
            Err(error) => failures.push(format!("{constraint} cannot be asked: {}", describe(&error))),
            Ok(found) => failures.extend(violated(&constraint, &found, "pair")),
        }
    }
    Ok(told(asked, &left_out, failures))
}

fn told(asked: u64, left_out: &[String], failures: Vec<String>) -> Option<Check> {
    if asked == 0 && left_out.is_empty() {
        return None;
    }
    let evidence = format!("{} asked again of every pair of rows", counted(asked, "constraint"));
    Some(match left_out.is_empty() || !failures.is_empty() {
        true => Check::of(CHECK, evidence, failures),
        false => Check::unproven(
            CHECK,
            format!(
                "{evidence}; not asked, because of more than {} rows: {}",
                grouped(MOST_ROWS.cast_unsigned()),
                left_out.join(", ")
            ),
        ),
    })
}

/// Name, table, and the question: how many pairs of rows exclude each other. A partition has the constraint itself.
fn sql() -> String {
    format!(
        "SELECT format('%I on %s', k.conname, k.conrelid::regclass), k.conrelid::regclass::text,
                format('WITH own AS MATERIALIZED (SELECT ctid AS place, %s FROM ONLY %s WHERE %s)
                        SELECT count(*) FROM own AS one JOIN own AS other ON one.place < other.place AND %s',
                       keys.list, k.conrelid::regclass, coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'), keys.meet)
         FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_index i ON i.indexrelid = k.conindid
         CROSS JOIN LATERAL (
             SELECT string_agg(format('(%s) AS key_%s', pg_get_indexdef(i.indexrelid, number::int, false), number), ', ') AS list,
                    string_agg(format('one.key_%s OPERATOR(%I.%s) other.key_%s', number, s.nspname, o.oprname, number), ' AND ')
                        AS meet
             FROM unnest(k.conexclop) WITH ORDINALITY AS operators (oper, number)
             JOIN pg_operator o ON o.oid = operators.oper JOIN pg_namespace s ON s.oid = o.oprnamespace) AS keys
         WHERE k.conexclop IS NOT NULL AND c.relkind = 'r' AND {} ORDER BY 1",
        contents::OF_USERS
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::result::Outcome;

    #[test]
    fn what_is_too_large_is_named_and_no_fault_is_lost() {
        assert_eq!(told(0, &[], Vec::new()), None);
        let large = ["no_overlap on s.t".to_owned()];
        let check = told(1, &large, Vec::new()).unwrap();
        assert_eq!(check.outcome, Outcome::Unproven);
        assert!(check.evidence.ends_with("more than 10,000 rows: no_overlap on s.t"), "{}", check.evidence);
        assert_eq!(told(1, &large, vec!["x".to_owned()]).unwrap().outcome, Outcome::Failed);
        assert_eq!(told(2, &[], Vec::new()).unwrap().outcome, Outcome::Passed);
    }
}

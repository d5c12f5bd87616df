//! Single round trips: a text by the simple protocol, or a statement with parameters beside it.

use super::{
    bind::{Bound, Variant},
    clock::Clock,
    link::Link,
};
use crate::workload::{End, Protocol, Value};
use futures_util::StreamExt;
use std::{borrow::Cow, pin::pin, time::Duration};
use tokio_postgres::{Error, SimpleQueryMessage, Statement, types::ToSql};

/// Sends `sql` by the simple protocol and reads to the end; returns the number of rows, as the server counts them.
pub(super) async fn simple(link: &Link, sql: &str) -> Result<u64, Error> {
    let mut messages = pin!(link.simple_query_raw(sql).await?);
    let mut rows = 0;
    while let Some(message) = messages.next().await {
        if let SimpleQueryMessage::CommandComplete(count) = message? {
            rows += count;
        }
    }
    Ok(rows)
}

/// The network that is imagined between client and server.
#[derive(Clone, Copy)]
pub(super) struct Network<'a> {
    pub(super) clock: &'a Clock,
    /// Of one round trip.
    pub(super) delay: Duration,
}

impl Network<'_> {
    /// What a round trip would have cost.
    pub(super) async fn pass(self) {
        if !self.delay.is_zero() {
            self.clock.sleep(self.delay).await;
        }
    }

    /// Has the server parse the statement, unless this connection has done so before. It is a round trip of its own.
    async fn prepare(self, link: &Link, variant: &Variant) -> Result<Statement, Error> {
        if let Some(prepared) = link.prepared(variant) {
            return Ok(prepared);
        }
        let prepared = link.prepare(variant).await?;
        self.pass().await;
        Ok(prepared)
    }
}

/// Sends a statement with its parameters beside it, prepared or not, and reads to the end; returns the number of rows, as
/// the server counts them. The delay of this round trip is the caller's.
pub(super) async fn bound(
    link: &Link,
    network: Network<'_>,
    protocol: Protocol,
    variant: &Variant,
    values: &[Value],
) -> Result<u64, Error> {
    let parameters = variant.slots.iter().map(|slot| &values[*slot]);
    if protocol == Protocol::Prepared {
        let prepared = network.prepare(link, variant).await?;
        return link.execute_raw(&prepared, parameters).await;
    }
    let parameters = parameters.map(|value| value as &(dyn ToSql + Sync));
    let typed: Vec<_> = parameters.zip(variant.types.iter().cloned()).collect();
    link.execute_typed(&variant.sql, &typed).await
}

/// One of several statements that travel together.
pub(super) struct Message<'a> {
    /// Where it is recorded.
    pub(super) slot: usize,
    content: Content<'a>,
}

enum Content<'a> {
    Text(Cow<'a, str>),
    Bound(&'a Variant),
}

impl Message<'_> {
    /// Has the server parse the statement, unless this connection has done so before.
    pub(super) async fn prepare(&self, link: &Link, network: Network<'_>) -> Result<(), Error> {
        if let Content::Bound(variant) = self.content {
            network.prepare(link, variant).await?;
        }
        Ok(())
    }

    pub(super) async fn send(
        &self,
        link: &Link,
        network: Network<'_>,
        protocol: Protocol,
        values: &[Value],
    ) -> Result<u64, Error> {
        match &self.content {
            Content::Text(sql) => simple(link, sql).await,
            Content::Bound(variant) => bound(link, network, protocol, variant, values).await,
        }
    }
}

/// Everything that transaction number `number` sends: envelope, statements, end.
pub(super) fn messages<'a>(
    bound: &'a Bound,
    index: usize,
    number: usize,
    values: &[Value],
) -> Vec<Message<'a>> {
    let ready = &bound.operations[index];
    let transaction = &bound.workload.operations[index].transactions[number];
    let text = |slot, sql: &'a str| Message { slot, content: Content::Text(Cow::Borrowed(sql)) };
    let mut messages = Vec::with_capacity(transaction.statements.len() + 3);
    if transaction.end != End::None {
        messages.push(text(ready.envelope.begin, &bound.workload.envelope.begin));
        let validate = bound.workload.envelope.validate.as_deref();
        messages.extend(validate.map(|sql| text(ready.envelope.validate, sql)));
    }
    for (statement, ready) in transaction.statements.iter().zip(&ready.transactions[number]) {
        let content = if bound.protocol == Protocol::Simple {
            let mut sql = String::new();
            statement.template.write_literal(values, &mut sql);
            Content::Text(Cow::Owned(sql))
        } else {
            Content::Bound(ready.variant(statement, values))
        };
        messages.push(Message { slot: ready.slot, content });
    }
    let end = match transaction.end {
        End::Commit => ready.envelope.commit,
        End::Rollback | End::None => ready.envelope.rollback,
    };
    messages.extend(transaction.end.sql().map(|sql| text(end, sql)));
    messages
}

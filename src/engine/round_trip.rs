//! Single round trips: a text by the simple protocol, or a statement with parameters beside it.

use super::{
    bind::{Bound, Variant},
    clock::Clock,
};
use crate::workload::{End, Protocol, Value};
use deadpool_postgres::ClientWrapper;
use futures_util::{Stream, StreamExt};
use std::{borrow::Cow, pin::pin, time::Duration};
use tokio_postgres::{Error, SimpleQueryMessage, Statement};

/// Sends `sql` by the simple protocol and reads to the end; returns the number of rows.
pub(super) async fn simple(client: &ClientWrapper, sql: &str) -> Result<u64, Error> {
    let mut messages = pin!(client.simple_query_raw(sql).await?);
    let mut rows = 0;
    while let Some(message) = messages.next().await {
        rows += u64::from(matches!(message?, SimpleQueryMessage::Row(_)));
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
    async fn prepare(self, client: &ClientWrapper, variant: &Variant) -> Result<Statement, Error> {
        let known = client.statement_cache.size();
        let prepared = client.prepare_cached(&variant.sql).await?;
        if client.statement_cache.size() > known {
            self.pass().await;
        }
        Ok(prepared)
    }
}

/// Sends a statement with its parameters beside it, prepared or not, and reads to the end. The delay of this round trip is
/// the caller's.
pub(super) async fn bound(
    client: &ClientWrapper,
    network: Network<'_>,
    protocol: Protocol,
    variant: &Variant,
    values: &[Value],
) -> Result<u64, Error> {
    let parameters = variant.slots.iter().map(|slot| &values[*slot]);
    if protocol == Protocol::Prepared {
        let prepared = network.prepare(client, variant).await?;
        return rows(client.query_raw(&prepared, parameters).await?).await;
    }
    let typed = parameters.zip(variant.types.iter().cloned());
    rows(client.query_typed_raw(&variant.sql, typed).await?).await
}

async fn rows<R>(stream: impl Stream<Item = Result<R, Error>>) -> Result<u64, Error> {
    let mut stream = pin!(stream);
    let mut rows = 0;
    while let Some(row) = stream.next().await {
        row?;
        rows += 1;
    }
    Ok(rows)
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
    pub(super) async fn prepare(&self, client: &ClientWrapper, network: Network<'_>) -> Result<(), Error> {
        if let Content::Bound(variant) = self.content {
            network.prepare(client, variant).await?;
        }
        Ok(())
    }

    pub(super) async fn send(
        &self,
        client: &ClientWrapper,
        network: Network<'_>,
        protocol: Protocol,
        values: &[Value],
    ) -> Result<u64, Error> {
        match &self.content {
            Content::Text(sql) => simple(client, sql).await,
            Content::Bound(variant) => bound(client, network, protocol, variant, values).await,
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

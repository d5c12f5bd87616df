//! Collects: one round of questions at a time, over one session.

use super::{
    board::Board,
    canary::Canary,
    counters,
    log::Log,
    machine::ServerMachine,
    metric::Readings,
    metrics::{BACKUPS_ENABLED, COLLECTED, COLLECTOR, SERVER, STORAGE_LIMIT, UP},
    options::ObserveOptions,
    page::Page,
    session::{Door, Session},
    statements::Statements,
    storage,
};
use crate::target::{Target, TargetError};
use chrono::{DateTime, Utc};
use std::time::{Duration, Instant};

/// Statements are looked at in one collection of so many: there may be thousands of them.
const STATEMENTS_EVERY: u64 = 4;
/// A question that hangs longer than the session's own limits allow is not waited for: the network swallows everything.
const PATIENCE: Duration = Duration::from_secs(15);
/// The parts that the server answers for.
const OF_SERVER: [&str; 5] = ["activity", "counters", "durability", "statements", "sizes"];

/// Everything that is known of one server.
pub(super) struct Collector {
    options: ObserveOptions,
    door: Door,
    session: Option<Session>,
    /// Why there is none, as it was said last.
    absence: Option<String>,
    board: Board,
    canary: Canary,
    statements: Statements,
    machine: ServerMachine,
    log: Option<Log>,
    collections: u64,
    /// When the last one ended.
    collected: Option<DateTime<Utc>>,
    next_sizes: Instant,
}

impl Collector {
    pub(super) fn new(target: &Target, options: &ObserveOptions) -> Self {
        Self {
            door: Door::new(target.route()),
            session: None,
            absence: None,
            board: Board::default(),
            canary: Canary::default(),
            statements: Statements::default(),
            machine: ServerMachine::new(options, target.is_on_this_machine()),
            log: options.log.as_ref().map(Log::new),
            collections: 0,
            collected: None,
            next_sizes: Instant::now(),
            options: options.clone(),
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        self.session.is_some()
    }

    /// When a session is tried to be opened again.
    pub(super) fn next_try(&self) -> Instant {
        self.door.next_try()
    }

    /// Opens the session.
    pub(super) async fn connect(&mut self) -> Result<(), TargetError> {
        let session = self.door.open().await?;
        self.machine.find(&session.client).await;
        self.session = Some(session);
        Ok(())
    }

    /// Opens the session if it can be; what is new of that is told.
    pub(super) async fn try_to_connect(&mut self, listen: &dyn Fn(String)) {
        match self.connect().await {
            Ok(()) => {
                if self.absence.take().is_some() {
                    listen("the server answers again".to_owned());
                }
            }
            Err(error) => {
                let reason = error.to_string();
                if self.absence.as_ref() != Some(&reason) {
                    listen(format!("{reason}; trying again"));
                }
                self.absence = Some(reason);
            }
        }
    }

    /// Reads once.
    pub(super) async fn sing(&mut self) {
        let Some(session) = &self.session else { return };
        let began = Instant::now();
        if tokio::time::timeout(PATIENCE, self.canary.sing(&session.client, &session.read)).await.is_err() {
            self.canary.note(began.elapsed(), false);
            self.session = None;
        }
        self.see_whether_it_is_there();
    }

    /// One collection.
    pub(super) async fn collect(&mut self, listen: &dyn Fn(String)) {
        self.collect_here(listen).await;
        if tokio::time::timeout(PATIENCE, self.ask(listen)).await.is_err() {
            listen(format!("the server did not answer within {} s", PATIENCE.as_secs()));
            self.session = None;
        }
        self.see_whether_it_is_there();
        self.collected = Some(Utc::now());
    }

    /// What can be known without the server.
    async fn collect_here(&mut self, listen: &dyn Fn(String)) {
        if let Some(backups) = &self.options.backups {
            let news = self.board.read("backups", async { backups.look() }).await;
            left_out(listen, news);
        }
        if let Some(log) = self.log.as_mut().filter(|log| !log.needs_server()) {
            let news = self.board.read("log", log.look(None)).await;
            left_out(listen, news);
        }
    }

    /// What the server tells.
    async fn ask(&mut self, listen: &dyn Fn(String)) {
        let Some(session) = &mut self.session else { return };
        let (client, board) = (&session.client, &mut self.board);
        // What a session cannot tell that has just ended is no news.
        let tell = |news: Option<String>| left_out(listen, news.filter(|_| !client.is_closed()));
        tell(board.read("activity", session.activity.look(client)).await);
        tell(board.read("counters", counters::look(client, session.version_number)).await);
        tell(board.read("durability", session.durability.look(client)).await);
        if self.collections.is_multiple_of(STATEMENTS_EVERY) {
            tell(board.read("statements", self.statements.look(client)).await);
        }
        if Instant::now() >= self.next_sizes {
            self.next_sizes = Instant::now() + self.options.sizes_every;
            tell(board.read("sizes", storage::look(client)).await);
            session.read.look_for_tracks(client).await;
        }
        if let Some(log) = self.log.as_mut().filter(|log| log.needs_server()) {
            tell(board.read("log", log.look(Some(client))).await);
        }
        self.collections += 1;
    }

    /// A server that is gone has no numbers any more, and those that are asked for seldom are asked for at once when it is
    /// back.
    fn see_whether_it_is_there(&mut self) {
        if self.session.as_ref().is_some_and(|session| session.client.is_closed()) {
            self.session = None;
        }
        if self.session.is_none() {
            self.board.forget(&OF_SERVER);
            self.statements.begin_anew();
            self.collections = 0;
            self.next_sizes = Instant::now();
        }
    }

    /// Everything that is known now.
    pub(super) fn page(&mut self) -> Page {
        let mut all = Readings::default();
        all.put_for(&COLLECTOR, [env!("CARGO_PKG_VERSION")], 1.0);
        all.put(&UP, if self.session.is_some() { 1.0 } else { 0.0 });
        all.put_known(&COLLECTED, self.collected.map(|at| at.timestamp_millis() as f64 / 1e3));
        if let Some(session) = &self.session {
            all.put_for(&SERVER, [session.version.as_str()], 1.0);
        }
        self.board.tell(&mut all);
        let read = self.session.as_ref().map(|session| &session.read);
        let parts = [self.door.readings(), self.machine.readings(), self.canary.readings(read)];
        parts.into_iter().for_each(|part| all.0.extend(part.0));
        all.put_known(&STORAGE_LIMIT, self.options.storage_bytes().map(|bytes| bytes as f64));
        let enabled = self.options.instance.as_ref().map(|instance| instance.backups.enabled);
        all.put_known(&BACKUPS_ENABLED, enabled.map(|enabled| f64::from(u8::from(enabled))));
        Page(all)
    }
}

/// Says what is new of a part that cannot be read.
fn left_out(listen: &dyn Fn(String), news: Option<String>) {
    if let Some(news) = news {
        listen(format!("left out: {news}"));
    }
}

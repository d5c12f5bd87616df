//! What a tuner can be told.

use super::{Candidate, Objective, Search};
use crate::{
    flags::value::parse_bool,
    lab::{
        self, CatalogOptions, Event, Interrupt, LabError, LoadOptions, Looks, RunOptions, part_of_capacity,
    },
    target::{TargetOptions, Transport},
    text::sha256,
    workload::{Protocol, Slo, Workload},
};
use std::time::Duration;

/// Everything that a tuner can be told.
#[derive(Debug, Clone)]
pub struct TuneOptions {
    /// What is replayed.
    pub workload: Workload,
    /// Which server, with the settings that it begins with.
    pub target: TargetOptions,
    /// What is in the database.
    pub catalog: CatalogOptions,
    /// How hard; its duration is that of a block.
    pub load: LoadOptions,
    /// Whether the user chose that duration; if not, it follows from the rate and the objective.
    pub is_duration_chosen: bool,
    /// Objective of every operation; `None` leaves it to the workload.
    pub slo: Option<Slo>,
    /// How statements travel; `None` leaves it to the workload.
    pub protocol: Option<Protocol>,
    /// What is to be made better.
    pub objective: Objective,
    /// Longest time.
    pub budget: Duration,
    /// Settings that may be changed; empty for all of the space.
    pub only: Vec<String>,
    /// Whether settings are tried that may lose what was committed in a crash.
    pub durability: bool,
    /// Where challengers come from.
    pub search: Search,
    /// Settings to check instead of a search for better ones.
    pub given: Option<Candidate>,
    /// What of them is not looked at, a sentence each.
    pub notes: Vec<String>,
    /// Where the server is, if it is there already: only what its sessions may set is tried then. Never with a password.
    pub external: Option<String>,
    /// Seed of every choice.
    pub seed: u64,
}

/// Part of what the server answers in a closed loop that is asked of it where nobody says how hard: more than a comparison
/// asks, for a search wants many calls in short blocks.
const SHARE_OF_CAPACITY: f64 = 0.25;
/// How long a block searches for the knee: a closed loop, and five or so rates of two seconds.
const KNEE: Duration = Duration::from_secs(20);

impl TuneOptions {
    /// Whether servers of this program's own are measured.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.external.is_none()
    }

    /// Whether what is asked can be answered.
    ///
    /// # Errors
    /// [`LabError::Usage`] where it cannot.
    pub fn check(&self) -> Result<(), LabError> {
        if let Some(rate) = self.load.rate.filter(|_| self.objective.metric().is_latency()) {
            super::length::settled(self, rate)?;
        }
        let is_open =
            self.load.rate.is_some() || !self.load.stages.is_empty() || !self.workload.stages.is_empty();
        let is_lost = |(name, value): &&(String, String)| {
            let keeps = ["fsync", "full_page_writes"].contains(&name.to_ascii_lowercase().as_str());
            keeps && parse_bool(value) == Some(false)
        };
        let lost = self.given.iter().flat_map(|given| &given.changes).find(is_lost);
        let refused = match () {
            () if self.budget.is_zero() => {
                "no time at all holds no measurement: give --budget some minutes".to_owned()
            }
            () if self.target.keep_server => {
                "a study has servers by the dozen, and none of them stays: leave --keep-server out".to_owned()
            }
            () if self.is_embedded() && self.target.transport != Transport::Unix => {
                "the tuner reaches its servers by a socket: leave --transport out".to_owned()
            }
            () if self.objective == Objective::Throughput && is_open => {
                "throughput is what clients get who wait for each answer; at a given rate it is that rate: leave out --rate and stages, or choose another objective".to_owned()
            }
            () => match lost {
                Some((name, value)) => format!(
                    "{name}={value} is no setting to compare: a crash may leave nothing, and what is measured is another database"
                ),
                None => return Ok(()),
            },
        };
        Err(LabError::Usage(refused))
    }

    /// Seeds the server that all others begin as a copy of. A database that is there already is seeded where it is.
    ///
    /// # Errors
    /// When it cannot be started or seeded.
    pub(super) fn seed_once(
        &mut self,
        interrupt: &Interrupt,
        listen: &dyn Fn(Event),
    ) -> Result<(), LabError> {
        if self.is_embedded() && self.target.seeded.is_none() {
            listen(Event::Note("seeding a server that all others begin as a copy of".to_owned()));
            let prepared = lab::prepare(&self.catalog, &self.target, interrupt, listen)?;
            self.target.seeded = Some(prepared.into_seeded()?);
        }
        Ok(())
    }

    /// Where nothing says how hard and response times are what counts, settles on an open loop at a part of what the server
    /// can do; then on a length of the blocks in which the objective can be read off. Throughput is that of a closed loop,
    /// and a knee's rates are searched for.
    ///
    /// # Errors
    /// When it cannot be measured, or the blocks that were asked for hold too few calls.
    pub(super) fn settle_load(
        &mut self,
        interrupt: &Interrupt,
        listen: &dyn Fn(Event),
    ) -> Result<(), LabError> {
        let is_latency = self.objective.metric().is_latency();
        if is_latency && self.load.is_open(&self.workload) {
            let options = self.run_options(self.target.clone(), self.load.clone());
            let rate = part_of_capacity(&self.workload, &options, SHARE_OF_CAPACITY, interrupt, listen)?;
            self.load.rate = Some(rate);
        }
        if let Some(rate) = self.load.rate.filter(|_| is_latency) {
            self.load.duration = super::length::settled(self, rate)?;
        }
        super::length::notes(self).into_iter().for_each(|note| listen(Event::Note(note)));
        Ok(())
    }

    /// A block on `target` under `load`.
    pub(super) fn run_options(&self, target: TargetOptions, load: LoadOptions) -> RunOptions {
        RunOptions {
            catalog: self.catalog,
            target,
            load,
            slo: self.slo,
            protocol: self.protocol,
            knee: (self.objective == Objective::Knee).then_some(KNEE),
            metrics: None,
            looks: Looks::Samples,
            block: None,
        }
    }

    /// SHA-256 of all that is asked, by which program and on which machine: a study goes on only with what it began with.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut asked = self.clone();
        // An address may hold a password; where it leads stands in `external`.
        asked.target.database_url = None;
        // That a server is seeded is no wish.
        asked.target.seeded = None;
        let machine = nix::sys::utsname::uname().map(|found| found.nodename().to_owned()).ok();
        sha256(format!("{} {machine:?} {asked:?}", env!("CARGO_PKG_VERSION")))
    }
}

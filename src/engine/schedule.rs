//! Which of a run's calls a client or a lane makes, and from which random streams: the same calls, however the clients
//! are dealt out to processes.

use super::{
    plan::{ClientModel, EngineOptions},
    worker::StationPlan,
};
use crate::stats::{Arrivals, Deal, Dealt, Part, Profile, Share, Spacing, stream};
use rand_pcg::Pcg64;
use std::sync::Arc;

/// Purposes of random streams; the catalog's have other numbers.
const CLIENT_STREAMS: u64 = 100;
const ARRIVAL_STREAMS: u64 = 101;
/// The same of single calls.
const CALL_STREAMS: u64 = 1 << 40;

/// How the clients of a run are dealt out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dealing {
    seed: u64,
    part: Part,
    /// Clients of all parts.
    all_clients: usize,
    /// Whether the lanes of all parts share one schedule out among themselves; else each lane has one of its own, which
    /// follows from its first client.
    is_shared: bool,
}

/// What a lane lets in, and the number that tells its calls' random streams from those of others.
pub(super) struct Lot {
    pub(super) number: u64,
    pub(super) arrivals: Dealt,
}

/// The random numbers that one call draws its operation and its parameters from: call `index` of the lane `lane`.
pub(super) fn call_stream(seed: u64, lane: u64, index: u64) -> Pcg64 {
    stream(seed, CALL_STREAMS + lane, index)
}

impl Dealing {
    pub(super) fn of(options: &EngineOptions) -> Self {
        Self {
            seed: options.seed,
            part: options.part,
            all_clients: options.all_clients,
            is_shared: options.part.of() > 1 && options.model != ClientModel::EventLoop,
        }
    }

    /// Clients of all parts.
    pub(super) fn all_clients(&self) -> usize {
        self.all_clients
    }

    /// The random numbers of client `own` of this part in a phase: a stream of its own, whichever process and thread
    /// carries it.
    pub(super) fn client_stream(&self, phase: u64, own: usize) -> Pcg64 {
        stream(self.seed, CLIENT_STREAMS, (phase << 32) | self.part.in_whole(own) as u64)
    }

    /// What the lane of a station lets in during a phase.
    pub(super) fn lot(
        &self,
        phase: u64,
        plan: &StationPlan,
        profile: &Arc<Profile>,
        spacing: Spacing,
    ) -> Lot {
        let of_all = self.all_clients as u64;
        let (first, share) = if self.is_shared {
            (0, Share { first: 0, own: of_all, of: of_all })
        } else {
            let first = self.part.in_whole(plan.first_client) as u64;
            (first, Share { first, own: plan.clients as u64, of: of_all })
        };
        let number = (phase << 32) | first;
        let rng = stream(self.seed, ARRIVAL_STREAMS, number);
        let arrivals = Arrivals::new(Arc::clone(profile), spacing, share, rng);
        let arrivals = if self.is_shared {
            let (first, own) = (plan.first_client, plan.clients);
            Dealt::new(arrivals, Deal { clients: self.all_clients, part: self.part, first, own })
        } else {
            Dealt::all(arrivals)
        };
        Lot { number, arrivals }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::{PoolOptions, Recycling},
        stats::Piece,
    };
    use proptest::prelude::*;
    use rand::Rng;
    use std::time::Duration;

    fn options(model: ClientModel, clients: usize, seed: u64) -> EngineOptions {
        let pool = PoolOptions {
            size: clients,
            min: 2,
            per_checkout: false,
            recycling: Recycling::Fast,
            timeout: None,
        };
        EngineOptions {
            model,
            clients,
            part: Part::WHOLE,
            all_clients: clients,
            pool,
            shared_queue: true,
            queue: 10,
            round_trip: Duration::ZERO,
            max_rate: None,
            threads: None,
            processors: 2,
            seed,
        }
    }

    fn stations(options: &EngineOptions) -> Vec<StationPlan> {
        options.threads().into_iter().flatten().collect()
    }

    /// When each call is due, and the first of the random numbers that decide its operation and its parameters.
    fn calls(options: &EngineOptions, profile: &Arc<Profile>, spacing: Spacing) -> Vec<(Duration, u64)> {
        let dealing = Dealing::of(options);
        let of_lane = |plan: StationPlan| {
            let lot = dealing.lot(3, &plan, profile, spacing);
            let number = lot.number;
            let decided = move |(index, at)| (at, call_stream(options.seed, number, index).next_u64());
            lot.arrivals.map(decided).collect::<Vec<_>>()
        };
        let mut calls: Vec<_> = stations(options).into_iter().flat_map(of_lane).collect();
        calls.sort_unstable();
        calls
    }

    const MODELS: [ClientModel; 3] = [ClientModel::Pool, ClientModel::Threaded, ClientModel::EventLoop];

    proptest! {
        /// All processes together make the calls that one would make: the same at the same moments, each once.
        #[test]
        fn processes_make_the_calls_of_one(
            model in prop::sample::select(&MODELS[..]),
            of in 1_usize..6,
            more in 0_usize..12,
            threads in prop::option::of(1_usize..4),
            from in 0.0_f64..300.0,
            to in 0.0_f64..300.0,
            uniform: bool,
            seed: u64,
        ) {
            let piece = Piece { duration: Duration::from_secs(2), from, to };
            let profile = Arc::new(Profile::new(vec![piece]));
            let spacing = if uniform { Spacing::Uniform } else { Spacing::Poisson };
            let one = options(model, of + more, seed);
            let mut dealt = Vec::new();
            for part in Part::new(1, of).unwrap().all() {
                // One process without parts may divide its schedule among threads in another way.
                let threads = threads.filter(|_| of > 1);
                let part = EngineOptions { threads, ..one.of_part(part).unwrap() };
                dealt.extend(calls(&part, &profile, spacing));
            }
            dealt.sort_unstable();
            prop_assert_eq!(dealt, calls(&one, &profile, spacing));
        }

        /// The clients of a closed loop draw the same, in whichever process they are, and no two draw the same.
        #[test]
        fn a_client_draws_the_same_in_any_process(of in 1_usize..6, more in 0_usize..20, seed: u64) {
            let one = options(ClientModel::Pool, of + more, seed);
            let first = |dealing: &Dealing, client| dealing.client_stream(3, client).next_u64();
            let mut alone: Vec<u64> =
                (0..one.clients).map(|client| first(&Dealing::of(&one), client)).collect();
            let mut together: Vec<u64> = Vec::new();
            for part in Part::new(1, of).unwrap().all() {
                let part = one.of_part(part).unwrap();
                together.extend((0..part.clients).map(|client| first(&Dealing::of(&part), client)));
            }
            alone.sort_unstable();
            together.sort_unstable();
            prop_assert_eq!(&alone, &together);
            together.dedup();
            prop_assert_eq!(together.len(), alone.len());
        }
    }
}

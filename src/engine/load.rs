//! How calls come about: in a closed loop, where each client's next call follows its last, or in an open loop, where
//! they arrive on a schedule whatever becomes of those before.

use crate::stats::{Profile, Spacing, exponential};
use rand_pcg::Pcg64;
use std::{sync::Arc, time::Duration};

/// A load model.
#[derive(Debug, Clone)]
pub enum Load {
    /// Each client makes its next call when the last one is answered, after a pause if there is one.
    Closed {
        /// The pause.
        think: Option<Think>,
    },
    /// Calls arrive on a schedule.
    Open {
        /// Arrivals a second over time; as long as the phase.
        profile: Arc<Profile>,
        /// Even or random gaps.
        spacing: Spacing,
    },
}

/// What a client does between an answer and its next call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Think {
    /// Mean pause.
    pub mean: Duration,
    /// The same pause each time, or exponentially distributed ones.
    pub spacing: Spacing,
}

impl Load {
    /// Arrivals a second at `at` since the phase's start; none in a closed loop.
    #[must_use]
    pub fn rate_at(&self, at: Duration) -> Option<f64> {
        match self {
            Self::Closed { .. } => None,
            Self::Open { profile, .. } => Some(profile.rate_at(at)),
        }
    }
}

impl Think {
    pub(super) fn pause(self, rng: &mut Pcg64) -> Duration {
        match self.spacing {
            Spacing::Uniform => self.mean,
            Spacing::Poisson => self.mean.mul_f64(exponential(rng)),
        }
    }
}

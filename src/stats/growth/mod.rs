//! How a response grows with size, and what a new run at another size would show.
//!
//! Runs at each size are repeated, so that their spread is known without belief in any law: the variance within the
//! sizes, on the logarithm of the response ("pure error", Draper and Smith 1998, section 2.1). Laws of growth
//! ([`Law`]) are then fitted by least squares on the logarithm, with numbers that are not negative. A law that the sizes
//! contradict is left out: its lack of fit is tested against the pure error (the same section). Of those that are left
//! the one with the smallest Cp (Mallows 1973), the lack of fit in variances plus twice its numbers, gives the estimate;
//! of equals the one that stands first in [`Law::ALL`]. Where the steepest law alone is left, none is taken: a step among
//! the sizes looks the same.
//!
//! The interval is not that law's alone. Few sizes cannot tell the laws apart: two sizes fit every law of two numbers
//! exactly. So it holds what each of the laws that are left would hold, from the lowest end to the highest. For one law it
//! is the profile of a new run (Bjørnstad 1990): a value belongs to it if, with it as one run more, some choice of the
//! law's numbers raises the sum of squares by no more than t² variances. For a constant that is the textbook's interval,
//! mean ± t s sqrt(1 + 1/n); for the others it keeps to numbers that are not negative, where intervals by linearisation do
//! not.
//!
//! No interval covers what the measurements hold no trace of, such as another plan beyond the largest size.
//!
//! Pure. A law is added as a variant of [`Law`], with its place in [`Law::ALL`].

mod fit;
mod law;
#[cfg(test)]
mod simulation;

pub use fit::{Group, Growth, Range, pure_error};
pub use law::Law;

//! Where challengers come from.

/// Where challengers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// Advice, defaults and the formula first, then Parzen estimators where something moved.
    Guided,
    /// Points anywhere in the space: a control.
    Random,
    /// One setting at a time, through its range: a control.
    Single,
    /// What pgtune's formula says, at once and whatever comes of it: a control.
    Formula,
}

impl Search {
    /// As the command line writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Guided => "guided",
            Self::Random => "random",
            Self::Single => "single",
            Self::Formula => "formula",
        }
    }
}

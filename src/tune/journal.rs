//! The journal of a study: a line for each measurement, so that one that was killed goes on where it was.

use super::{
    Candidate, TuneError,
    trial::{Purpose, Trial},
};
use crate::record::{self, Existing, Record, write_whole};
use nix::fcntl::{Flock, FlockArg};
use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
};

/// Name of the file in the study's directory.
pub const NAME: &str = "trials.jsonl";

/// The measurements of a study, in their order. While it is open nobody else goes on with the study.
#[derive(Debug)]
pub struct Journal {
    directory: PathBuf,
    file: Flock<File>,
    /// What was measured before, and is still to be given.
    earlier: VecDeque<Trial>,
    given: u32,
}

impl Journal {
    /// The journal of the study in `directory`; what is in it is given again before anything is measured. A line that was
    /// cut off in the middle is dropped.
    ///
    /// # Errors
    /// When it cannot be read or written, another program has it open, or a whole line is no measurement.
    pub fn open(directory: &Path) -> Result<Self, TuneError> {
        let path = directory.join(NAME);
        let failed = |reason: String| TuneError::Journal { place: path.display().to_string(), reason };
        let io = |error: std::io::Error| failed(format!("cannot be read and written: {error}"));
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(io)?;
        let mut file = Flock::lock(file, FlockArg::LockExclusiveNonblock)
            .map_err(|_| failed("another loist-bench is at work on this study: wait for it".to_owned()))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(io)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut earlier = VecDeque::new();
        for (number, line) in text[..whole].split_inclusive(|byte| *byte == b'\n').enumerate() {
            let trial: Trial = serde_json::from_slice(line).map_err(|error| TuneError::Journal {
                place: format!("{}:{}", path.display(), number + 1),
                reason: format!("this is no measurement of a study: {error}"),
            })?;
            earlier.push_back(trial);
        }
        if whole < text.len() {
            file.set_len(whole as u64).map_err(io)?;
        }
        Ok(Self { directory: directory.to_owned(), file, earlier, given: 0 })
    }

    /// Measurements given or kept so far.
    pub(super) fn given(&self) -> u32 {
        self.given
    }

    /// The next one that was made before; `None` where there is no other.
    ///
    /// # Errors
    /// When it is not what is asked for: then it is another study's.
    pub(super) fn next(
        &mut self,
        purpose: Purpose,
        sides: &[&Candidate],
        seed: u64,
    ) -> Result<Option<Trial>, TuneError> {
        let Some(trial) = self.earlier.pop_front() else { return Ok(None) };
        self.given += 1;
        let own = trial.blocks.iter().map(|block| &block.candidate.changes);
        let is_it = trial.purpose == purpose
            && trial.seed == seed
            && own.eq(sides.iter().map(|candidate| &candidate.changes));
        if !is_it {
            let shown = |purpose: Purpose, last: Option<&Candidate>| {
                format!("{} of {}", purpose.name(), last.map_or_else(String::new, Candidate::shown))
            };
            return Err(TuneError::Journal {
                place: format!("{}:{}", self.directory.join(NAME).display(), self.given),
                reason: format!(
                    "it has {} where {} comes next: leave --resume out to begin anew",
                    shown(trial.purpose, trial.blocks.last().map(|block| &block.candidate)),
                    shown(purpose, sides.last().copied())
                ),
            });
        }
        Ok(Some(trial))
    }

    /// Keeps a measurement with the records that it has, these first: a line is a promise that they are there.
    pub(super) fn keep(&mut self, trial: &Trial, records: &[Option<&Record>]) -> Result<(), TuneError> {
        let failed = |reason: String| TuneError::Journal {
            place: self.directory.join(NAME).display().to_string(),
            reason: format!("cannot be written: {reason}"),
        };
        let json = |error: serde_json::Error| failed(error.to_string());
        for (at, record) in records.iter().enumerate() {
            let Some(record) = record else { continue };
            let text = serde_json::to_vec(record).map_err(json)?;
            // One that a killed study left without its line is measured again.
            write_whole(&self.directory.join(trial.file(at)), &text, Existing::Replace)?;
        }
        let line = serde_json::to_string(trial).map_err(json)? + "\n";
        let mut file: &File = &self.file;
        let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_data());
        written.map_err(|error| failed(error.to_string()))?;
        self.given += 1;
        Ok(())
    }

    /// The record of a trial's block `at`.
    pub(super) fn record(&self, trial: &Trial, at: usize) -> Result<Record, TuneError> {
        Ok(record::load(&self.directory.join(trial.file(at)))?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::TrialBlock;
    use super::*;

    fn settings(value: &str) -> Candidate {
        Candidate::new("x", [("work_mem".to_owned(), value.to_owned())])
    }

    fn trial(number: u32, value: &str) -> Trial {
        let block = |candidate| TrialBlock { candidate, value: Some(1.5), cost: Some(0.1), failed: None };
        Trial {
            number,
            purpose: Purpose::Search,
            seed: u64::from(number),
            blocks: vec![block(Candidate::start()), block(settings(value))],
            set_aside: None,
            // A number that must come back to the last digit.
            took_seconds: 0.1 + 0.2,
        }
    }

    /// What is asked for when `trial` comes next.
    fn again(journal: &mut Journal, trial: &Trial) -> Result<Option<Trial>, TuneError> {
        let sides: Vec<&Candidate> = trial.blocks.iter().map(|block| &block.candidate).collect();
        journal.next(trial.purpose, &sides, trial.seed)
    }

    fn written(count: u32) -> (tempfile::TempDir, Vec<Trial>) {
        let directory = tempfile::tempdir().unwrap();
        let trials: Vec<Trial> = (1..=count).map(|number| trial(number, &format!("{number}MB"))).collect();
        let mut journal = Journal::open(directory.path()).unwrap();
        trials.iter().for_each(|trial| journal.keep(trial, &[]).unwrap());
        (directory, trials)
    }

    #[test]
    fn what_was_kept_is_given_again() {
        let (directory, trials) = written(3);
        let mut journal = Journal::open(directory.path()).unwrap();
        for trial in &trials {
            assert_eq!(again(&mut journal, trial).unwrap().as_ref(), Some(trial));
        }
        assert_eq!(again(&mut journal, &trials[0]).unwrap(), None);
        assert_eq!(journal.given(), 3);
    }

    #[test]
    fn wherever_it_was_cut_off_the_whole_lines_count() {
        let (directory, trials) = written(2);
        let path = directory.path().join(NAME);
        let text = std::fs::read(&path).unwrap();
        let first = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for cut in 0..text.len() {
            std::fs::write(&path, &text[..cut]).unwrap();
            let mut journal = Journal::open(directory.path()).unwrap();
            let mut count = 0;
            while let Some(trial) = trials.get(count)
                && again(&mut journal, trial).unwrap().is_some()
            {
                count += 1;
            }
            assert_eq!(count, usize::from(cut >= first), "cut at {cut}");
            // And it goes on with whole lines.
            journal.keep(&trial(9, "9MB"), &[]).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.lines().all(|line| serde_json::from_str::<Trial>(line).is_ok()), "cut at {cut}");
        }
    }

    #[test]
    fn another_study_is_refused_with_the_line() {
        let (directory, trials) = written(2);
        let mut journal = Journal::open(directory.path()).unwrap();
        again(&mut journal, &trials[0]).unwrap();
        let error = again(&mut journal, &trials[0]).unwrap_err().to_string();
        let wanted = "trials.jsonl:2: it has search of work_mem=2MB where search of work_mem=1MB comes next";
        assert!(error.contains(wanted), "{error}");
        drop(journal);
        let mut journal = Journal::open(directory.path()).unwrap();
        let other = Trial { purpose: Purpose::Confirm, ..trials[0].clone() };
        assert!(again(&mut journal, &other).is_err(), "the same settings, for something else");
        drop(journal);
        std::fs::write(directory.path().join(NAME), "{}\n").unwrap();
        let error = Journal::open(directory.path()).unwrap_err().to_string();
        assert!(error.contains("trials.jsonl:1: this is no measurement of a study"), "{error}");
    }

    #[test]
    fn two_programs_cannot_go_on_with_one_study() {
        let (directory, _) = written(1);
        let first = Journal::open(directory.path()).unwrap();
        let error = Journal::open(directory.path()).unwrap_err().to_string();
        assert!(error.contains("another loist-bench is at work on this study"), "{error}");
        drop(first);
        assert!(Journal::open(directory.path()).is_ok());
    }
}

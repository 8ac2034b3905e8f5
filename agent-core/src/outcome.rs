//! How a run ended.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::event::Record;
use crate::run::{RunErrorKind, Stop};
use crate::timeline::Timeline;
use crate::transcript::{Response, Transcript, Usage};

/// A run that ended well.
#[derive(Debug, Clone)]
pub struct Outcome {
    stop: Stop,
    transcript: Transcript,
    /// How many messages the transcript had before.
    before: usize,
    record: Record,
}

impl Outcome {
    pub(crate) fn new(stop: Stop, transcript: Transcript, before: usize, record: Record) -> Self {
        Self { stop, transcript, before, record }
    }

    /// The text of the model's last response.
    #[must_use]
    pub fn text(&self) -> String {
        self.transcript.responses().next_back().map(Response::all_text).unwrap_or_default()
    }

    /// Why the run ended.
    #[must_use]
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// All that was said, before this run too.
    #[must_use]
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// Keeps the transcript alone.
    #[must_use]
    pub fn into_transcript(self) -> Transcript {
        self.transcript
    }

    /// The tokens of all requests and responses of this run.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.record.usage
    }

    /// How long the run took.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        let turns = self.record.turns.iter().map(|(_, ended)| *ended);
        turns.chain(self.record.calls.iter().map(|call| call.ended)).max().unwrap_or_default()
    }

    /// When the model was asked, and when each call was queued, ran and ended, and for whom it
    /// waited. It displays as a waterfall.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        let said = self.transcript.messages().get(self.before..).unwrap_or_default();
        Timeline::new(said, &self.record)
    }
}

/// A run that could not go on, with the transcript up to there.
///
/// The transcript is closed: every call in it has its result, so that it can be saved and
/// continued with [`Agent::conversation`](crate::Agent::conversation).
#[derive(Debug)]
pub struct RunError(Box<(RunErrorKind, Transcript)>);

impl RunError {
    pub(crate) fn new(kind: RunErrorKind, transcript: Transcript) -> Self {
        Self(Box::new((kind, transcript)))
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> &RunErrorKind {
        &self.0.0
    }

    /// All that was said until then.
    #[must_use]
    pub fn transcript(&self) -> &Transcript {
        &self.0.1
    }

    /// Keeps the transcript alone.
    #[must_use]
    pub fn into_transcript(self) -> Transcript {
        self.0.1
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.kind().source()
    }
}

//! How a run ended.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{ModelError, with_sources};
use crate::log::end::RunEnd;
use crate::log::record::Record;
use crate::log::run_id::RunId;
use crate::log::timeline::Timeline;
use crate::transcript::{Response, Transcript, Usage};

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunErrorKind {
    /// The model could not be asked, or did not answer.
    #[error(transparent)]
    Model(ModelError),
    /// A tool returned [`ToolError::fatal`](crate::ToolError::fatal).
    #[error("the tool `{tool}` ended the run")]
    Fatal {
        /// The tool's name.
        tool: Arc<str>,
        /// What it returned.
        #[source]
        error: Arc<dyn Error + Send + Sync>,
    },
    /// A response is larger than [`Limits::response_bytes`](crate::Limits::response_bytes).
    #[error(
        "a response of {bytes} bytes, at most {most} are taken: raise `Limits::response_bytes`"
    )]
    ResponseTooLarge {
        /// The size of its text and arguments, or of its JSON.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// A tool is `destructive`, and nobody can allow its calls.
    #[error(
        "the tool `{tool}` is destructive: say who decides, with `Agent::approve` or `Agent::policy`"
    )]
    NoApprover {
        /// The tool's name.
        tool: Arc<str>,
    },
    /// The run was not started on a tokio runtime.
    #[error("an agent runs on a tokio runtime: there is none here")]
    NoRuntime,
    /// The tokio runtime was built without a timer, so that no deadline could be kept.
    #[error("an agent keeps deadlines: build the runtime with `enable_time` or `enable_all`")]
    NoTimer,
}

/// What is left of a run, however it ended.
#[derive(Debug, Clone)]
pub(crate) struct Ran {
    pub(crate) id: RunId,
    pub(crate) transcript: Transcript,
    /// How many messages the transcript had before.
    pub(crate) before: usize,
    pub(crate) record: Record,
}

impl Ran {
    fn timeline(&self) -> Timeline {
        let said = self.transcript.messages().get(self.before..).unwrap_or_default();
        Timeline::new(said, &self.record)
    }
}

pub(crate) fn outcome(ended: Result<RunEnd, RunErrorKind>, ran: Ran) -> Result<Outcome, RunError> {
    match ended {
        Ok(stop) => Ok(Outcome { stop, ran }),
        Err(kind) => Err(RunError(Box::new((kind, ran)))),
    }
}

/// A run that ended well.
#[derive(Debug, Clone)]
pub struct Outcome {
    stop: RunEnd,
    ran: Ran,
}

impl Outcome {
    /// The id of the run, which its events carry too.
    #[must_use]
    pub fn run_id(&self) -> RunId {
        self.ran.id
    }

    /// The text of the model's last response.
    #[must_use]
    pub fn text(&self) -> String {
        self.response().map(Response::text).unwrap_or_default()
    }

    /// The model's last response: what it says, which model it was, why it stopped.
    #[must_use]
    pub fn response(&self) -> Option<&Response> {
        self.ran.transcript.responses().next_back()
    }

    /// Why the run ended.
    #[must_use]
    pub fn end(&self) -> &RunEnd {
        &self.stop
    }

    /// All that was said, before this run too.
    #[must_use]
    pub fn transcript(&self) -> &Transcript {
        &self.ran.transcript
    }

    /// Keeps the transcript alone.
    #[must_use]
    pub fn into_transcript(self) -> Transcript {
        self.ran.transcript
    }

    /// The tokens of all requests and responses of this run, and of the runs within its calls.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let mut usage = self.ran.record.usage;
        usage += self.ran.record.nested_usage;
        usage
    }

    /// The part of [`usage`](Self::usage) that the runs within its calls have used.
    #[must_use]
    pub fn nested_usage(&self) -> Usage {
        self.ran.record.nested_usage
    }

    /// How long the run took.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.ran.record.elapsed()
    }

    /// When the model was asked, when each call was queued, ran and ended, and what it waited for. It
    /// displays as a waterfall.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        self.ran.timeline()
    }
}

/// A run that could not go on, with the transcript up to there.
///
/// The transcript is closed: every call in it has its result, so that it can be saved and
/// continued with [`Agent::conversation`](crate::Agent::conversation).
pub struct RunError(Box<(RunErrorKind, Ran)>);

impl RunError {
    /// The id of the run, which its events carry too.
    #[must_use]
    pub fn run_id(&self) -> RunId {
        self.0.1.id
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> &RunErrorKind {
        &self.0.0
    }

    /// All that was said until then.
    #[must_use]
    pub fn transcript(&self) -> &Transcript {
        &self.0.1.transcript
    }

    /// What happened until then, as of an [`Outcome`].
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        self.0.1.timeline()
    }

    /// Keeps the transcript alone.
    #[must_use]
    pub fn into_transcript(self) -> Transcript {
        self.0.1.transcript
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)
    }
}

/// Its text with those of its sources, as `main` prints it.
impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        with_sources(self, f)
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.kind().source()
    }
}

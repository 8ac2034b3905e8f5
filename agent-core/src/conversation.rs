//! A chat: runs that follow each other on one transcript.

use crate::agent::Agent;
use crate::event::Record;
use crate::outcome::{Outcome, Ran, RunError, outcome};
use crate::transcript::{Input, Transcript};

/// A chat with an agent.
///
/// # Examples
///
/// ```
/// use agent_core::{Agent, Response, ScriptedModel, Transcript};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let agent = Agent::new(ScriptedModel::new()
///     .turn(|_| Response::new().text("Hello."))
///     .turn(|request| Response::new().text(format!("{} so far", request.transcript().messages().len()))));
/// let mut chat = agent.conversation(Transcript::default());
/// chat.send("hi").await?;
///
/// let saved = serde_json::to_string(chat.transcript())?;
/// let mut chat = agent.conversation(serde_json::from_str(&saved)?);
/// assert_eq!(chat.send("how many messages?").await?.text(), "3 so far");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Conversation {
    agent: Agent,
    transcript: Transcript,
}

impl Agent {
    /// Continues from a transcript, which may be empty.
    #[must_use]
    pub fn conversation(&self, transcript: Transcript) -> Conversation {
        Conversation { agent: self.clone(), transcript }
    }
}

impl Conversation {
    /// Says something, and runs until the model has said all.
    ///
    /// A dropped future leaves the chat valid: a response that was being answered is in the
    /// transcript with a result for each of its calls, those that were stopped as interrupted.
    ///
    /// # Errors
    ///
    /// As [`Agent::run`]. What was said stays in the transcript: [`resume`](Self::resume) tries again,
    /// [`take_back`](Self::take_back) takes it out.
    pub async fn send(&mut self, input: impl Into<Input> + Send) -> Result<Outcome, RunError> {
        self.advance(Some(input.into())).await
    }

    /// Goes on without saying anything: after an error, or when the model may answer more often.
    ///
    /// The model is asked again about the transcript as it is; no call is made twice.
    ///
    /// # Errors
    ///
    /// As [`Agent::run`].
    pub async fn resume(&mut self) -> Result<Outcome, RunError> {
        self.advance(None).await
    }

    /// Takes back what was said last, if nothing has answered it: a text that is too long, say, or an image
    /// that the provider refuses, which would be refused again with all that is said after it.
    pub fn take_back(&mut self) -> Option<Input> {
        self.transcript.take_back_input()
    }

    async fn advance(&mut self, input: Option<Input>) -> Result<Outcome, RunError> {
        let before = self.transcript.messages().len();
        let mut record = Record::default();
        let ended = self.agent.advance(&mut self.transcript, &mut record, input).await;
        outcome(ended, Ran { transcript: self.transcript.clone(), before, record })
    }

    /// All that was said.
    #[must_use]
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// Ends the chat and keeps what was said.
    #[must_use]
    pub fn into_transcript(self) -> Transcript {
        self.transcript
    }
}

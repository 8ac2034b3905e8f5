//! A chat: runs that follow each other on one transcript.

use crate::run::agent::Agent;
use crate::run::run::{Run, TranscriptRef};
use crate::run::stream::RunStream;
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
///     .turn(|_| Response::new().with_text("Hello."))
///     .turn(|request| Response::new().with_text(format!("{} so far", request.transcript().messages().len()))));
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
    /// Says something, and runs until the model has said all: await the [`Run`], or watch it.
    ///
    /// Dropped, it leaves the chat valid: a response that was being answered is in the transcript with a
    /// result for each of its calls, those that were stopped as interrupted. What was said stays there too,
    /// also after an error: [`resume`](Self::resume) tries again, [`pop_input`](Self::pop_input) takes it
    /// out. Only a run that is refused before it begins (nobody can approve, no runtime, no timer) adds
    /// nothing.
    pub fn send(&mut self, input: impl Into<Input>) -> Run<'_> {
        Run::new(
            self.agent.clone(),
            TranscriptRef::InChat(&mut self.transcript),
            Some(input.into()),
        )
    }

    /// As [`send`](Self::send), and tells what happens on the way.
    pub fn stream(&mut self, input: impl Into<Input>) -> RunStream<'_> {
        self.send(input).stream()
    }

    /// Goes on without saying anything: after an error or a cancel, or when the model may answer more
    /// often.
    ///
    /// The model is asked again about the transcript as it is; no call is made twice.
    pub fn resume(&mut self) -> Run<'_> {
        Run::new(self.agent.clone(), TranscriptRef::InChat(&mut self.transcript), None)
    }

    /// Takes back what was said last, if nothing has answered it: a text that is too long, say, or an image
    /// that the provider refuses, which would be refused again with all that is said after it.
    pub fn pop_input(&mut self) -> Option<Input> {
        self.transcript.pop_input()
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

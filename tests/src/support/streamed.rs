//! A model that streams what a script says, when it says it.

use agent_core::{
    BoxFuture, Content, ContentBlock, Delta, Model, ModelError, ModelErrorKind, Request, Response,
    StopReason, ToolCall,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::time::sleep;

use crate::support::ms;

#[derive(Debug, Clone)]
enum Beat {
    Text(String),
    Thinking(String),
    Call(ToolCall),
    End(StopReason),
    Fail(ModelErrorKind, Option<Duration>),
    Stall,
}

/// An answer: its pieces, and how long each lets wait.
#[derive(Debug, Clone, Default)]
pub struct Script {
    beats: Vec<(Duration, Beat)>,
    wait: Duration,
    calls: usize,
}

impl Script {
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets what follows wait.
    pub fn after(mut self, time: u64) -> Self {
        self.wait += ms(time);
        self
    }

    fn beat(mut self, beat: Beat) -> Self {
        self.beats.push((std::mem::take(&mut self.wait), beat));
        self
    }

    pub fn with_text(self, text: impl Into<String>) -> Self {
        self.beat(Beat::Text(text.into()))
    }

    pub fn thinking(self, text: impl Into<String>) -> Self {
        self.beat(Beat::Thinking(text.into()))
    }

    pub fn call(mut self, name: &str, arguments: impl Into<Arc<str>>) -> Self {
        self.calls += 1;
        let id = format!("c{}", self.calls);
        self.call_as(&id, name, arguments)
    }

    pub fn call_as(self, id: &str, name: &str, arguments: impl Into<Arc<str>>) -> Self {
        self.beat(Beat::Call(ToolCall::new(id, name, arguments)))
    }

    /// Calls such as `look 800, save 20`: tools and their one argument `ms`.
    pub fn calls(self, calls: &str) -> Self {
        calls.split(", ").fold(self, |script, call| {
            let (name, ms) = call.split_once(' ').unwrap();
            script.call(name, format!(r#"{{"ms":{ms}}}"#))
        })
    }

    /// Ends for its calls, if it has some.
    pub fn end(self) -> Self {
        let calls = self.beats.iter().any(|(_, beat)| matches!(beat, Beat::Call(_)));
        self.stop(if calls { StopReason::ToolUse } else { StopReason::EndTurn })
    }

    pub fn stop(self, reason: StopReason) -> Self {
        self.beat(Beat::End(reason))
    }

    /// Breaks, and is asked for again after half a second or less.
    pub fn breaks(self) -> Self {
        self.beat(Beat::Fail(ModelErrorKind::Connection, None))
    }

    /// Breaks, and may be asked for again after exactly this time.
    pub fn breaks_for(self, time: u64) -> Self {
        self.beat(Beat::Fail(ModelErrorKind::Overloaded, Some(ms(time))))
    }

    pub fn fails(self, kind: ModelErrorKind) -> Self {
        self.beat(Beat::Fail(kind, None))
    }

    pub fn stalls(self) -> Self {
        self.beat(Beat::Stall)
    }

    async fn play(&self, request: &Request<'_>, quiet: bool) -> Result<Response, ModelError> {
        let tell = |delta: Delta<'_>| {
            if !quiet {
                request.emit(delta);
            }
        };
        let (mut response, mut open) = (Response::new(), None::<&ToolCall>);
        for (wait, beat) in &self.beats {
            if !wait.is_zero() {
                sleep(*wait).await;
            }
            // What begins after a call, or a good end, tells that it was complete.
            let goes_on = !matches!(beat, Beat::Fail(..) | Beat::Stall)
                && !matches!(beat, Beat::End(stop) if cuts(stop));
            if goes_on && let Some(call) = open.take() {
                tell(Delta::CallDone(call));
            }
            match beat {
                Beat::Text(text) => {
                    tell(Delta::Text(text));
                    response = response.block(Content::Text(text.clone()).into());
                }
                Beat::Thinking(text) => {
                    tell(Delta::Thinking(text));
                    response = response.block(Content::Thinking(text.clone()).into());
                }
                Beat::Call(call) => {
                    tell(Delta::Call { id: call.id(), name: call.name() });
                    let middle = call.arguments().len() / 2;
                    let middle =
                        (0..=middle).rev().find(|at| call.arguments().is_char_boundary(*at));
                    let (one, other) = call.arguments().split_at(middle.unwrap());
                    tell(Delta::Arguments(one));
                    tell(Delta::Arguments(other));
                    response = response.block(ContentBlock::from(Content::ToolCall(call.clone())));
                    open = Some(call);
                }
                Beat::End(stop) => return Ok(response.stop(stop.clone())),
                Beat::Fail(kind, after) => {
                    let error = ModelError::new("the stream broke").with_kind(*kind);
                    return Err(match after {
                        Some(time) => error.with_retry_after(*time),
                        None => error,
                    });
                }
                Beat::Stall => std::future::pending().await,
            }
        }
        Err(ModelError::new("the stream has no end").with_kind(ModelErrorKind::Connection))
    }
}

fn cuts(stop: &StopReason) -> bool {
    !matches!(stop, StopReason::ToolUse | StopReason::EndTurn | StopReason::StopSequence)
}

/// Answers with these scripts, one for each time that it is asked, and then says `done`.
#[derive(Debug)]
pub struct Streamed {
    scripts: Arc<[Script]>,
    quiet: bool,
    asked: AtomicUsize,
}

impl Streamed {
    pub fn new(scripts: impl Into<Arc<[Script]>>) -> Arc<Self> {
        Arc::new(Self { scripts: scripts.into(), quiet: false, asked: AtomicUsize::new(0) })
    }

    /// The same answers at the same times, each as a whole.
    pub fn quiet(scripts: impl Into<Arc<[Script]>>) -> Arc<Self> {
        Arc::new(Self { scripts: scripts.into(), quiet: true, asked: AtomicUsize::new(0) })
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }
}

impl Model for Streamed {
    fn ask<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let at = self.asked.fetch_add(1, SeqCst);
            match self.scripts.get(at) {
                Some(script) => script.play(&request, self.quiet).await,
                None => Script::new().with_text("done").end().play(&request, self.quiet).await,
            }
        })
    }
}

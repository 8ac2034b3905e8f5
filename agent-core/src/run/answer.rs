//! What is told of an answer while it comes, and what begins of it.

use std::task::Context;

use crate::dispatch::{Batch, CallStep, Early, Finished};
use crate::log::step::{Emit, Step};
use crate::model::Delta;
use crate::run::turn::emit_call;
use crate::transcript::{Content, Response};

/// What is told of an answer while it comes.
pub(crate) struct Answer<'a, 'b, 'c> {
    emit: &'c mut Emit<'b>,
    /// What calls that begin early run under; `None` if none do.
    starts_early: Option<Batch<'a>>,
    /// Made with the first call.
    early: Option<Box<Early<'a>>>,
    finished: &'c mut Vec<Finished>,
    /// How many calls have begun in the answer.
    calls: usize,
    /// How many of them are complete.
    written: usize,
    /// Whether the model tells anything.
    told: bool,
}

impl<'a, 'b, 'c> Answer<'a, 'b, 'c> {
    pub(crate) fn new(
        emit: &'c mut Emit<'b>,
        starts_early: Option<Batch<'a>>,
        finished: &'c mut Vec<Finished>,
    ) -> Self {
        let (calls, written, told) = (0, 0, false);
        Self { emit, starts_early, early: None, finished, calls, written, told }
    }

    pub(crate) fn take(&mut self, delta: Delta<'_>) {
        self.told = true;
        let calls = match delta {
            Delta::CallDone(_) => {
                self.written += 1;
                self.written
            }
            Delta::Call { .. } => {
                self.calls += 1;
                self.calls
            }
            _ => self.calls,
        };
        (self.emit)(&Step::Delta { calls, delta });
        if let (Delta::CallDone(call), Some(batch)) = (delta, self.starts_early) {
            let early = self.early.get_or_insert_with(|| Box::new(Early::new(batch)));
            early.offer(call, self.finished, &mut |index, step| emit_call(self.emit, index, &step));
        }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        if let Some(early) = &mut self.early {
            early.poll(cx, &mut |index, step| emit_call(self.emit, index, &step));
        }
    }

    /// The answer has come: what began of it goes on. Or it has not, and what runs of it is stopped.
    pub(crate) fn end(self, answer: Option<&Response>, watched: bool) -> Option<Box<Early<'a>>> {
        let Self { emit, early, finished, told, .. } = self;
        if let Some(response) = answer {
            if watched && !told {
                tell(response, emit);
            }
            return early;
        }
        let mut sink = |index, step: CallStep<'_>| emit_call(emit, index, &step);
        finished.extend(early?.stop(&mut sink));
        None
    }
}

/// Tells an answer that came as a whole.
fn tell(response: &Response, emit: &mut Emit<'_>) {
    let mut calls = 0;
    for block in response.blocks() {
        match block.content() {
            Content::Text(text) => emit(&Step::Delta { calls, delta: Delta::Text(text) }),
            Content::Thinking(text) => emit(&Step::Delta { calls, delta: Delta::Thinking(text) }),
            Content::ToolCall(call) => {
                calls += 1;
                let (id, name) = (call.id(), call.name());
                emit(&Step::Delta { calls, delta: Delta::Call { id, name } });
                emit(&Step::Delta { calls, delta: Delta::Arguments(call.arguments()) });
                emit(&Step::Delta { calls, delta: Delta::CallDone(call) });
            }
            Content::Opaque => {}
        }
    }
}

//! An answer while the model writes it: its deltas become steps, and its calls may start.

use std::task::Context;

use crate::dispatch::batch::Batch;
use crate::dispatch::replay::ReplayCache;
use crate::log::step::{Emit, Step};
use crate::model::Delta;
use crate::run::place::RunPlace;
use crate::transcript::{Content, Response};

/// An answer while the model writes it.
pub(crate) struct Answer<'a, 'b> {
    emit: &'a mut Emit<'b>,
    /// What the batch is opened with, and the turn and the attempt; `None` if no call starts before the end of
    /// the answer.
    eager: Option<(RunPlace<'a>, u32, u32)>,
    /// Opened with the first call: most of its life a run waits for the model, and holds no room for it.
    batch: Option<Box<Batch>>,
    replay: &'a mut ReplayCache,
    /// How many calls the model has begun to write.
    calls: usize,
    /// How many of them are complete.
    done: usize,
    /// Whether the model emits deltas.
    streams: bool,
}

impl<'a, 'b> Answer<'a, 'b> {
    pub(crate) fn new(
        emit: &'a mut Emit<'b>,
        eager: Option<(RunPlace<'a>, u32, u32)>,
        replay: &'a mut ReplayCache,
    ) -> Self {
        Self { emit, eager, batch: None, replay, calls: 0, done: 0, streams: false }
    }

    pub(crate) fn take(&mut self, delta: Delta<'_>) {
        self.streams = true;
        let calls = match delta {
            Delta::CallDone(_) => {
                self.done += 1;
                self.done
            }
            Delta::Call { .. } => {
                self.calls += 1;
                self.calls
            }
            _ => self.calls,
        };
        (self.emit)(&Step::Delta { calls, delta });
        if let (Delta::CallDone(call), Some((place, turn, attempt))) = (delta, self.eager) {
            let batch = self.batch.get_or_insert_with(|| place.open((turn, attempt), 8));
            batch.offer(call, self.replay, self.emit);
        }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        if let Some(batch) = &mut self.batch {
            batch.poll(cx, self.emit);
        }
    }

    /// The answer has ended. With a response, what has started goes on in the batch; without one it is
    /// stopped, and reads that have finished are kept for the next attempt.
    pub(crate) fn end(self, response: Option<&Response>, watched: bool) -> Option<Box<Batch>> {
        let Self { emit, batch, replay, streams, .. } = self;
        if let Some(response) = response {
            if watched && !streams {
                emit_whole(response, emit);
            }
            return batch;
        }
        replay.extend(batch?.abandon(emit));
        None
    }
}

/// Emits the deltas of an answer that was not streamed.
fn emit_whole(response: &Response, emit: &mut Emit<'_>) {
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

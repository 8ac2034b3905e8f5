//! Decodes an answer that is streamed as events, without I/O and without a clock.

mod block;
mod rebuilt;
mod wire;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::value::RawValue;
use std::mem;

use super::decode::{Around, MOST_BLOCKS, Tokens, stop_details};
use super::failure;
use super::settings::Settings;
use crate::error::ModelError;
use crate::model::{Delta, Request};
use crate::providers::dialect::{Decode, Progress};
use crate::providers::json_members::{members, value};
use crate::transcript::{Content, ContentBlock, Response};
use block::OpenBlock;
use wire::{Malformed, WireDelta, WireEvent};

/// The stop reason after which the calls of a message run.
const TOOL_USE: &str = "tool_use";

pub(super) struct Decoder<'a> {
    settings: &'a Settings,
    request: Request<'a>,
    headers: HeaderMap,
    around: Around,
    /// Each with its index on the wire; indexes only grow.
    blocks: Vec<(u64, StreamedBlock)>,
    /// The number of blocks that the message has moved past; the calls among them were emitted.
    passed: usize,
    has_begun: bool,
    has_ended: bool,
    /// Whether another model took over. The response can then leave out calls of the previous
    /// model, so no call is emitted any more.
    is_taken_over: bool,
    /// The index of the call that began last. `Delta::Arguments` belongs to that call alone, so
    /// pieces of an earlier call are not emitted.
    last_call: Option<u64>,
}

enum StreamedBlock {
    Open(Box<OpenBlock>),
    Closed(ContentBlock),
}

impl<'a> Decoder<'a> {
    pub(super) fn new(settings: &'a Settings, request: Request<'a>, headers: HeaderMap) -> Self {
        Self {
            settings,
            request,
            headers,
            around: Around::default(),
            blocks: Vec::new(),
            passed: 0,
            has_begun: false,
            has_ended: false,
            is_taken_over: false,
            last_call: None,
        }
    }

    fn take(&mut self, event: &WireEvent<'_>, data: &str) -> Result<Progress, Malformed> {
        match event.kind() {
            "content_block_delta" => self.add(event, data)?,
            "content_block_start" => self.begin_block(event)?,
            "content_block_stop" => self.end_block(event)?,
            "message_start" => self.begin(event.message.ok_or("a message is missing")?)?,
            "message_delta" => self.update(event),
            "message_stop" => {
                self.has_ended = true;
                return Ok(Progress::Complete);
            }
            "ping" => return Ok(Progress::None),
            // The API can add events at any time.
            _ => {}
        }
        Ok(Progress::Content)
    }

    fn begin(&mut self, message: &RawValue) -> Result<(), Malformed> {
        if mem::replace(&mut self.has_begun, true) {
            return Err("it begins twice");
        }
        let [model, usage] = members(message.get(), ["model", "usage"]).unwrap_or_default();
        self.around.model = value(model);
        self.around.tokens = usage.map(Tokens::read).unwrap_or_default();
        Ok(())
    }

    fn update(&mut self, event: &WireEvent<'_>) {
        if let Some(usage) = event.usage {
            self.around.tokens.update(Tokens::read(usage));
        }
        let Some(WireDelta { stop_reason, stop_details: details, .. }) = &event.delta else {
            return;
        };
        if let Some(reason) = stop_reason {
            self.around.stop_reason = Some(reason.to_string());
            if **reason == *TOOL_USE {
                self.emit_complete();
            }
        }
        if let Some(details) = details.and_then(stop_details) {
            self.around.stop_details = Some(details);
        }
    }

    fn begin_block(&mut self, event: &WireEvent<'_>) -> Result<(), Malformed> {
        if !self.has_begun || self.around.stop_reason.is_some() {
            return Err("a block is outside of the message");
        }
        let index = event.index.ok_or("a block has no index")?;
        if self.blocks.last().is_some_and(|(last, _)| index <= *last) {
            return Err("a block begins twice");
        }
        if self.blocks.len() == MOST_BLOCKS {
            return Err("it has too many blocks");
        }
        let block = OpenBlock::new(event.content_block.ok_or("a block is missing")?);
        self.is_taken_over |= block.is_another_model();
        if block.is_call() {
            self.last_call = Some(index);
        }
        self.emit_complete();
        block.emit_begin(&self.request);
        self.blocks.push((index, StreamedBlock::Open(Box::new(block))));
        Ok(())
    }

    fn add(&mut self, event: &WireEvent<'_>, data: &str) -> Result<(), Malformed> {
        let (request, is_last) = (self.request, event.index == self.last_call);
        match self.state(event)? {
            StreamedBlock::Open(block) => block.add(event, data, (&request, is_last)),
            StreamedBlock::Closed(_) => Err("a block continues after its end"),
        }
    }

    fn end_block(&mut self, event: &WireEvent<'_>) -> Result<(), Malformed> {
        let state = self.state(event)?;
        let ended = mem::replace(state, StreamedBlock::Closed(Content::Opaque.into()));
        let StreamedBlock::Open(block) = ended else { return Err("a block ends twice") };
        *state = StreamedBlock::Closed(block.close());
        Ok(())
    }

    fn state(&mut self, event: &WireEvent<'_>) -> Result<&mut StreamedBlock, Malformed> {
        let index = event.index.ok_or("a block has no index")?;
        let at = match self.blocks.last() {
            Some((last, _)) if *last == index => Ok(self.blocks.len() - 1),
            _ => self.blocks.binary_search_by_key(&index, |(index, _)| *index),
        };
        let state = at.ok().and_then(|at| self.blocks.get_mut(at));
        state.map(|(_, state)| state).ok_or("a block continues that has not begun")
    }

    /// Emits the calls that are complete. A call is never emitted before an earlier one: the
    /// receiver starts them in this order.
    fn emit_complete(&mut self) {
        while let Some((_, state)) = self.blocks.get(self.passed)
            && !self.is_taken_over
        {
            match state {
                StreamedBlock::Open(block) if block.is_call() => return,
                StreamedBlock::Open(_) => {}
                StreamedBlock::Closed(block) => {
                    if let Content::ToolCall(call) = block.content() {
                        self.request.emit(Delta::CallDone(call));
                    }
                }
            }
            self.passed += 1;
        }
    }

    /// Whether the response ends to have its calls run, and one of them is incomplete.
    fn has_lost_a_call(&self) -> bool {
        let is_open = |(_, state): &(u64, StreamedBlock)| matches!(state, StreamedBlock::Open(block) if block.is_call());
        self.around.stop_reason.as_deref() == Some(TOOL_USE) && self.blocks.iter().any(is_open)
    }

    /// Wraps an event as an answer, for errors.
    fn answer(&self, data: &str) -> http::Response<Bytes> {
        let mut answer = http::Response::new(Bytes::copy_from_slice(data.as_bytes()));
        *answer.headers_mut() = self.headers.clone();
        answer
    }

    fn broken(&self, data: &str, why: &str) -> ModelError {
        failure::broken(self.settings, &self.answer(data), why)
    }
}

impl Decode for Decoder<'_> {
    fn event(&mut self, data: &str) -> Result<Progress, ModelError> {
        if self.has_ended {
            return Ok(Progress::Complete);
        }
        let event = WireEvent::read(data);
        let event = event.map_err(|error| self.broken(data, &failure::place(&error)))?;
        if event.is_error() {
            return Err(failure::of(self.settings, &self.request, &self.answer(data)));
        }
        self.take(&event, data).map_err(|why| self.broken(data, why))
    }

    fn end(self) -> Result<Response, ModelError> {
        if !self.has_ended || self.has_lost_a_call() {
            return Err(failure::cut(self.settings, &self.headers));
        }
        let Self { settings, headers, around, blocks, .. } = self;
        let blocks = blocks.into_iter().map(|(_, state)| match state {
            StreamedBlock::Open(block) => block.close(),
            StreamedBlock::Closed(block) => block,
        });
        Ok(around.response(settings, &headers, blocks))
    }
}

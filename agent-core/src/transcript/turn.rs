use smallvec::SmallVec;
use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::Arc;

use super::block::Content;
use super::call::ToolCall;
use super::message::Message;
use super::response::Response;
use super::result::{CallStatus, ToolResult};
use super::transcript::Transcript;

/// A response with one slot for the result of each of its calls.
///
/// A response is added to a transcript only through this type, and always with all its results.
#[derive(Debug)]
pub(crate) struct Turn {
    response: Arc<Response>,
    slots: Vec<Option<ToolResult>>,
}

impl Turn {
    pub(crate) fn open(mut response: Response) -> Self {
        make_ids_unique(&mut response);
        // The response lives as long as the conversation.
        response.blocks.shrink_to_fit();
        let slots = vec![None; response.calls().count()];
        Self { response: Arc::new(response), slots }
    }

    pub(crate) fn response(&self) -> &Arc<Response> {
        &self.response
    }

    /// Fills the slot of the `index`th call, unless it is filled.
    pub(crate) fn answer(&mut self, index: usize, result: ToolResult) {
        if let Some(slot) = self.slots.get_mut(index) {
            slot.get_or_insert(result);
        }
    }

    /// The results so far, to be cut to the limits of a turn.
    pub(crate) fn results_mut(&mut self) -> &mut [Option<ToolResult>] {
        &mut self.slots
    }

    /// Fills the empty slots: their calls did not run. Passes each new result to `filled`.
    pub(crate) fn fill(
        &mut self,
        why: &str,
        mut filled: impl FnMut(usize, &ToolCall, &ToolResult),
    ) {
        let empty = self.slots.iter_mut().zip(self.response.calls()).enumerate();
        for (index, (slot, call)) in empty.filter(|(_, (slot, _))| slot.is_none()) {
            let text = format!("not run: {why}");
            filled(index, call, slot.insert(ToolResult::new(call, CallStatus::NotRun, text)));
        }
    }

    /// Appends the response and its results. A call whose slot is empty did not run.
    pub(crate) fn close(&mut self, transcript: &mut Transcript, why: &str) {
        self.fill(why, |_, _, _| {});
        // `map_while` reuses the allocation of the slots; `flatten` would not.
        let slots = mem::take(&mut self.slots).into_iter();
        let results: Vec<_> = slots.map_while(|result| result).collect();
        transcript.messages.push(Message::Assistant(self.response.clone()));
        if !results.is_empty() {
            transcript.messages.push(Message::Results(results.into()));
        }
    }
}

/// Replaces empty and repeated ids, which some servers send.
fn make_ids_unique(response: &mut Response) {
    if ids_are_unique(response) {
        return;
    }
    let mut seen: HashSet<Arc<str>> = response.calls().map(|call| call.id.clone()).collect();
    let (mut kept, mut numbers) = (HashSet::new(), HashMap::new());
    for block in response.blocks.iter_mut() {
        let Content::ToolCall(call) = &mut block.view else {
            continue;
        };
        if !call.id.is_empty() && kept.insert(call.id.clone()) {
            continue;
        }
        let stem: Arc<str> = if call.id.is_empty() { "call".into() } else { call.id.clone() };
        let next = numbers.entry(stem.clone()).or_insert(1_usize);
        call.id = loop {
            let fresh: Arc<str> = format!("{stem}_{next}").into();
            *next += 1;
            if seen.insert(fresh.clone()) {
                break fresh;
            }
        };
        // The raw JSON holds the old id, so the block is encoded from the view in later requests.
        block.raw = None;
    }
}

fn ids_are_unique(response: &Response) -> bool {
    const FEW: usize = 16;
    let ids: SmallVec<[&str; FEW]> = response.calls().map(|call| &*call.id).collect();
    if ids.len() > FEW {
        let mut seen = HashSet::new();
        return ids.iter().all(|id| !id.is_empty() && seen.insert(id));
    }
    let mut before = ids.iter().enumerate();
    before.all(|(at, id)| !id.is_empty() && !ids.iter().take(at).any(|other| other == id))
}

#[cfg(test)]
mod tests {
    use super::super::block::ContentBlock;
    use super::*;

    fn ids(response: Response) -> Vec<String> {
        let turn = Turn::open(response);
        turn.response().calls().map(|call| call.id().to_owned()).collect()
    }

    fn call(id: &str) -> ContentBlock {
        Content::ToolCall(ToolCall::new(id, "t", "{}")).into()
    }

    #[test]
    fn repeated_and_empty_ids_become_unique() {
        let same = Response::new().block(call("x")).block(call("x")).block(call("x_1"));
        assert_eq!(ids(same), ["x", "x_2", "x_1"]);
        let empty = Response::new().block(call("")).block(call(""));
        assert_eq!(ids(empty), ["call_1", "call_2"]);
        let none = (0..100_000).fold(Response::new(), |r, _| r.block(call("")));
        assert_eq!(ids(none).into_iter().collect::<HashSet<_>>().len(), 100_000);
        let many = (0..40).fold(Response::new(), |r, i| r.block(call(&(i / 2).to_string())));
        assert_eq!(ids(many).into_iter().collect::<HashSet<_>>().len(), 40);
    }

    #[test]
    fn an_empty_slot_becomes_an_error_result() {
        let mut transcript = Transcript::default();
        let mut turn = Turn::open(Response::new().call("t", "{}"));
        turn.close(&mut transcript, "cut off");
        let result = transcript.results().next().unwrap();
        assert_eq!((result.status(), result.text()), (CallStatus::NotRun, "not run: cut off"));
    }
}

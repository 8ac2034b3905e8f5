use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use super::outcome::{Ending, drop_quietly};
use crate::schedule::claim::Claim;
use crate::tool::context::poll_to_claim_point;
use crate::tool::meta::CallFuture;
use crate::transcript::CallStatus;

/// Polls a call up to its claim point, where its arguments are parsed.
///
/// So they are parsed once, in model order, before the ledger admits the call; one whose arguments
/// do not fit is over here and claims nothing. Returned beside the call: the claims of its keys.
pub(super) fn prepare(mut call: CallFuture) -> Result<(CallFuture, Vec<Claim>), Ending> {
    let mut cx = Context::from_waker(Waker::noop());
    let (polled, claims) =
        poll_to_claim_point(|| catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut cx))));
    let over = match (polled, claims) {
        (Ok(Poll::Pending), Some(claims)) => return Ok((call, claims)),
        (Ok(Poll::Pending), None) => {
            Ending::refused(CallStatus::Failed, "the tool waited before its claim point")
        }
        (Ok(Poll::Ready(returned)), _) => Ending::of(returned),
        (Err(panic), _) => Ending::panicked(panic),
    };
    drop_quietly(call);
    Err(over)
}

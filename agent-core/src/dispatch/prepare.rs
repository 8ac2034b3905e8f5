use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use super::outcome::{Ending, drop_quietly};
use crate::context::poll_to_claim_point;
use crate::tool::CallFuture;
use crate::transcript::Status;

/// Polls a call up to its claim point, where its arguments are parsed.
///
/// So they are parsed once, in model order, before the ledger admits the call; one whose arguments
/// do not fit is over here and claims nothing.
pub(super) fn prepare(mut call: CallFuture) -> Result<CallFuture, Ending> {
    let mut cx = Context::from_waker(Waker::noop());
    let (polled, reached) =
        poll_to_claim_point(|| catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut cx))));
    let over = match polled {
        Ok(Poll::Pending) if reached => return Ok(call),
        Ok(Poll::Pending) => {
            Ending::refused(Status::Failed, "the tool waited before its claim point")
        }
        Ok(Poll::Ready(returned)) => Ending::of(returned),
        Err(panic) => Ending::panicked(panic),
    };
    drop_quietly(call);
    Err(over)
}

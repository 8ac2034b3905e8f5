//! Reading a call up to its claim point: what it needs before it is admitted.

use smallvec::SmallVec;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use crate::dispatch::ending::{Ending, drop_quietly};
use crate::dispatch::lookup;
use crate::dispatch::rules::Rules;
use crate::schedule::claim::Claim;
use crate::schedule::cover::covers;
use crate::schedule::queue::CallSlots;
use crate::schema::Access;
use crate::sync::Instant;
use crate::tool::context::ToolContext;
use crate::tool::context::claim_point::poll_to_claim_point;
use crate::tool::meta::CallFuture;
use crate::toolset::Bound;
use crate::transcript::ToolCall;

/// A model that calls an agent that calls itself has to end somewhere.
const DEEPEST: usize = 16;

const NOT_COVERED: &str = "this call runs within another one, and touches what that one does not declare: the outer tool has to declare it, and can lend no state of its own";

/// What is known of a call from its acceptance to its end.
#[derive(Clone, Copy)]
pub(super) struct CallMeta {
    /// The position of its tool.
    pub(super) tool: usize,
    pub(super) access: Access,
    pub(super) on_thread: bool,
    pub(super) timeout: Duration,
    pub(super) queued: Instant,
}

/// A call that was read, and has not begun.
pub(super) struct Prepared {
    pub(super) meta: CallMeta,
    pub(super) body: CallFuture,
    /// What it claims besides the claims of its tool.
    pub(super) keys: Vec<Claim>,
    /// The slots that it needs: first that of its tool, so that it holds none of the agent's while it waits.
    pub(super) slots: SmallVec<[Arc<CallSlots>; 2]>,
    pub(super) context: Option<ToolContext>,
    pub(super) span: tracing::Span,
}

impl Prepared {
    /// A call that runs already.
    pub(super) fn running(meta: CallMeta, body: CallFuture, span: tracing::Span) -> Self {
        let (keys, slots) = (Vec::new(), SmallVec::new());
        Self { meta, body, keys, slots, context: None, span }
    }
}

/// What calls may use that run within another one.
pub(super) struct Cover {
    /// The claims of the nearest outer call on the same ledger, if there is one.
    pub(super) claims: Option<Vec<Claim>>,
    /// Whether all outer calls are declared to write.
    pub(super) may_write: bool,
    pub(super) depth: usize,
}

impl Cover {
    fn check(&self, tool: &Bound, keys: &[Claim]) -> Result<(), Ending> {
        let claims = || [&*tool.claims, keys].concat();
        let within = self.claims.as_ref().is_none_or(|held| covers(held, &claims()));
        let allowed = self.may_write || !tool.access().may_write();
        if within && allowed { Ok(()) } else { Err(Ending::failed(NOT_COVERED)) }
    }
}

/// Reads a call up to its claim point; or it ends here, and claims nothing.
pub(super) fn prepare(
    rules: &Rules,
    cover: Option<&Cover>,
    (index, call): (usize, &ToolCall),
    queued: Instant,
    token: impl FnOnce() -> CancellationToken,
) -> Result<Prepared, Ending> {
    check_limits(rules, index, call)?;
    if cover.is_some_and(|cover| cover.depth >= DEEPEST) {
        return Err(Ending::not_run("too many runs stand within each other"));
    }
    let toolset = &rules.toolset;
    let Some(at) = toolset.position(call.name()) else {
        return Err(Ending::failed(lookup::unknown(toolset, call.name())));
    };
    let tool = toolset.tool(at);
    let context =
        tool.takes_call.then(|| ToolContext::new(call.shared_id(), rules.key(index), token()));
    let body = tool.call(call.shared_arguments(), context.clone());
    // A call that the ledger does not order reads its arguments in its first poll.
    let ordered = toolset.orders(tool) || (cover.is_some() && tool.claims_something());
    let (body, keys) = if ordered { to_claim_point(body)? } else { (body, Vec::new()) };
    if let Some(cover) = cover
        && let Err(ending) = cover.check(tool, &keys)
    {
        drop_quietly(body);
        return Err(ending);
    }
    let mut slots = SmallVec::new();
    for needed in tool.slots.iter().chain(&rules.slots) {
        let lent = rules.parent.as_ref().map_or(Some(needed.clone()), |call| call.slots(needed));
        slots.push(lent.ok_or_else(|| Ending::not_run(OUTER_ENDED))?);
    }
    let meta = CallMeta {
        tool: at,
        access: tool.access(),
        on_thread: tool.options.blocking,
        timeout: tool.options.timeout.unwrap_or(rules.limits.call_timeout),
        queued,
    };
    let span = span(call, rules.turn, index);
    Ok(Prepared { meta, body, keys, slots, context, span })
}

pub(super) const OUTER_ENDED: &str = "the call within which it was to run has ended";

fn check_limits(rules: &Rules, index: usize, call: &ToolCall) -> Result<(), Ending> {
    let (calls, most) = (rules.limits.calls, rules.limits.argument_bytes);
    if index >= calls {
        let why = format!("limit of {calls} calls in a response; call it again next turn");
        return Err(Ending::not_run(&why));
    }
    match call.arguments().len() {
        bytes if bytes > most => {
            Err(Ending::not_run(&format!("arguments of {bytes} bytes, at most {most} are taken")))
        }
        _ => Ok(()),
    }
}

/// Polls a call up to its claim point, where its arguments are parsed.
///
/// So they are parsed once, in model order, before the ledger admits the call. Returned beside the
/// call: the claims of its keys.
pub(super) fn to_claim_point(mut call: CallFuture) -> Result<(CallFuture, Vec<Claim>), Ending> {
    let mut cx = Context::from_waker(Waker::noop());
    let (polled, claims) =
        poll_to_claim_point(|| catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut cx))));
    let over = match (polled, claims) {
        (Ok(Poll::Pending), Some(claims)) => match claims.overflow() {
            None => return Ok((call, claims.into())),
            Some(limit) => Ending::failed(limit),
        },
        (Ok(Poll::Pending), None) => Ending::failed("the tool waited before its claim point"),
        (Ok(Poll::Ready(returned)), _) => Ending::of(returned),
        (Err(panic), _) => Ending::panicked(panic),
    };
    drop_quietly(call);
    Err(over)
}

fn span(call: &ToolCall, turn: u32, index: usize) -> tracing::Span {
    tracing::info_span!(
        "execute_tool",
        otel.name = %format_args!("execute_tool {}", call.name()),
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = call.name(),
        gen_ai.tool.call.id = call.id(),
        turn,
        index = index + 1,
        queued_ms = tracing::field::Empty,
        ran_ms = tracing::field::Empty,
    )
}

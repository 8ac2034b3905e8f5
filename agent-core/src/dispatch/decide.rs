//! What is decided over a call before it is admitted.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::dispatch::ending::{Ending, drop_quietly};
use crate::dispatch::held::{Question, Verdict, judge};
use crate::dispatch::prepare::Prepared;
use crate::dispatch::rules::Rules;
use crate::error::ToolError;
use crate::rules::approval::{CallPosition, PendingCall};
use crate::tool::arguments::read_once;
use crate::tool::meta::Options;
use crate::transcript::ToolCall;

/// Asks about a call what has to be asked; or it ends here.
pub(super) fn decide(
    rules: &Rules,
    (index, call): (usize, &ToolCall),
    calls: usize,
    prepared: Prepared,
) -> Result<(Prepared, Option<Question>), Ending> {
    let Options { destructive, solo, .. } = rules.toolset.tool(prepared.meta.tool).options;
    let decided = if solo && calls > 1 {
        Err(Ending::not_run("call it alone, after you have seen the other results"))
    } else if rules.approval.concerns(destructive) {
        question(rules, (index, call), &prepared)
    } else {
        Ok(None)
    };
    match decided {
        Ok(question) => Ok((prepared, question)),
        Err(ending) => {
            drop_quietly(prepared);
            Err(ending)
        }
    }
}

/// What an approver is asked about a call, if one is; or the call is denied.
fn question(
    rules: &Rules,
    (index, call): (usize, &ToolCall),
    prepared: &Prepared,
) -> Result<Option<Question>, Ending> {
    let tool = rules.toolset.tool(prepared.meta.tool);
    let arguments = read_once(call.arguments()).map_err(ToolError::arguments);
    let arguments = arguments.map_err(|error| Ending::of(Err(error)))?;
    if !rules.toolset.orders(tool) {
        // The tool reads its arguments where it runs. That is code of the user, and so is the text of
        // its error and the drop of its values.
        match catch_unwind(AssertUnwindSafe(|| tool.check(call.arguments()))) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(Ending::of(Err(error))),
            Err(panic) => return Err(Ending::panicked(panic)),
        }
    }
    let Options { destructive, .. } = tool.options;
    let position = CallPosition { run: rules.run, turn: rules.turn, index };
    let access = prepared.meta.access;
    let pending = PendingCall::new(position, call, arguments, access, destructive);
    match judge(&rules.approval, pending) {
        Verdict::Allowed => Ok(None),
        Verdict::Denied(why) => Err(Ending::denied(&why)),
        Verdict::Asked(question) => Ok(Some(question)),
    }
}

//! What generated code names, and nothing else does: everything else may be renamed freely.

pub use crate::access::{Lent, Resource};
pub use crate::arguments::{Arg, Text, TextArg, arg, text};
pub use crate::context::Cx;
pub use crate::dispatch::{in_a_batch, in_place};
pub use crate::key::Key;
pub use crate::ledger::admit_and_finish;
pub use crate::output::returned::Returned;
#[cfg(feature = "anthropic")]
pub use crate::providers::anthropic::stream_in_place;
pub use crate::state::{Kind, Lend, LendMut};
pub use crate::tool::{CallFuture, Meta, Tool, ToolInfo};
pub use crate::toolset::Tools;
pub use crate::toolset::table::{Entry, ToolList, index, one_kind_of_keys, order, slots, sort};

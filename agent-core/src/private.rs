//! What generated code names, and nothing else does: everything else may be renamed freely.

pub use crate::dispatch::bench::in_a_batch;
#[cfg(feature = "anthropic")]
pub use crate::providers::anthropic::stream_in_place;
pub use crate::tool::access::{Lent, Resource};
pub use crate::tool::arguments::{Arg, Text, TextArg, arg, text};
pub use crate::tool::claims::admit_and_finish;
pub use crate::tool::context::Invocation;
pub use crate::tool::key::Key;
pub use crate::tool::meta::{CallFuture, Meta, Tool, ToolInfo};
pub use crate::tool::output::returned::Returned;
pub use crate::tool::state::{BorrowsEachStateOnce, Kind, Lend, LendMut};
pub use crate::toolset::Tools;
pub use crate::toolset::index::{index, slots};
pub use crate::toolset::table::{Entry, ToolList, one_kind_of_keys, order, sort};

//! Write ordinary functions; a model calls them, all at once where that is safe, in its order where
//! it is not.
//!
//! `#[tool]` makes a function a tool, [`tools!`] lists the tools of an [`Agent`], and the agent runs
//! every tool call of a model's response together where what the tools declare to touch allows it.
//! Every call gets exactly one result; all results go back in one batch, in call order.

// What the macros write names the crate.
#[cfg(all(test, shuttle))]
extern crate self as agent_core;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod dispatch;
mod error;
mod json;
mod log;
mod model;
#[cfg(feature = "anthropic")]
pub mod providers;
mod rules;
mod run;
mod schedule;
mod schema;
mod sync;
pub mod testing;
mod tool;
pub mod toolset;
mod transcript;
#[cfg(feature = "anthropic")]
pub mod transport;

/// Lets the tools of an agent borrow the fields of a struct.
///
/// A tool that takes `&T` or `&mut T` is lent the field of that type, when its list is bound with
/// [`with_state`](toolset::Tools::with_state). A type that a tool borrows and no field lends does not compile;
/// nor do two fields that lend the same type.
///
/// | field | lends | orders calls |
/// | --- | --- | --- |
/// | a plain one of type `T` | `&T` | no: it is shared as it is |
/// | `#[lend(mut T)]` on a [`Lock<T>`](Lock) | `&T` and `&mut T` | yes: reads together, writes alone |
/// | `#[lend(skip)]` | nothing | no |
///
/// A `Lock<T>` without `#[lend(mut T)]` is a plain field: it lends `&Lock<T>` alone, and a call that
/// borrows it claims nothing. What its body locks, it waits for while it runs and in no order.
///
/// The struct itself is lent too, as `&Self`; a lock that is reached through it orders nothing either.
///
/// `#[state(crate = some::path)]` on the struct says where `agent_core` is, if you re-export it. The
/// state outlives the calls, so the struct has no lifetimes; type parameters are `Send + Sync +
/// 'static`. Enums and unions are refused.
///
/// # Examples
///
/// ```
/// use agent_core::{Lock, State, tool, tools};
///
/// struct Prices {
///     pen: u32,
/// }
///
/// #[derive(Default)]
/// struct Cart(Vec<u32>);
///
/// #[derive(State)]
/// struct Shop {
///     prices: Prices,
///     #[lend(mut Cart)]
///     cart: Lock<Cart>,
///     #[lend(skip)]
///     opened: std::time::Instant,
/// }
///
/// /// Put pens into the cart.
/// #[tool]
/// fn add_pens(cart: &mut Cart, prices: &Prices, pieces: u32) {
///     cart.0.push(pieces * prices.pen);
/// }
///
/// /// What the cart costs.
/// #[tool(pure)]
/// fn total(cart: &Cart) -> u32 {
///     cart.0.iter().sum()
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let opened = std::time::Instant::now();
/// let shop = Shop { prices: Prices { pen: 3 }, cart: Lock::default(), opened };
/// # let _ = shop.opened;
/// let tools = tools![add_pens, total].with_state(shop);
/// assert_eq!(tools.call("add_pens", r#"{"pieces": 2}"#).await.text(), "done");
/// assert_eq!(tools.call("total", "{}").await.text(), "6");
/// # }
/// ```
pub use agent_macros::State;
/// Makes a function a tool that a model can call.
///
/// The function, async or sync, stays what it was and can still be called. Beside it stands a type
/// of its name, which [`tools!`] takes: it holds the name, the description, the schema and what the
/// tool touches. The doc comment is the description, and the model chooses the tool by it.
///
/// # Parameters
///
/// **Borrowed is yours, owned is the model's.**
///
/// | parameter | where it comes from |
/// | --- | --- |
/// | `T` that is `serde::Deserialize` and `schemars::JsonSchema` | the model's arguments, by the parameter's name |
/// | `Option<T>` | the same; the model may leave it out or send `null` |
/// | `&str`, `&[T]` | the same: the two borrows that are the model's |
/// | [`ToolContext`] | the call: its id, its key, its deadline, whether it was cancelled |
/// | `&T`, `&mut T` | the state that the list is bound to: see [`State`](derive@State) |
///
/// A doc comment on a parameter describes it to the model. An argument that the tool does not know
/// is a fault, and so is one that is missing or does not fit; the model is told of all at once.
///
/// # Options
///
/// | `#[tool(..)]` | says |
/// | --- | --- |
/// | `pure` | it touches nothing but its arguments and the state that it borrows: it runs beside everything but changes of that state |
/// | `read` | it reads something else, such as files or a service: it runs beside everything but writes |
/// | `write` | it changes something else: of what borrows no state, it runs beside `pure` alone |
/// | `read("orders")`, `read(order = id)` | it reads this resource, or the part that an argument names: it runs beside everything but writes of that |
/// | `write("orders")`, `write(order = id)` | it writes this: it runs beside all calls that do not touch it, except those of its run that read without a name |
/// | `destructive` | it writes, and each of its calls needs approval |
/// | `solo` | a call runs only if it is the only one of its response |
/// | `max_concurrent = 4` | so many of its calls run at the same time, at most |
/// | `name = ".."` | the name for the model: up to 64 letters, digits, `_` or `-`, no digit or `-` first |
/// | `title = ".."` | a name for people |
/// | `description = ".."` | what the model reads instead of the doc comment |
/// | `timeout = "5s"` | a call is stopped this long after it started (`ms`, `s` or `m`); without it [`Limits::call_timeout`] holds |
/// | `inline` | the body of a `fn` is short, and runs in place |
/// | `blocking` | the body of an `async fn` blocks, and runs on a thread that may |
/// | `crate = some::path` | where `agent_core` is, if you re-export it |
///
/// **Every tool declares what it touches**: by `pure`, `read`, `write`, `destructive`, a resource, or a
/// `&mut T` parameter. A tool with `&mut T` and no word changes this state and touches nothing else. All
/// declarations add up, and so do borrows from a [`Lock`]:
/// `write(account = from, account = to, "audit"), read` names two accounts and a resource as a whole,
/// and reads without a name besides. The strongest is the tool's [`Access`].
///
/// Resources have any names; tools that use one name speak of one thing. A [`Key`] is an argument or
/// an expression, which sees the arguments by reference (also a [`ToolContext`]) and runs before the call does:
/// `file = path`, `account = id.0`, `file = Path::new("notes").join(name)`.
///
/// # Where the body runs
///
/// **A `fn` may block, an `async fn` may not.** A call of a `fn` runs on a thread of tokio's blocking pool, so
/// it may read files and compute for long. After its timeout the call is answered at once; its thread
/// keeps what the call claims until the function returns. A call of an `async fn` runs on the runtime.
/// There is a word for the exception of each:
///
/// | body | declare |
/// | --- | --- |
/// | sync, and reads files, waits or computes | nothing: `fn` |
/// | sync and short, such as a look into a map | `inline`: it runs in place, and cannot be timed out |
/// | async | nothing: `async fn` |
/// | async, and blocks between its awaits | `blocking`: all of it is polled on a thread |
///
/// A call on a thread costs 20 to 35 µs of CPU, one in place 0.3 µs. Beside the seconds that a model takes,
/// both are nothing: `inline` is for tools that are called very often.
///
/// # Arguments
///
/// | `#[arg(..)]` on an argument | says |
/// | --- | --- |
/// | `default` | the type's default, where the model leaves the argument out |
/// | `default = expr` | this value; it stands in the schema, so its type is `serde::Serialize` |
/// | `rename = ".."` | the name for the model |
/// | `description = ".."` | what the model reads instead of the doc comment |
///
/// An argument with a default may be left out, but not be `null`, unless it is an `Option`.
///
/// # What it returns
///
/// Anything that is `serde::Serialize`, an [`ToolOutput`], or a `Result` of these, through any alias. The
/// model reads a string as it is, `()` as `done`, `None` as `null` and everything else as JSON. An
/// error is anything that converts into `Box<dyn Error + Send + Sync>`, or a [`ToolError`]; the model
/// reads its `Display`.
///
/// # What is refused
///
/// A tool without a description; methods, type parameters, `impl Trait`, and `const`, `unsafe`,
/// `extern` or variadic functions; references inside of an argument (`Option<&str>`), pointers,
/// `&mut str`, `&mut [T]` and `'static` borrows; an argument whose pattern is no name; two arguments of
/// one name; `#[arg]` on what is borrowed from the state, and a type that is borrowed twice; `#[cfg]`
/// on a parameter; a tool that declares nothing; `pure` beside `read`, `write` or `&mut T`; a key that is
/// no argument or that is lent from the state, and `.await`, `?` or `return` in a key; a resource whose
/// keys are paths in one tool of a list and plain values in another; `inline` on an `async fn`,
/// `blocking` on a `fn`, and `timeout` beside `inline`; a name that no provider takes, and a function that
/// is called like a primitive type. Each is a compile error that says what to write instead.
///
/// # Examples
///
/// ```
/// use agent_core::{Toolset, tool, tools};
///
/// /// Cut a text after some characters.
/// #[tool(pure)]
/// fn cut(
///     text: &str,
///     /// How many characters to keep.
///     #[arg(default = 3)]
///     keep: usize,
/// ) -> String {
///     text.chars().take(keep).collect()
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// assert_eq!(cut("a function still", 10), "a function");
///
/// let tools = Toolset::from(tools![cut]);
/// assert_eq!(tools.call("cut", r#"{"text": "abcdef"}"#).await.text(), "abc");
/// let fault = tools.call("cut", r#"{"keep": null}"#).await;
/// assert!(fault.text().contains("`text`: missing"));
/// # }
/// ```
///
/// With a resource and its keys:
///
/// ```
/// use agent_core::{Agent, Response, ScriptedModel, WaitedFor, tool, tools};
///
/// /// Who has placed an order.
/// #[tool(read(order = id))]
/// fn customer(id: u64) -> String {
///     format!("customer of {id}")
/// }
///
/// /// Cancel an order.
/// #[tool(write(order = id))]
/// fn cancel(id: u64) -> String {
///     format!("{id} is cancelled")
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), agent_core::RunError> {
/// let model = ScriptedModel::new()
///     .turn(|_| {
///         Response::new()
///             .call("cancel", r#"{"id": 1}"#)
///             .call("customer", r#"{"id": 2}"#)
///             .call("customer", r#"{"id": 1}"#)
///     })
///     .turn(|_| Response::new().with_text("done"));
/// let outcome = Agent::new(model).tools(tools![customer, cancel]).run("Cancel 1").await?;
/// let timeline = outcome.timeline();
/// assert_eq!(timeline.calls()[1].waited_for, None);
/// assert_eq!(timeline.calls()[2].waited_for, Some(WaitedFor::Call(1)));
/// # Ok(())
/// # }
/// ```
///
/// With state, a call and an error:
///
/// ```
/// use agent_core::{ToolContext, Lock, ToolError, tool, tools};
///
/// struct Account {
///     cents: u64,
/// }
///
/// /// Pay an amount from the account.
/// #[tool(write, timeout = "10s")]
/// async fn pay(account: &mut Account, call: ToolContext, cents: u64) -> Result<u64, ToolError> {
///     let rest = account.cents.checked_sub(cents);
///     account.cents = rest.ok_or_else(|| ToolError::retry("there is not so much"))?;
///     assert!(!call.key().is_empty()); // sent with the payment, so that none is made twice
///     Ok(account.cents)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let tools = tools![pay].with_state(Lock::new(Account { cents: 500 }));
/// assert_eq!(tools.call("pay", r#"{"cents": 200}"#).await.text(), "300");
/// let refused = tools.call("pay", r#"{"cents": 301}"#).await;
/// assert!(refused.text().starts_with("there is not so much"));
/// # }
/// ```
pub use agent_macros::tool;
pub use dispatch::caller::{Caller, Calling};
pub use error::{ModelError, ModelErrorKind, ToolError};
pub use log::end::RunEnd;
pub use log::event::{Event, EventKind};
pub use log::run_id::RunId;
pub use log::span::{CallSpan, TurnSpan};
pub use log::timeline::Timeline;
pub use log::waited_for::WaitedFor;
pub use model::{BoxFuture, Delta, Model, ParallelToolCalls, Request, ToolChoice};
pub use rules::approval::{Decision, PendingCall};
pub use rules::limits::Limits;
pub use run::agent::Agent;
pub use run::conversation::Conversation;
pub use run::outcome::{Outcome, RunError, RunErrorKind};
pub use run::run::Run;
pub use run::stream::RunStream;
pub use schema::{Access, ToolDefinition};
pub use testing::ScriptedModel;
pub use tool::claims::Claims;
pub use tool::context::ToolContext;
pub use tool::key::{Key, Keys};
pub use tool::output::{IntoToolError, IntoToolOutput, ToolOutput};
pub use tool::state::Lock;
pub use toolset::{DynamicTool, Toolset, ToolsetError};
pub use transcript::{
    CallStatus, Content, ContentBlock, Input, InvalidTranscript, Media, MediaSource, Message,
    Origin, Part, Response, StopReason, ToolCall, ToolResult, Transcript, Usage,
};

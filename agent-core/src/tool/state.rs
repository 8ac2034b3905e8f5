//! The application's state, from which tools borrow.

use std::future::{Future, ready};
use std::ops::{Deref, DerefMut};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A state that lends `&T` to tools.
///
/// `#[derive(State)]` implements it for each field of a struct; any single value lends itself.
#[diagnostic::on_unimplemented(
    message = "the state `{Self}` does not lend `{T}`",
    label = "a tool in this list borrows `{T}`, which `{Self}` does not have",
    note = "give the state a field of this type and bind it: `tools![..].with_state(state)`; an `Arc` of the state is bound with `.with_state_arc(state)`",
    note = "an argument from the model is owned, but for text and lists: `&str` instead of `&String`, `&[T]` instead of `&Vec<T>`, `PathBuf` instead of `&Path`, `ToolContext` instead of `&ToolContext`"
)]
pub trait Lend<T: ?Sized>: Send + Sync + 'static {
    /// The guard that a tool holds while it runs.
    type Ref<'a>: Deref<Target = T> + Send
    where
        Self: 'a;

    /// Whether the borrow orders calls.
    const KIND: Kind;

    /// Borrows the value. The ledger has admitted the call, so no conflicting call of the same
    /// toolset holds it.
    fn lend(&self) -> impl Future<Output = Self::Ref<'_>> + Send;
}

/// A state that lends `&mut T` to tools, one call at a time.
#[diagnostic::on_unimplemented(
    message = "the state `{Self}` does not lend `&mut {T}`",
    label = "a `&mut {T}` parameter needs a `Lock<{T}>` in the state",
    note = "hold it as a `Lock`: `.with_state(Lock::new(value))`, or a field `#[lend(mut T)] name: Lock<T>` of the state"
)]
pub trait LendMut<T: ?Sized>: Lend<T> {
    /// The guard that a tool holds while it runs.
    type Mut<'a>: DerefMut<Target = T> + Send
    where
        Self: 'a;

    /// Borrows the value for one call alone.
    fn lend_mut(&self) -> impl Future<Output = Self::Mut<'_>> + Send;
}

/// Whether calls that borrow a piece of state have to be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The value is shared; the borrow claims nothing.
    Handle,
    /// The value can also be lent for writing, so a call that reads it claims it too.
    Locked,
}

/// A tool that borrows a `T`: two implementations for one type are two borrows of it, which would wait
/// for each other.
pub trait BorrowsEachStateOnce<T: ?Sized> {}

impl<T: Send + Sync + 'static> Lend<T> for T {
    type Ref<'a> = &'a T;
    const KIND: Kind = Kind::Handle;

    fn lend(&self) -> impl Future<Output = &T> + Send {
        ready(self)
    }
}

/// State that tools can borrow as `&T` and as `&mut T`.
///
/// The ledger orders calls that borrow it before they run, so a tool never waits at this lock for
/// another call of its toolset, only for the host's own guards.
///
/// # Examples
///
/// ```
/// use agent_core::{Lock, tool, tools};
///
/// #[derive(Default)]
/// struct Notes(Vec<String>);
///
/// /// Write down a note.
/// #[tool]
/// fn note(notes: &mut Notes, text: String) -> usize {
///     notes.0.push(text);
///     notes.0.len()
/// }
///
/// let toolset = tools![note].with_state(Lock::new(Notes::default()));
/// assert_eq!(toolset.names().collect::<Vec<_>>(), ["note"]);
/// ```
#[derive(Debug, Default)]
pub struct Lock<T>(RwLock<T>);

impl<T> Lock<T> {
    /// Creates a lock around a value.
    pub fn new(value: T) -> Self {
        Self(RwLock::new(value))
    }

    /// Waits for all writers, and blocks them while the guard lives.
    ///
    /// Cancel-safe: a dropped wait loses only its place in the queue.
    pub async fn read(&self) -> impl Deref<Target = T> + '_ {
        self.0.read().await
    }

    /// Waits for all readers and writers, and blocks them while the guard lives.
    ///
    /// Cancel-safe: a dropped wait loses only its place in the queue.
    pub async fn write(&self) -> impl DerefMut<Target = T> + '_ {
        self.0.write().await
    }

    /// Returns the value.
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T: Send + Sync + 'static> Lend<T> for Lock<T> {
    type Ref<'a> = RwLockReadGuard<'a, T>;
    const KIND: Kind = Kind::Locked;

    fn lend(&self) -> impl Future<Output = RwLockReadGuard<'_, T>> + Send {
        self.0.read()
    }
}

impl<T: Send + Sync + 'static> LendMut<T> for Lock<T> {
    type Mut<'a> = RwLockWriteGuard<'a, T>;

    fn lend_mut(&self) -> impl Future<Output = RwLockWriteGuard<'_, T>> + Send {
        self.0.write()
    }
}

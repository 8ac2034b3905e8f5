//! What a tool touches, and so what may run beside it.

use std::any::TypeId;

use crate::schedule::claim::{Claim, Mode, Place};
use crate::schema::Access;
use crate::tool::claims::{Claims, World};
use crate::tool::key::Key;
use crate::tool::state::{Kind, Lend, LendMut};

/// One borrow of a tool from the application's state.
#[derive(Debug, Clone, Copy)]
pub struct Lent {
    locked: bool,
    exclusive: bool,
    // A function, because `TypeId::of` is const only since Rust 1.91.
    state: fn() -> TypeId,
}

impl Lent {
    /// A `&T` parameter.
    #[must_use]
    pub const fn shared<S: Lend<T>, T: ?Sized + 'static>() -> Self {
        let locked = matches!(S::KIND, Kind::Locked);
        Self { locked, exclusive: false, state: TypeId::of::<T> }
    }

    /// A `&mut T` parameter.
    #[must_use]
    pub const fn exclusive<S: LendMut<T>, T: ?Sized + 'static>() -> Self {
        Self { locked: true, exclusive: true, state: TypeId::of::<T> }
    }
}

/// A resource that a tool touches: by its name alone, or a part of it that a key names.
#[derive(Debug, Clone, Copy)]
pub struct Resource {
    pub(crate) name: &'static str,
    pub(crate) writes: bool,
    /// Whether its keys are paths; `None` if the tool touches all of it.
    pub(crate) paths: Option<bool>,
}

impl Resource {
    /// `read("orders")`
    #[must_use]
    pub const fn read(name: &'static str) -> Self {
        Self { name, writes: false, paths: None }
    }

    /// `write("orders")`
    #[must_use]
    pub const fn write(name: &'static str) -> Self {
        Self { name, writes: true, paths: None }
    }

    /// `read(order = id)`; the function computes the key.
    #[must_use]
    pub const fn read_key<A, K: Key>(name: &'static str, _: fn(A) -> K) -> Self {
        Self { name, writes: false, paths: Some(K::PATH) }
    }

    /// `write(order = id)`; the function computes the key.
    #[must_use]
    pub const fn write_key<A, K: Key>(name: &'static str, _: fn(A) -> K) -> Self {
        Self { name, writes: true, paths: Some(K::PATH) }
    }
}

/// What a tool declares in all: its strongest claim, on whatever that is.
pub(crate) fn declared(world: World, resources: &[Resource], lent: &[Lent]) -> Access {
    let writes = world == World::Write
        || resources.iter().any(|resource| resource.writes)
        || lent.iter().any(|lent| lent.exclusive);
    match writes {
        true => Access::Write,
        false if world == World::Read || !resources.is_empty() => Access::Read,
        false => Access::Pure,
    }
}

/// The claims of all calls of a tool that is bound to the state with this identity; a call adds
/// those of its keys.
pub(crate) fn claims(
    world: World,
    resources: &[Resource],
    lent: &[Lent],
    state: usize,
) -> Box<[Claim]> {
    let mut claims = Claims::default();
    claims.world(world);
    for Resource { name, writes, paths } in resources {
        claims.resource(name, *writes, paths.is_some());
    }
    for lent in lent.iter().filter(|lent| lent.locked) {
        claims.add(Place::State(state, (lent.state)()), Mode::of(lent.exclusive));
    }
    Vec::from(claims).into()
}

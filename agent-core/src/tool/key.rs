//! Keys name the part of a resource that a call touches.

use foldhash::quality::RandomState;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::{self, Write};
use std::hash::{BuildHasher, Hasher};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

/// Names the part of a resource that a call touches: `#[tool(write(file = path))]`.
///
/// A key is a path or a plain value. Two paths conflict if one is a prefix of the other, as a
/// directory and a file in it; two plain values conflict if they are equal. All keys of one
/// resource are of one kind.
///
/// Relative paths start at the working directory that the process had when its first path was
/// claimed. `.` and `..` are resolved lexically: symbolic links and letter case are not considered.
///
/// A list has one key for each of its items. `None` names the whole resource: the body of the tool
/// will decide what it touches.
///
/// A call has at most 1,024 keys, and a path that is a key at most 256 components. A call with more is
/// an error result that names the limit, and does not run: a model that needs more makes several
/// calls, or the tool claims the whole resource (`write("file")`).
///
/// # Examples
///
/// Your own type can be a key:
///
/// ```
/// use agent_core::{Key, Keys, tool};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Account(u64);
///
/// impl Key for Account {
///     const PATH: bool = false;
///
///     fn put(&self, keys: &mut Keys<'_>) {
///         self.0.put(keys);
///     }
/// }
///
/// /// Move money from one account to another.
/// #[tool(write(account = from, account = to))]
/// fn transfer(from: Account, to: Account, cents: u64) -> u64 {
///     cents
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a key of a resource",
    label = "not a key",
    note = "keys are paths, texts, whole numbers and lists of them: write an expression that gives one, such as `account = id.0`, or implement `Key`"
)]
pub trait Key {
    /// Whether it is a path: a directory then conflicts with everything in it.
    const PATH: bool;

    /// Adds its keys.
    fn put(&self, keys: &mut Keys<'_>);
}

/// The most keys of one call. Each is a handful of claims in the ledger, and far more than a person
/// would name.
pub(crate) const MAX_KEYS: usize = 1_024;

/// The most components of a path that is a key: each is a claim. The paths of Linux have 4,096 bytes.
pub(crate) const MAX_COMPONENTS: usize = 256;

const TOO_MANY: &str =
    "too many keys: a call names at most 1024 parts of a resource; make several calls";

const TOO_DEEP: &str = "a path is too deep: it has at most 256 components; use a shorter path";

/// How many keys a call may still have, or the limit that it exceeded.
#[derive(Debug)]
pub(crate) struct KeyBudget {
    left: usize,
    exceeded: Option<&'static str>,
}

impl KeyBudget {
    pub(crate) const fn new() -> Self {
        Self { left: MAX_KEYS, exceeded: None }
    }

    /// The limit that the call exceeded, with the remedy, for the model.
    pub(crate) fn exceeded(&self) -> Option<&'static str> {
        self.exceeded
    }

    fn take(&mut self) -> bool {
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => self.exceeded = self.exceeded.or(Some(TOO_MANY)),
        }
        self.exceeded.is_none()
    }

    fn take_path(&mut self, path: &Path) -> bool {
        // Counted as they are written, so that a long path costs nothing before it is refused.
        if path.components().nth(MAX_COMPONENTS).is_some() {
            self.exceeded = self.exceeded.or(Some(TOO_DEEP));
        }
        self.take()
    }
}

/// Collects the keys of a call.
pub struct Keys<'a> {
    /// The node of the resource.
    pub(crate) resource: u64,
    pub(crate) budget: &'a mut KeyBudget,
    pub(crate) put: &'a mut dyn FnMut(Chain),
}

/// The nodes on the path from the resource to a key, which is the last; the resource itself is left
/// out.
pub(crate) type Chain = SmallVec<[u64; 8]>;

impl Keys<'_> {
    /// Adds a plain value by its text: 7 and "7" are one key.
    pub fn value(&mut self, value: impl fmt::Display) {
        if !self.budget.take() {
            return;
        }
        let mut text = ValueText(SmallVec::new());
        // If `Display` fails, the key is the text up to there.
        _ = write!(text, "{value}");
        (self.put)(SmallVec::from_slice(&[node(self.resource, &text.0)]));
    }

    /// Adds a path.
    pub fn path(&mut self, path: &Path) {
        if !self.budget.take_path(path) {
            return;
        }
        // One node represents the working directory and all directories above it, because most
        // paths are in it.
        let here = node(self.resource, b"");
        if let Some(names) = names_below(path) {
            return (self.put)(chain(here, &names));
        }
        let path = HERE.join(path);
        let (path, way) = (names(&path), names(&HERE));
        if let Some(names) = path.strip_prefix(&*way) {
            return (self.put)(chain(here, names));
        }
        (self.put)(chain(node(here, b""), &path));
        if way.starts_with(&path) {
            (self.put)(chain(here, &[]));
        }
    }

    /// Adds the whole resource.
    pub fn whole(&mut self) {
        if self.budget.take() {
            (self.put)(Chain::new());
        }
    }

    /// Whether the call has exceeded a limit, so that further keys change nothing.
    fn is_over(&self) -> bool {
        self.budget.exceeded.is_some()
    }
}

/// The text of a plain value; most are short.
struct ValueText(SmallVec<[u8; 36]>);

impl fmt::Write for ValueText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

type Names<'a> = SmallVec<[&'a OsStr; 8]>;

/// The names of a path, from the root.
fn names(path: &Path) -> Names<'_> {
    let mut names = Names::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            // `..` at the root is the root.
            Component::ParentDir => names.truncate(names.len().saturating_sub(1).max(1)),
            other => names.push(other.as_os_str()),
        }
    }
    names
}

/// The names of a path, from the working directory; `None` if the path leads out of it.
fn names_below(path: &Path) -> Option<Names<'_>> {
    let mut names = Names::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => _ = names.pop()?,
            Component::Normal(name) => names.push(name),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(names)
}

/// The nodes from `root` down to a path.
fn chain(root: u64, path: &[&OsStr]) -> Chain {
    let mut chain = Chain::from_slice(&[root]);
    for name in path {
        let parent = chain.last().copied().unwrap_or(root);
        chain.push(node(parent, name.as_encoded_bytes()));
    }
    chain
}

/// The start of relative paths. It never changes, because the paths of calls at different times are
/// compared.
static HERE: LazyLock<PathBuf> = LazyLock::new(|| std::env::current_dir().unwrap_or_default());

/// The node of a resource.
pub(crate) fn resource(name: &str) -> u64 {
    node(0, name.as_bytes())
}

/// Computes a node below another one.
///
/// Nodes are hashes, so claims are small and need no allocation. Two names with the same hash,
/// which happens for one in 2^64 pairs, order calls that need no order, and have no other effect.
fn node(parent: u64, name: &[u8]) -> u64 {
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    let mut hasher = SEED.build_hasher();
    hasher.write_u64(parent);
    hasher.write(name);
    hasher.finish()
}

macro_rules! plain {
    ($($type:ty),*) => {
        $(impl Key for $type {
            const PATH: bool = false;

            fn put(&self, keys: &mut Keys<'_>) {
                keys.value(self);
            }
        })*
    };
}

plain!(str, String, char, bool, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

macro_rules! paths {
    ($($type:ty),*) => {
        $(impl Key for $type {
            const PATH: bool = true;

            fn put(&self, keys: &mut Keys<'_>) {
                keys.path(self);
            }
        })*
    };
}

paths!(Path, PathBuf);

macro_rules! handles {
    ($($type:ty),*) => {
        $(impl<K: Key + ?Sized> Key for $type {
            const PATH: bool = K::PATH;

            fn put(&self, keys: &mut Keys<'_>) {
                (**self).put(keys);
            }
        })*
    };
}

handles!(&K, Box<K>, Rc<K>, Arc<K>);

impl<K: Key + ToOwned + ?Sized> Key for Cow<'_, K> {
    const PATH: bool = K::PATH;

    fn put(&self, keys: &mut Keys<'_>) {
        (**self).put(keys);
    }
}

impl<K: Key> Key for Option<K> {
    const PATH: bool = K::PATH;

    fn put(&self, keys: &mut Keys<'_>) {
        match self {
            Some(key) => key.put(keys),
            None => keys.whole(),
        }
    }
}

impl<K: Key> Key for [K] {
    const PATH: bool = K::PATH;

    fn put(&self, keys: &mut Keys<'_>) {
        for key in self {
            if keys.is_over() {
                return;
            }
            key.put(keys);
        }
    }
}

impl<K: Key> Key for Vec<K> {
    const PATH: bool = K::PATH;

    fn put(&self, keys: &mut Keys<'_>) {
        self.as_slice().put(keys);
    }
}

impl<K: Key, const N: usize> Key for [K; N] {
    const PATH: bool = K::PATH;

    fn put(&self, keys: &mut Keys<'_>) {
        self.as_slice().put(keys);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chains(key: impl Key) -> Vec<Chain> {
        chains_and_limit(key).0
    }

    fn chains_and_limit(key: impl Key) -> (Vec<Chain>, Option<&'static str>) {
        let (mut chains, mut budget) = (Vec::new(), KeyBudget::new());
        let mut put = |chain| chains.push(chain);
        key.put(&mut Keys { resource: resource("file"), budget: &mut budget, put: &mut put });
        (chains, budget.exceeded())
    }

    fn one(key: impl Key) -> Chain {
        let chains = chains(key);
        assert_eq!(chains.len(), 1);
        chains[0].clone()
    }

    #[test]
    fn a_path_has_one_form() {
        let here = std::env::current_dir().unwrap();
        let plain = one(Path::new("a/b"));
        for same in ["./a/b", "a/./b/", "a//b", "a/c/../b", "x/../a/b"] {
            assert_eq!(one(Path::new(same)), plain, "{same}");
        }
        assert_eq!(one(here.join("a/b")), plain);
        assert_eq!(one(Path::new("/../../a")), one(Path::new("/a")));
        assert_ne!(one(Path::new("/a/b")), plain);
    }

    /// Whether one path is in the other, as the ledger decides it.
    fn conflict(a: impl AsRef<Path>, b: impl AsRef<Path>) -> bool {
        let (a, b) = (chains(a.as_ref()), chains(b.as_ref()));
        let begins = |a: &Chain, b: &Chain| a.starts_with(b) || b.starts_with(a);
        a.iter().any(|a| b.iter().any(|b| begins(a, b)))
    }

    #[test]
    fn two_paths_conflict_if_one_is_a_prefix_of_the_other() {
        let here = std::env::current_dir().unwrap();
        let above = here.parent().unwrap();
        let paths: Vec<PathBuf> = [
            ["/", "/a", "/a/b", "/b"].map(PathBuf::from).to_vec(),
            [".", "a", "a/b", "a/b/c", "b", "..", "../beside"].map(PathBuf::from).to_vec(),
            vec![here.clone(), here.join("a/b"), above.to_owned(), above.join("beside/x")],
        ]
        .concat();
        let whole = |path: &Path| names(&here.join(path)).iter().collect::<PathBuf>();
        for a in &paths {
            for b in &paths {
                let (whole_a, whole_b) = (whole(a), whole(b));
                let expected = whole_a.starts_with(&whole_b) || whole_b.starts_with(&whole_a);
                assert_eq!(conflict(a, b), expected, "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn a_path_in_the_working_directory_needs_no_nodes_for_the_directories_above() {
        assert_eq!(one(Path::new("a/b")).len(), 3);
        assert_eq!(one(Path::new("a/b"))[..2], one(Path::new("a"))[..]);
    }

    #[test]
    fn different_values_have_different_keys_and_a_list_has_one_for_each_item() {
        assert_eq!(one("7"), one(7_u64));
        assert_ne!(one("7"), one("8"));
        assert_eq!(chains(vec!["a", "b"]), [one("a"), one("b")]);
        assert_eq!(chains(Vec::<u8>::new()), Vec::<Chain>::new());
        assert_eq!(one(None::<u8>), Chain::new());
        assert_eq!(one(Some(7_u8)), one(7_u8));
        assert_eq!(one(Cow::Borrowed("x")), one("x"));
    }

    #[test]
    fn keys_and_components_have_limits_that_are_named() {
        let numbers: Vec<_> = (0..100_000).collect();
        let (chains, limit) = chains_and_limit(&numbers[..MAX_KEYS]);
        assert_eq!((chains.len(), limit), (MAX_KEYS, None));
        let (chains, limit) = chains_and_limit(numbers);
        assert_eq!((chains.len(), limit), (MAX_KEYS, Some(TOO_MANY)));
        assert!(TOO_MANY.contains(&MAX_KEYS.to_string()));

        let path = |components| PathBuf::from(vec!["a"; components].join("/"));
        let (chains, limit) = chains_and_limit(path(MAX_COMPONENTS));
        assert_eq!((chains[0].len(), limit), (MAX_COMPONENTS + 1, None));
        // Also one that leads to a place nearby.
        for deep in [path(500_000), "a/../".repeat(MAX_COMPONENTS).into()] {
            let (chains, limit) = chains_and_limit(vec![deep, path(1)]);
            assert_eq!((chains.len(), limit), (0, Some(TOO_DEEP)));
        }
        assert!(TOO_DEEP.contains(&MAX_COMPONENTS.to_string()));
    }
}

use super::param::Arg;
use crate::context::Ctx;
use crate::schema::Described;

/// What the scanner fills; free of types, so that it is compiled once.
pub trait Slots<'de> {
    /// Reads the argument `name` from the start of `rest` and returns its length in bytes.
    ///
    /// `None` is a fault (unknown, given twice, ill-typed): the cold path finds out which.
    fn put(&mut self, name: &str, rest: &'de str) -> Option<usize>;
}

/// The parameters of a tool as a list, `(Arg<A>, (Arg<B>, ()))`.
pub trait Args<'de>: Slots<'de> + Sized {
    /// The values as a list, `(A, (B, ()))`.
    type Values;

    /// Takes the values, unless one is missing.
    fn finish(&mut self, call: Option<&Ctx>) -> Option<Self::Values>;

    #[doc(hidden)]
    fn describe(&self, out: &mut Vec<Described<'de>>);
}

/// What the schema and the cold path need of these parameters.
pub fn describe<'de>(args: &impl Args<'de>) -> Vec<Described<'de>> {
    let mut all = Vec::new();
    args.describe(&mut all);
    all
}

impl Slots<'_> for () {
    fn put(&mut self, _: &str, _: &str) -> Option<usize> {
        None
    }
}

impl Args<'_> for () {
    type Values = ();

    fn finish(&mut self, _: Option<&Ctx>) -> Option<()> {
        Some(())
    }

    fn describe(&self, _: &mut Vec<Described<'_>>) {}
}

impl<'de, T, R: Slots<'de>> Slots<'de> for (Arg<'de, T>, R) {
    #[inline]
    fn put(&mut self, name: &str, rest: &'de str) -> Option<usize> {
        let (arg, others) = self;
        if name != arg.name {
            return others.put(name, rest);
        }
        if arg.value.is_some() || arg.given {
            return None;
        }
        (arg.read)(rest, &mut arg.value)
    }
}

impl<'de, T, R: Args<'de>> Args<'de> for (Arg<'de, T>, R) {
    type Values = (T, R::Values);

    #[inline]
    fn finish(&mut self, call: Option<&Ctx>) -> Option<Self::Values> {
        let (arg, others) = self;
        let value = match (arg.value.take(), arg.default) {
            (Some(value), _) => value,
            (None, Some(default)) => default(),
            (None, None) => (arg.absent)(call)?,
        };
        Some((value, others.finish(call)?))
    }

    fn describe(&self, out: &mut Vec<Described<'de>>) {
        out.push(self.0.describe());
        self.1.describe(out);
    }
}

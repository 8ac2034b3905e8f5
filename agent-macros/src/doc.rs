use syn::{Attribute, Expr, ExprLit, Lit, Meta};

use crate::attr::ungrouped;

/// The text of doc comments.
#[derive(Default)]
pub(crate) struct Doc(Vec<Piece>);

pub(crate) enum Piece {
    Text(String),
    /// An expression such as `include_str!(..)`, whose text only the compiler knows.
    Expr(Box<Expr>),
}

impl Doc {
    pub(crate) fn of(attrs: &[Attribute]) -> Self {
        let mut doc = Self::default();
        for attr in attrs {
            if let Meta::NameValue(pair) = &attr.meta
                && pair.path.is_ident("doc")
            {
                doc.push(&pair.value);
            }
        }
        doc.trim();
        doc
    }

    /// Adjacent pieces of text are joined, so two texts never follow each other.
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, value: &Expr) {
        if !self.0.is_empty() {
            self.push_text("\n");
        }
        match ungrouped(value) {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                self.push_text(&unindented(&text.value()));
            }
            expr => self.0.push(Piece::Expr(Box::new(expr.clone()))),
        }
    }

    fn push_text(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.0.push(Piece::Text(text.to_owned())),
        }
    }

    fn trim(&mut self) {
        if let Some(Piece::Text(first)) = self.0.first_mut() {
            *first = first.trim_start().to_owned();
        }
        if let Some(Piece::Text(last)) = self.0.last_mut() {
            *last = last.trim_end().to_owned();
        }
        self.0.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
    }
}

/// Strips the comment syntax from the text of one comment: the blank after `///`, and in a `/** */`
/// the common indent or the column of asterisks.
fn unindented(text: &str) -> String {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let rest = || lines.clone().filter(|line| !line.trim().is_empty());
    let indent = |line: &str| line.len() - line.trim_start().len();
    let common = rest().map(indent).min().unwrap_or_default();
    let starred = rest().next().is_some() && rest().all(|line| line.trim_start().starts_with('*'));
    let plain = |line: &str| match line.trim_start().strip_prefix('*') {
        Some(inner) if starred => inner.strip_prefix(' ').unwrap_or(inner).to_owned(),
        _ => line.get(common..).unwrap_or(line.trim_start()).to_owned(),
    };
    let first = first.strip_prefix(' ').unwrap_or(first).to_owned();
    std::iter::once(first).chain(lines.clone().map(plain)).collect::<Vec<_>>().join("\n")
}

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{Expr, ExprPath, ext::IdentExt, visit::Visit};

/// Whether an expression uses a variable.
///
/// The expansion of a macro is not known, so in its input the name alone counts, also in a string
/// as `{name}`.
pub(crate) fn mentions(expr: &Expr, name: &Ident) -> bool {
    let mut search = Search { name, found: false };
    search.visit_expr(expr);
    search.found
}

struct Search<'a> {
    name: &'a Ident,
    found: bool,
}

impl Visit<'_> for Search<'_> {
    fn visit_expr_path(&mut self, expr: &ExprPath) {
        self.found |= expr.path.is_ident(self.name);
    }

    fn visit_token_stream(&mut self, tokens: &TokenStream) {
        self.found |= has(tokens, self.name);
    }
}

/// Whether a name is among these tokens, also as `{name}` in a text.
pub(crate) fn has(tokens: &TokenStream, name: &Ident) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => has(&group.stream(), name),
        TokenTree::Literal(literal) => captures(&literal.to_string(), name),
        TokenTree::Punct(_) => false,
    })
}

/// Whether a string captures the variable, such as `"order {id:04}"`.
fn captures(literal: &str, name: &Ident) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut holes = literal.split('{').skip(1);
    holes.any(|hole| hole.split(|c| !is_word(c)).next().is_some_and(|word| name.unraw() == word))
}

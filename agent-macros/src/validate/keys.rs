use syn::{
    Expr, ExprAsync, ExprAwait, ExprClosure, ExprPath, ExprReturn, ExprTry, PatIdent,
    visit::{self, Visit},
};

use crate::{
    attr::{Resource, ungrouped},
    errors::Errors,
    tool_fn::{Kind, Param, ToolFn},
    types::{argument, spelled},
};

pub(super) fn validate(tool: &ToolFn, errors: &mut Errors) {
    for resource in &tool.options.resources {
        let Some(key) = &resource.key else { continue };
        is_known(tool, resource, key, errors);
        Judge { tool, resource, errors, bound: Vec::new(), is_inside: false }.visit_expr(key);
    }
}

/// A key that is a single name must be an argument or a constant; only the compiler can resolve the
/// names in a longer expression.
fn is_known(tool: &ToolFn, resource: &Resource, key: &Expr, errors: &mut Errors) {
    let Expr::Path(ExprPath { path, .. }) = ungrouped(key) else { return };
    let Some(name) = path.get_ident() else { return };
    let is_parameter = tool.params.iter().any(|param| param.ident() == Some(name));
    let is_constant = name.to_string().chars().all(|c| !c.is_lowercase());
    if !is_parameter && !is_constant {
        let remedy = arguments(tool).unwrap_or_else(|| whole(resource));
        errors.at(key, format!("`{name}` is no parameter: {remedy}"));
    }
}

/// Finds expressions that a key must not contain.
struct Judge<'a> {
    tool: &'a ToolFn,
    resource: &'a Resource,
    errors: &'a mut Errors,
    /// Names that the key itself declares.
    bound: Vec<String>,
    /// Within a closure, `return` and `?` are allowed.
    is_inside: bool,
}

impl Judge<'_> {
    fn inside(&mut self, visit: impl FnOnce(&mut Self)) {
        let outside = std::mem::replace(&mut self.is_inside, true);
        visit(self);
        self.is_inside = outside;
    }
}

impl<'a> Visit<'a> for Judge<'_> {
    fn visit_expr_path(&mut self, expr: &'a ExprPath) {
        let Some(name) = expr.path.get_ident() else { return };
        let mut lent = self.tool.params.iter().filter(|param| param.is_lent());
        let Some(param) = lent.find(|param| param.ident() == Some(name)) else { return };
        if self.bound.contains(&name.to_string()) {
            return;
        }
        let mut remedy = whole(self.resource);
        if let Some(argument) = instead(param).or_else(|| arguments(self.tool)) {
            remedy = format!("{argument}, or {remedy}");
        }
        self.errors.at(
            expr,
            format!("`{name}` is lent from the state, and a key comes from the call: {remedy}"),
        );
    }

    fn visit_pat_ident(&mut self, pattern: &'a PatIdent) {
        self.bound.push(pattern.ident.to_string());
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_expr_await(&mut self, expr: &'a ExprAwait) {
        if !self.is_inside {
            let whole = whole(self.resource);
            self.errors.at(expr.await_token, format!("a key cannot wait: {whole}"));
        }
        visit::visit_expr_await(self, expr);
    }

    fn visit_expr_try(&mut self, expr: &'a ExprTry) {
        if !self.is_inside {
            let message =
                "a key cannot fail: give an `Option`, whose `None` stands for the whole resource";
            self.errors.at(expr.question_token, message);
        }
        visit::visit_expr_try(self, expr);
    }

    fn visit_expr_return(&mut self, expr: &'a ExprReturn) {
        if !self.is_inside {
            self.errors.at(expr.return_token, "a key cannot `return`: it is an expression");
        }
        visit::visit_expr_return(self, expr);
    }

    fn visit_expr_closure(&mut self, closure: &'a ExprClosure) {
        self.inside(|judge| visit::visit_expr_closure(judge, closure));
    }

    fn visit_expr_async(&mut self, block: &'a ExprAsync) {
        self.inside(|judge| visit::visit_expr_async(judge, block));
    }
}

/// Proposes an owned argument, where the borrow looks as if one was meant.
fn instead(param: &Param) -> Option<String> {
    let Kind::Lent { mutable: false, ty } = &param.kind else { return None };
    let (name, ty) = (param.ident()?, spelled(&argument(ty)?));
    Some(format!("take `{name}: {ty}` as an argument"))
}

/// Lists the arguments that a key can use; `None` if there are none.
fn arguments(tool: &ToolFn) -> Option<String> {
    let arguments = tool.params.iter().filter(|param| !param.is_lent());
    let names: Vec<_> =
        arguments.filter_map(|param| Some(format!("`{}`", param.ident()?))).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("take {one}")),
        several => Some(format!("take one of {}", several.join(", "))),
    }
}

fn whole(Resource { access, name, .. }: &Resource) -> String {
    format!("write `{access}({:?})` for the whole resource", name.value())
}

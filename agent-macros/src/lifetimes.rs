use syn::{
    Expr, Lifetime, ParenthesizedGenericArguments, Type, TypeFnPtr, TypeReference,
    visit_mut::{self, VisitMut},
};

/// The type with its lifetimes replaced, so that it can be named outside of the function that declares them.
pub(crate) fn with_lifetime(ty: &Type, lifetime: &Lifetime) -> Type {
    let mut ty = ty.clone();
    Replace(lifetime).visit_type_mut(&mut ty);
    ty
}

struct Replace<'a>(&'a Lifetime);

impl VisitMut for Replace<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" {
            *lifetime = self.0.clone();
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        reference.lifetime.get_or_insert_with(|| self.0.clone());
        visit_mut::visit_type_reference_mut(self, reference);
    }

    // The lifetimes of a function's own arguments are its own.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {
    }

    fn visit_expr_mut(&mut self, _: &mut Expr) {}
}

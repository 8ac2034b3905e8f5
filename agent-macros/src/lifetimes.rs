use syn::{
    Expr, GenericParam, Lifetime, ParenthesizedGenericArguments, TraitBound, Type, TypeFnPtr,
    TypeReference,
    visit_mut::{self, VisitMut},
};

/// Replaces the lifetimes of a type, so that it can be named outside of the function that declares
/// them.
pub(crate) fn with_lifetime(ty: &Type, lifetime: &Lifetime) -> Type {
    let mut ty = ty.clone();
    Replace { lifetime, bound: Vec::new() }.visit_type_mut(&mut ty);
    ty
}

struct Replace<'a> {
    lifetime: &'a Lifetime,
    /// Lifetimes that an enclosing `for<'x>` declares.
    bound: Vec<Lifetime>,
}

impl VisitMut for Replace<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" && !self.bound.contains(lifetime) {
            *lifetime = self.lifetime.clone();
        }
    }

    fn visit_trait_bound_mut(&mut self, bound: &mut TraitBound) {
        let before = self.bound.len();
        let declared = bound.lifetimes.iter().flat_map(|declared| &declared.lifetimes);
        self.bound.extend(declared.filter_map(|param| match param {
            GenericParam::Lifetime(param) => Some(param.lifetime.clone()),
            _ => None,
        }));
        self.visit_path_mut(&mut bound.path);
        self.bound.truncate(before);
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        reference.lifetime.get_or_insert_with(|| self.lifetime.clone());
        visit_mut::visit_type_reference_mut(self, reference);
    }

    // The lifetimes of a function type's arguments belong to that type.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {
    }

    fn visit_expr_mut(&mut self, _: &mut Expr) {}
}

use proc_macro2::TokenStream;

use crate::{
    attr::ToolOptions,
    errors::Errors,
    expand,
    tool_fn::{Function, ToolFn},
    validate::validate,
};

pub(crate) fn tool(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let tool = read(options, item.clone(), &mut errors);
    match (tool, errors.into_error()) {
        (Some(tool), None) => expand::tool(&tool),
        (Some(tool), Some(error)) => expand::broken_tool(&tool, &error),
        (None, error) => {
            error.map(syn::Error::into_compile_error).into_iter().chain([item]).collect()
        }
    }
}

/// Parses a tool; `None` if the item is not a function.
pub(crate) fn read(options: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<ToolFn> {
    let function = errors.ok(syn::parse2::<Function>(item))?;
    let options = ToolOptions::parse(options, errors);
    let tool = ToolFn::new(function, options, errors);
    validate(&tool, errors);
    Some(tool)
}

//! From the words of the command line to the input of an operation.

pub(super) mod argparse;
pub(super) mod arguments;
pub(super) mod globals;
pub(super) mod json;
pub(super) mod python;
pub(super) mod shorthand;
pub(super) mod validate;

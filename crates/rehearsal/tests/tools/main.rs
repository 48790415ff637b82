//! The modelled tools, called as scripts call them.

mod bench;
mod images;
mod packages;
mod requests;

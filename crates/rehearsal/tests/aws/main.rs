//! The modelled `aws` as scripts see it: output, messages, exit codes, virtual time.

mod arguments;
mod bench;
mod everyday;
mod faults;
mod pages;
mod real;
mod waiters;

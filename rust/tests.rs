//! The Rust tests: the library's Python-free rooms, built without an interpreter to link to.

#![allow(dead_code, unused_imports)]

mod allocations;
mod buffers;
mod instruction_set;
mod laws;
mod norm;
mod pool;
mod power;
mod sweep;
mod vectors;

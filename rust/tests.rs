//! The Rust tests: the library's Python-free rooms, built without an interpreter to link to.

#![allow(dead_code)]

mod buffers;
mod laws;
mod norm;
mod power;
mod sweep;

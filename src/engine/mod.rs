//! The core.

pub mod event;

//! A dynamic DNS client that follows the address events of the kernel.
//!
//! Only [`edge`] does I/O. [`model`], [`text`], [`time`], [`dns`], [`provider`], [`config`], [`import`],
//! [`state`], [`proto`] and [`engine`] are pure: they compute values from values, and get the time as an argument.
//! [`daemon`] connects the engine to the edge, and [`app`] has the commands. ARCHITECTURE.md describes the
//! layers.

#![cfg_attr(
    not(test),
    deny(clippy::use_debug, reason = "Debug writes nothing in builds for routers")
)]

pub mod app;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod dns;
pub mod edge;
pub mod engine;
pub mod import;
pub mod model;
pub mod proto;
pub mod provider;
#[cfg(test)]
mod scratch;
pub mod state;
pub mod text;
pub mod time;

//! Dynamic DNS that follows the kernel's address events.
//!
//! The crate is split by who may do I/O. [`config`], [`engine`], [`provider`], [`probe`], [`dns`] and
//! [`ubus`] (their parsing halves), [`state`] and [`netlink::decode`] only decide: bytes and values in, values out,
//! time as an argument. Everything that touches the world is a thin edge around them and is wired
//! in one place, [`daemon`]. ARCHITECTURE.md shows the flow.

#![cfg_attr(
    not(test),
    deny(clippy::use_debug, reason = "in the router builds Debug writes nothing")
)]

pub mod app;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod dns;
pub mod edge;
pub mod engine;
pub mod model;
pub mod proto;
pub mod provider;
#[cfg(test)]
mod scratch;
pub mod state;
pub mod text;
pub mod time;

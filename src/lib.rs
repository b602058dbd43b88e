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
mod base64;
pub mod calendar;
pub mod cli;
pub mod clock;
pub mod config;
pub mod console;
pub mod control;
pub mod daemon;
pub mod dns;
pub mod engine;
pub mod files;
pub mod http;
pub mod load;
pub mod localtime;
pub mod logger;
pub mod netlink;
mod percent;
pub mod probe;
pub mod provider;
mod punycode;
pub mod quoted;
#[cfg(test)]
mod scratch;
pub mod script;
pub mod secret;
mod slip;
pub mod sorted;
pub mod state;
pub mod store;
pub mod strftime;
pub mod timezone;
pub mod ubus;
pub mod watch;
pub mod worker;
